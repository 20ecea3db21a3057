package gate_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// second is another made up token.
const second = "ghp_" + "Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Qq0Pp9Oo8"

// was makes a reference of what a tree held, with what has moved since.
func was(t *testing.T, moved map[string]string, files ...scantest.File) *gate.Reference {
	t.Helper()
	return &gate.Reference{
		Name: "commit abc",
		Open: func(_ context.Context, _ string, looks map[string]bool) (scan.Source, error) {
			var seen []scantest.File
			for _, f := range files {
				f.Entry.Unchanged = !looks[f.Entry.Path]
				seen = append(seen, f)
			}
			return scantest.Tree(seen...), nil
		},
		Moved: func(context.Context) (map[string]string, error) { return moved, nil },
	}
}

// compared scans a tree and gives of each finding what is new, and what silences it.
func compared(t *testing.T, c *gate.Comparison, files ...scantest.File) (lines []string, failures []string) {
	t.Helper()
	engine, err := secrets.New(secrets.Options{Compare: finding.Hasher{Key: []byte("of this run")}})
	if err != nil {
		t.Fatal(err)
	}
	built, err := gate.Scanners([]string{finding.Secrets, finding.Dockerfile}, gate.Config{Secrets: engine})
	if err != nil {
		t.Fatal(err)
	}
	src := scantest.Tree(files...)
	run := gate.Run(t.Context(), gate.Request{
		Sources: []scan.Source{src}, Scanners: built, Version: "1", Compare: map[string]*gate.Comparison{src.Target().Name: c},
		Judging: gate.Judging{Policies: []*policy.Policy{policy.Default()}, Now: today, Mask: engine.Masker()},
	})
	for _, f := range run.Findings {
		line := f.Location.Path + " " + f.Rule
		switch {
		case f.New == nil:
		case *f.New:
			line += " new"
		default:
			line += " old"
		}
		if f.Ignored != "" {
			line += " silent"
		}
		lines = append(lines, line)
	}
	return lines, run.Judged.Failures
}

func env(path string, lines ...string) scantest.File {
	return scantest.Text(path, strings.Join(lines, "\n")+"\n")
}

func TestCompare(t *testing.T) {
	key, other := "key = "+token, "key = "+second
	allowed := key + " # gitleaks:allow"
	const maintained = "FROM scratch\nMAINTAINER me\nUSER 1\n"
	const pragma = "FROM scratch\n# hadolint ignore=DL4000\nMAINTAINER me\nUSER 1\n"
	since := func(files ...scantest.File) *gate.Comparison { return &gate.Comparison{Since: was(t, nil, files...)} }
	both := func(files ...scantest.File) *gate.Comparison {
		r := was(t, nil, files...)
		return &gate.Comparison{Since: r, Trusted: r}
	}
	for name, test := range map[string]struct {
		c    *gate.Comparison
		here []scantest.File
		want []string
	}{
		"nothing compared":               {&gate.Comparison{}, []scantest.File{env("a.env", key)}, []string{"a.env github-pat"}},
		"no common ancestor":             {&gate.Comparison{AllNew: true}, []scantest.File{env("a.env", key)}, []string{"a.env github-pat new"}},
		"a line that moved":              {since(env("a.env", key)), []scantest.File{env("a.env", "", "  "+key)}, []string{"a.env github-pat old"}},
		"a second secret":                {since(env("a.env", key)), []scantest.File{env("a.env", key, other)}, []string{"a.env github-pat old", "a.env github-pat new"}},
		"the same secret a second time":  {since(env("a.env", key)), []scantest.File{env("a.env", key, key)}, []string{"a.env github-pat old", "a.env github-pat new"}},
		"a renamed file":                 {&gate.Comparison{Since: was(t, map[string]string{"a.env": "b.env"}, env("a.env", key))}, []scantest.File{env("b.env", key)}, []string{"b.env github-pat old"}},
		"a stage inserted above":         {since(scantest.Text("Dockerfile", maintained)), []scantest.File{scantest.Text("Dockerfile", "FROM scratch AS x\nUSER 1\n"+maintained)}, []string{"Dockerfile DL4000 old"}},
		"a pragma of the trusted branch": {both(scantest.Text("Dockerfile", pragma)), []scantest.File{scantest.Text("Dockerfile", pragma)}, []string{"Dockerfile DL4000 old silent"}},
		"a new pragma": {
			both(scantest.Text("Dockerfile", maintained)),
			[]scantest.File{scantest.Text("Dockerfile", pragma)},
			[]string{"Dockerfile DL4000 old", "Dockerfile policy/loosened"},
		},
		"a pragma for something new": {both(), []scantest.File{scantest.Text("Dockerfile", pragma)}, []string{"Dockerfile DL4000 new", "Dockerfile policy/loosened"}},
		"a second secret on a line with an old pragma": {
			both(env("a.env", allowed)),
			[]scantest.File{env("a.env", key+" "+second+" # gitleaks:allow")},
			[]string{"a.env github-pat old silent", "a.env github-pat new", "a.env policy/loosened"},
		},
		"a comment that the change takes away": {both(env("a.env", allowed)), []scantest.File{env("a.env", key)}, []string{"a.env github-pat old silent"}},
		"a scanner with nothing left":          {since(scantest.Text("Dockerfile", maintained)), []scantest.File{env("x.txt", "x")}, []string{" coverage/vanished"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, failures := compared(t, test.c, test.here...)
			slices.Sort(got)
			slices.Sort(test.want)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if len(failures) > 0 {
				t.Errorf("failures %q", failures)
			}
		})
	}
}

