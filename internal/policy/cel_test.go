package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// celRule is a policy with one expression.
func celRule(expression string) string {
	return "version: 1\nrules:\n  - {id: c, action: note, cel: '" + strings.ReplaceAll(expression, "'", "''") + "'}\n"
}

func TestCELMatches(t *testing.T) {
	layered := with(debFinding, func(s *Subject) { s.Location.Instruction = "COPY deb /" })
	scored := with(npmFinding, func(s *Subject) { s.Advisory.CVSS = []finding.CVSS{{Score: 5}, {Score: 9.8}} })
	for expression, test := range map[string]struct {
		subject Subject
		want    bool
	}{
		`finding.package.name == "openssl" && finding.layer.instruction.startsWith("COPY")`: {layered, true},
		`finding.package.name == "openssl" && finding.layer.instruction.startsWith("RUN")`:  {layered, false},
		`finding.package.name == ""`: {secretFinding, true},
		`has(finding.package)`:       {secretFinding, false},
		`has(finding.package) && has(finding.advisory) && has(finding.layer)`: {debFinding, true},
		`finding.advisory.aliases.exists(a, a.startsWith("CVE-"))`:            {npmFinding, true},
		`finding.ids.all(i, i.startsWith("CVE-"))`:                            {npmFinding, false},
		`finding.advisory.cvss >= 9.0`:                                        {scored, true},
		`finding.advisory.epss > 0.5 || finding.advisory.kev`:                 {npmFinding, false},
		`finding.path.matches("^services/[a-z]+/Dockerfile$")`:                {lintFinding, true},
		`finding.severity in ["high", "critical"] && !finding.new`:            {old(rootFinding), true},
		`finding.fix && size(finding.advisory.fixed) == 1`:                    {npmFinding, true},
		`event == "push" && environment == ""`:                                {lintFinding, true},
		`finding.controls.size() == 0 && finding.package.paths == []`:         {lintFinding, true},
		`finding.package.origin == "ours"`:                                    {npmFinding, true},
	} {
		t.Run(expression, func(t *testing.T) {
			p, err := Load("p.yaml", []byte(celRule(expression)))
			if err != nil {
				t.Fatal(err)
			}
			_, decisions := Judge([]*Policy{p}, Input{Subjects: []Subject{test.subject}, Event: Push}, today)
			if got := decisions[0].By == "rule c"; got != test.want {
				t.Errorf("%v: %+v", got, decisions[0])
			}
		})
	}
}

func TestCELIsCheckedWhenItIsLoaded(t *testing.T) {
	nested := "[1,2,3,4,5,6,7,8,9,10]"
	loop := "true"
	for range 7 {
		loop = nested + ".all(x, " + loop + ")"
	}
	for name, test := range map[string]struct{ expression, want string }{
		"a slip":               {`finding.packge.name == "x"`, "cel: at 1:8 of it: undefined field 'packge'"},
		"a name of nothing":    {`fnding.rule == "x"`, "cel: at 1:1 of it: undeclared reference to 'fnding' (in container '')"},
		"types that differ":    {`finding.rule == 1`, "cel: at 1:14 of it: found no matching overload for '_==_' applied to '(string, int)'"},
		"no truth value":       {`finding.rule`, "cel: it gives string, and true or false is wanted"},
		"not closed":           {`finding.rule == (`, "cel: at 1:18 of it: Syntax error"},
		"a finding as a value": {`finding == finding`, "cel: a finding, package, advisory or layer is no value: name one of its fields"},
		"a part as a value":    {`[finding.package].size() == 1`, "cel: a finding, package, advisory or layer is no value: name one of its fields"},
		"a regular expression": {`finding.path.matches("[")`, "cel: at 1:22 of it: invalid matches argument"},
		"loops in loops":       {loop, "cel: it can cost more than the 200000 steps allowed"},
		"lists in lists":       {`finding.ids.exists(a, finding.ids.exists(b, a + b == finding.message))`, "cel: it can cost more than the 200000 steps allowed"},
		"texts that grow":      {`["aaaaaaaaaa"].map(x, x + x + x + x).map(x, finding.message + finding.message).exists(x, x.matches(finding.message))`, "cel: it can cost more than the 200000 steps allowed"},
		"brackets":             {strings.Repeat("(", 900) + "true" + strings.Repeat(")", 900), "cel: "},
		"nots and brackets":    {strings.Repeat("!(", 600) + "true" + strings.Repeat(")", 600), "cel: "},
		"lists and lists":      {strings.Repeat("[", 900) + strings.Repeat("]", 900) + " == []", "cel: "},
		"what nobody can size": {`string(finding.message).matches("aaaa")`, "cel: it can cost more than the 200000 steps allowed"},
		"doubling":             {`[finding.message]` + strings.Repeat(".map(x, x + x)", 60) + `.exists(x, x == "a")`, "cel: "},
		"many parts":           {"true" + strings.Repeat("||true", 320), "cel: "},
		"long":                 {`"` + strings.Repeat("a", 3000) + `" == "a"`, "cel: it has 3009 bytes, more than the 2000 allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Load("p.yaml", []byte(celRule(test.expression)))
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			} else {
				t.Log(took)
			}
			if err == nil {
				t.Fatal("it loads")
			}
			if !strings.Contains(err.Error(), "p.yaml:3:") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// What cannot be evaluated blocks, whatever the action.
func TestCELThatFailsBlocks(t *testing.T) {
	long := with(lintFinding, func(s *Subject) { s.Message = strings.Repeat("x", maxCELString+1) })
	for name, test := range map[string]struct {
		expression string
		subject    Subject
		want       string
	}{
		"a text that is too long": {`finding.message.contains("y")`, long, "its cel cannot be evaluated: a text has 65537 bytes, more than the 65536 allowed"},
		"a division by zero":      {`10 / size(finding.package.name) > 1`, lintFinding, "its cel cannot be evaluated: division by zero"},
		"a made up finding":       {`Finding{rule: "x"}.rule == "x"`, lintFinding, "its cel cannot be evaluated: a Finding cannot be made"},
		"no such index":           {`finding.ids[5] == "x"`, lintFinding, "its cel cannot be evaluated: index out of bounds: 5"},
		"a number that is none":   {`int(finding.rule) > 1`, lintFinding, "its cel cannot be evaluated: type conversion error from 'string' to 'int'"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load("p.yaml", []byte(celRule(test.expression)))
			if err != nil {
				t.Fatal(err)
			}
			d := judgeOne([]*Policy{p}, test.subject, nil)
			if d.Action != Block || d.By != "rule c" || d.Reason != test.want {
				t.Errorf("%+v", d)
			}
		})
	}
	broken := &Policy{Path: "p", Rules: []Rule{{ID: "c", Action: Note, CEL: "nothing"}}}
	if d := judgeOne([]*Policy{broken}, lintFinding, nil); d.Action != Block {
		t.Errorf("%+v", d)
	}
}

func FuzzCEL(f *testing.F) {
	f.Add(`finding.package.name == "openssl" && finding.layer.instruction.startsWith("COPY")`)
	f.Add(`finding.ids.exists(a, a.matches("^CVE")) ? true : has(finding.package)`)
	f.Fuzz(func(t *testing.T, expression string) {
		if _, _, err := compileCEL(expression); err != nil {
			return
		}
		p := &Policy{Path: "p", Rules: []Rule{{ID: "c", Action: Note, CEL: expression}}}
		Judge([]*Policy{p}, Input{Subjects: sampleSubjects()}, today)
	})
}
