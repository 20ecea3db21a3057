package ruletest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

func complete() rule.Rule {
	return rule.Rule{
		Meta: rule.Meta{ID: "x/a-rule", Scanner: "x", Title: "Title", Severity: finding.Low, Remediation: "Do it"},
		Page: rule.Page{
			Text:  "Ten words say why it matters and what to do.",
			Cases: []rule.Case{{Name: "bad/1", Bad: true}, {Name: "good/1"}},
		},
	}
}

func TestComplete(t *testing.T) {
	if lacks := Complete(complete(), "x"); lacks != nil {
		t.Errorf("a complete rule lacks %q", lacks)
	}
	for name, c := range map[string]struct {
		change func(*rule.Rule)
		want   string
	}{
		"page":        {func(r *rule.Rule) { r.Page = rule.Page{} }, "rule x/a-rule has no page a-rule.txtar"},
		"prose":       {func(r *rule.Rule) { r.Page.Text = "Short." }, "the page of x/a-rule explains nothing"},
		"bad case":    {func(r *rule.Rule) { r.Page.Cases = r.Page.Cases[1:] }, "the page of x/a-rule has no bad case"},
		"good case":   {func(r *rule.Rule) { r.Page.Cases = r.Page.Cases[:1] }, "the page of x/a-rule has no good case"},
		"severity":    {func(r *rule.Rule) { r.Severity = finding.Unknown }, "rule x/a-rule has no severity"},
		"scanner":     {func(r *rule.Rule) { r.Scanner = "y" }, `rule x/a-rule belongs to scanner "y", not "x"`},
		"remediation": {func(r *rule.Rule) { r.Remediation = "" }, `rule "x/a-rule" lacks its id, title or remediation`},
		"full stop":   {func(r *rule.Rule) { r.Title = "Title." }, `rule x/a-rule: "Title." is not one line without a full stop`},
	} {
		r := complete()
		c.change(&r)
		if diff := cmp.Diff([]string{c.want}, Complete(r, "x")); diff != "" {
			t.Errorf("without %s: %s", name, diff)
		}
	}
}

func TestPlace(t *testing.T) {
	for want, l := range map[string]finding.Location{
		"bad/1/f:2:3": {Path: "f", StartLine: 2, StartColumn: 3},
		"bad/1/f":     {Path: "f"},
		"bad/1":       {},
	} {
		if got := place("bad/1", l); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