// counting counts the trees that a scanner begins to look at.
type counting struct {
	scan.Scanner
	begun *int
}

func (c counting) Begin(ctx context.Context, t scan.Target) (scan.Pass, error) {
	*c.begun++
	return c.Scanner.Begin(ctx, t)
}

// TestAShardComparesWhatItFinds: in a shard nothing is looked at where the change starts
// but what is due, or has something to compare.
func TestAShardComparesWhatItFinds(t *testing.T) {
	key, lint := env("a.env", "key = "+token), scantest.Text("Dockerfile", "FROM scratch\nMAINTAINER me\nUSER 1\n")
	begun := make([]int, 2)
	for index := 1; index <= 2; index++ {
		engine, err := secrets.New(secrets.Options{Compare: finding.Hasher{Key: []byte("of this run")}})
		if err != nil {
			t.Fatal(err)
		}
		built, err := gate.Scanners([]string{finding.Secrets, finding.Dockerfile}, gate.Config{Secrets: engine})
		if err != nil {
			t.Fatal(err)
		}
		before := 0
		built[1] = counting{built[1], &before}
		src := scantest.Tree(key, lint)
		name := src.Target().Name
		moved := was(t, map[string]string{"old.env": "a.env"}, env("old.env", "key = "+token), lint)
		run := gate.Run(t.Context(), gate.Request{
			Sources: []scan.Source{src}, Scanners: built, Version: "1", Compare: map[string]*gate.Comparison{name: {Since: moved}},
			Share:   &gate.Share{Shard: report.Shard{Index: index, Of: 2}, Places: map[string]int{name: 0}},
			Judging: gate.Judging{Policies: []*policy.Policy{policy.Default()}, Now: today, Mask: engine.Masker()},
		})
		for _, f := range run.Findings {
			if f.New == nil || *f.New {
				t.Errorf("shard %d: %s is new", index, f.Location.Path)
			}
		}
		begun[index-1] = before
	}
	slices.Sort(begun)
	if !slices.Equal(begun, []int{0, 2}) { // here and there, in one of them
		t.Errorf("the linter began %v times", begun)
	}
}

func TestWhatCannotBeComparedIsNewAndNoVerdict(t *testing.T) {
	broken := was(t, nil)
	broken.Open = func(context.Context, string, map[string]bool) (scan.Source, error) {
		return nil, errors.New("object missing")
	}
	got, failures := compared(t, &gate.Comparison{Since: broken, Trusted: broken}, env("a.env", "key = "+token+" # gitleaks:allow"))
	want := []string{"a.env github-pat new", "a.env policy/loosened"}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(failures) != 1 || failures[0] != "the findings cannot be compared with commit abc: object missing" {
		t.Errorf("failures %q", failures)
	}
}
