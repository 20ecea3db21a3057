package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/finding"
)

func TestReadParents(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef01234567"
	digest := strings.Repeat("ab", 32)
	for ref, want := range map[string]Parent{
		"policies/org.yaml":   {Kind: ParentFile, File: "policies/org.yaml"},
		"./policies/org.yaml": {Kind: ParentFile, File: "policies/org.yaml"},
		"git+https://git.example/sec/policy@" + hash + "#strict/p.yaml": {Kind: ParentGit, Location: "https://git.example/sec/policy", Pin: hash, File: "strict/p.yaml"},
		"oci://registry.example/sec/policy@sha256:" + digest:            {Kind: ParentOCI, Location: "registry.example/sec/policy", Pin: "sha256:" + digest},
	} {
		got := mustLoad(t, fmt.Sprintf("extends: [{ref: %q}]\n", ref)).Extends
		want.Ref, want.Line = ref, 2
		if diff := cmp.Diff([]Parent{want}, got); diff != "" {
			t.Error(diff)
		}
	}
	for ref, want := range map[string]string{
		"oci://registry.example/sec/policy:latest":                      "is not pinned to a digest",
		"git+https://git.example/sec/policy@main#p.yaml":                "is not pinned to a commit",
		"git+https://git.example/sec/policy@" + hash:                    "is not pinned to a commit",
		"git+ssh://git.example/sec/policy@" + hash + "#p.yaml":          "is not pinned to a commit",
		"git+https://git.example/sec/policy@" + hash + "#../etc/passwd": "leads out of the repository",
		"https://git.example/p.yaml":                                    "nothing can be extended from",
		"../p.yaml":                                                     "leads out of the repository",
		"/etc/p.yaml":                                                   "leads out of the repository",
	} {
		_, err := Load("p.yaml", []byte(fmt.Sprintf("version: 1\nextends: [{ref: %q}]\n", ref)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "p.yaml:2:") {
			t.Errorf("%s: %v, want %q in it", ref, err, want)
		}
	}
}

// parents reads parents from texts by their files.
func parents(files map[string]string) ReadParent {
	return func(_ *Policy, p Parent) (string, string, []byte, error) {
		text, ok := files[p.File]
		if !ok {
			return "", "", nil, ErrUnreachable
		}
		return p.File, "abc", []byte("version: 1\n" + text), nil
	}
}

func TestExtended(t *testing.T) {
	child := mustLoad(t, "extends: [{ref: org.yaml}, {ref: team.yaml}]\nexceptions:\n  - {match: {rule: DL3008}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-12-31}\n")
	child.Targets = []string{"dir:."}
	all, err := Extended([]*Policy{child}, parents(map[string]string{
		"org.yaml":  "rules: [{id: all, action: block}]\n",
		"team.yaml": "extends: [{ref: org.yaml}]\nrelaxable: [lint]\nrules: [{id: lint, scanner: dockerfile, action: block}]\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range all {
		got = append(got, p.Path)
	}
	if diff := cmp.Diff([]string{".boltseal.yaml", "org.yaml", "team.yaml"}, got); diff != "" {
		t.Error(diff)
	}
	s := with(lintFinding, func(s *Subject) { s.Rule = "DL3008"; s.Target = "dir:." })
	if d := judgeOne(all, s, nil); d.Action != Block || d.By != "rule all" {
		t.Errorf("an exception of the child binds a parent that relaxes nothing: %+v", d)
	}
	if d := judgeOne([]*Policy{all[0], all[2]}, s, nil); d.Action != Suppress {
		t.Errorf("an exception of the child for a relaxable rule: %+v", d)
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  string
		bad   bool
	}{
		"nowhere":         {nil, ".boltseal.yaml:2: extends org.yaml: " + ErrUnreachable.Error(), false},
		"itself":          {map[string]string{"org.yaml": "extends: [{ref: org.yaml}]\n"}, "in a circle", true},
		"a circle of two": {map[string]string{"org.yaml": "extends: [{ref: team.yaml}]\n", "team.yaml": "extends: [{ref: org.yaml}]\n"}, "in a circle", true},
		"a broken parent": {map[string]string{"org.yaml": "rules: x\n"}, "org.yaml:2:8", false},
	} {
		_, err := Extended([]*Policy{mustLoad(t, "extends: [{ref: org.yaml}]\n")}, parents(test.files))
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrBad) != test.bad {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	endless := func(_ *Policy, p Parent) (string, string, []byte, error) {
		return p.File, "", []byte(fmt.Sprintf("version: 1\nextends: [{ref: %sx}, {ref: %sy}]\n", p.File, p.File)), nil
	}
	if _, err := Extended([]*Policy{mustLoad(t, "extends: [{ref: p}]\n")}, endless); !errors.Is(err, ErrBad) {
		t.Errorf("endless parents: %v", err)
	}
}

// TestFoldersShareAParent: what two folders extend judges what lies below either, and an
// exception of it that matches below one of them is in use.
func TestFoldersShareAParent(t *testing.T) {
	var folders []*Policy
	for i := range maxParents + 5 { // the bound is on files
		p := mustLoad(t, "extends: [{ref: org.yaml}]\nrules: [{id: all, action: note}]\n")
		p.Path, p.Under = fmt.Sprintf("d%d/.boltseal.yaml", i), fmt.Sprintf("d%d", i)
		folders = append(folders, p)
	}
	inner := mustLoad(t, "extends: [{ref: org.yaml}]\nrules: [{id: all, action: note}]\n")
	inner.Path, inner.Under = "d1/e/.boltseal.yaml", "d1/e"
	all, err := Extended(append(folders, inner), parents(map[string]string{
		"org.yaml":  "extends: [{ref: deep.yaml}]\nrules: [{id: strict, action: block}]\nexceptions:\n  - {match: {path: d1/e/y}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-12-31}\n  - {match: {path: d1/e/z}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-09-02}\n  - {match: {path: gone}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-12-31}\n",
		"deep.yaml": "rules: [{id: deep, action: note}]\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var subjects []Subject
	for _, path := range []string{"d0/x", "d1/x", "d1/e/x", "d24/x", "d1/e/y", "d1/e/z"} {
		subjects = append(subjects, with(lintFinding, func(s *Subject) { s.Location.Path, s.Fingerprint = path, path }))
	}
	v, decisions := Judge(all, Input{Subjects: subjects, Scans: []Scan{{Scanner: finding.Dockerfile, Target: lintFinding.Target, Status: finding.StatusOK}}}, today)
	want := []Action{Block, Block, Block, Block, Note, Block}
	for i, d := range decisions {
		if d.Action != want[i] {
			t.Errorf("%s: %s by %s", subjects[i].Location.Path, d.Action, d.By)
		}
	}
	var reasons []string
	for _, r := range v.Reasons {
		if strings.Contains(r, "org.yaml") {
			reasons = append(reasons, r)
		}
	}
	wanted := []string{
		"org.yaml:6: exception 2 (d1/e/z, owner o) expired on 2026-09-02; 1 finding is no longer accepted",
		"org.yaml:7: exception 3 (gone, owner o) matches nothing: take it out",
	}
	if diff := cmp.Diff(wanted, reasons); diff != "" {
		t.Error(diff)
	}
}

// TestParentsThatShareParents: a policy is looked through once, however many ways lead
// to it.
func TestParentsThatShareParents(t *testing.T) {
	files := make(map[string]string)
	for i := range maxParents {
		var refs []string
		for k := i + 1; k < min(i+1+maxExtends, maxParents); k++ {
			refs = append(refs, fmt.Sprintf("{ref: p%d}", k))
		}
		name := fmt.Sprintf("p%d", i)
		if files[name] = ""; len(refs) > 0 {
			files[name] = "extends: [" + strings.Join(refs, ", ") + "]\n"
		}
	}
	reads := 0
	read := parents(files)
	all, err := Extended([]*Policy{mustLoad(t, "extends: [{ref: p0}]\n")}, func(child *Policy, p Parent) (string, string, []byte, error) {
		reads++
		return read(child, p)
	})
	if err != nil || len(all) != maxParents+1 || reads > maxParents*maxExtends {
		t.Errorf("%d policies, %d reads, %v", len(all), reads, err)
	}
}

func TestFoldersOfTheirOwn(t *testing.T) {
	files := commit{
		".boltseal.yaml": "version: 1\nrules: [{id: root, action: warn}]\n", "a/.boltseal.yaml": "version: 1\nrules: [{id: below, action: block}]\n",
		"a/b/.boltseal.yml": "version: 1\nrules: [{id: deep, action: note}]\n", "ab/x": "", "c/policy.yaml": "",
	}
	var paths []string
	for p := range files {
		paths = append(paths, p)
	}
	root, err := Find(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	nested, err := Nested(files, ".", paths)
	if err != nil || len(nested) != 2 {
		t.Fatalf("%d nested, %v", len(nested), err)
	}
	below, err := Nested(files, "a", paths)
	if err != nil || len(below) != 1 || below[0].Under != "a/b" {
		t.Errorf("below a: %+v, %v", below, err)
	}
	at := func(path string) Subject { return with(lintFinding, func(s *Subject) { s.Location.Path = path }) }
	for path, want := range map[string]string{"x": "rule root", "ab/x": "rule root", "a/x": "rule below", "a/b/x": "rule below"} {
		if d := judgeOne(append(root, nested...), at(path), nil); d.By != want {
			t.Errorf("%s: %+v, want %s", path, d, want)
		}
	}
	if d := judgeOne(below, at("x"), nil); !strings.HasPrefix(d.By, "default rule") {
		t.Errorf("what no policy covers: %+v", d)
	}
	inImage := with(at("a/x"), func(s *Subject) { s.Target = "oci-dir:x" })
	if d := judgeOne(append(root, nested...), inImage, nil); d.By != "rule root" {
		t.Errorf("a path inside an image: %+v", d)
	}
}

const excepted = "exceptions:\n  - {match: {rule: \"*\"}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-12-31}\n"

func TestHeadOf(t *testing.T) {
	trusted := mustLoad(t, "rules: [{id: all, action: warn}]\ncoverage: {require: [secrets]}\n")
	lax := HeadOf(mustLoad(t, "rules: [{id: all, action: note}]\n"+excepted+"scopes: [{paths: [\"**\"], action-max: note}]\ntargets: {exclude: [\"**\"]}\ntrust: {native-ignores: honour}\n"), trusted)
	if d := judgeOne([]*Policy{trusted, lax}, lintFinding, nil); d.Action != Warn {
		t.Errorf("what the head's policy allows counts: %+v", d)
	}
	alone := func(p *Policy) []*Policy {
		copied := *p
		copied.Head = false
		return []*Policy{&copied}
	}
	if d := judgeOne(alone(lax), lintFinding, nil); d.Action != Note {
		t.Errorf("more than its rules are read: %+v", d)
	}
	strict := HeadOf(mustLoad(t, "rules: [{id: all, action: block}]\n"), mustLoad(t, excepted))
	if d := judgeOne(alone(strict), lintFinding, nil); d.Action != Suppress {
		t.Errorf("the trusted exceptions count for the head's rules: %+v", d)
	}
	if d := judgeOne([]*Policy{HeadOf(mustLoad(t, "rules: [{id: all, action: block}]\n"+excepted), nil)}, lintFinding, nil); d.Action != Block {
		t.Errorf("a new file of the head brings its exceptions: %+v", d)
	}
}

// TestNoSecondPolicyLoosens judges findings by any policy, and by it and another one.
func TestNoSecondPolicyLoosens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trusted, other := drawPolicy.Draw(t, "trusted"), drawPolicy.Draw(t, "other")
		s := drawSubject.Draw(t, "subject")
		if rapid.Bool().Draw(t, "head") {
			other = HeadOf(other, trusted)
		}
		if rapid.Bool().Draw(t, "below") {
			other.Under = "a"
		}
		one, both := judgeOne([]*Policy{trusted}, s, nil), judgeOne([]*Policy{trusted, other}, s, nil)
		if both.Action.strictness() < one.Action.strictness() {
			t.Errorf("%v alone, %v with another policy", one, both)
		}
	})
}

// TestNoHeadJudgesAlone judges by what counts of a change's policies where the trusted
// branch has none, or none for that place.
func TestNoHeadJudgesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head, s := HeadOf(drawPolicy.Draw(t, "head"), nil), drawSubject.Draw(t, "subject")
		policies := []*Policy{head}
		if rapid.Bool().Draw(t, "below") {
			head.Under = "a"
		}
		if rapid.Bool().Draw(t, "elsewhere") {
			other := drawPolicy.Draw(t, "other")
			other.Under = "d"
			policies = append(policies, other)
		}
		byDefault := judgeOne(nil, s, nil)
		if len(policies) == 2 && s.Location.Path == "d/b" {
			byDefault = judgeOne(policies[1:], s, nil)
		}
		if got := judgeOne(policies, s, nil); got.Action.strictness() < byDefault.Action.strictness() {
			t.Errorf("%v without a change, %v with it", byDefault, got)
		}
	})
}

func TestLoosened(t *testing.T) {
	const rules = "rules: [{id: all, action: block}]\n"
	for name, test := range map[string]struct {
		trusted, changed string
		want             []string
	}{
		"nothing":               {rules, rules, nil},
		"tighter":               {"rules: [{id: all, action: warn}]\n", rules, nil},
		"a finding":             {rules, "rules: [{id: DL, rule: \"DL*\", action: note}, {id: all, action: block}]\n", []string{"DL3002 in Dockerfile goes from block to note"}},
		"a kind of finding":     {rules, "rules: [{id: kev, when: {kev: true}, action: warn}, {id: all, action: block}]\n", []string{"a critical finding of packages that is known to be exploited goes from block to warn, and 47 more findings"}},
		"a rule of one path":    {rules, "rules: [{id: lax, scanner: secrets, when: {path: \"services/**\"}, action: note}, {id: all, action: block}]\n", []string{"a critical finding of secrets in services/x goes from block to note, and 23 more findings"}},
		"a rule of one package": {rules, "rules: [{id: lax, when: {package: \"pkg:npm/a\", published: \"<7d\"}, action: warn}, {id: all, action: block}]\n", []string{"a critical finding of packages in pkg:npm/a goes from block to warn, and 23 more findings"}},
		"an exception":          {rules, rules + strings.Replace(excepted, `"*"`, "CVE-1", 1), []string{"1 more exception"}},
		"a scope":               {rules, rules + "scopes: [{paths: [x], action-max: note}]\n", []string{"1 more scope"}},
		"coverage and trust":    {rules + "coverage: {require: [secrets]}\ntrust: {native-ignores: refuse}\n", rules + "coverage: {on-partial: warn}\ntrust: {branches: [\"*\"], may-set: [warn-only]}\n", []string{"1 more trusted branch", "1 more flag in trust.may-set", "1 scanner fewer in coverage.require", "coverage.on-partial goes from fail to warn", "trust.native-ignores goes from refuse to honour"}},
		"another comparison":    {rules, rules + "new: {compare-to: baseline, baseline: known.txt}\n", []string{"what is new is told by {compare-to: baseline, baseline: known.txt}, and was by {compare-to: merge-base}"}},
		"another baseline":      {rules + "new: {compare-to: baseline, baseline: a}\n", rules + "new: {compare-to: baseline, baseline: b}\n", []string{"what is new is told by {compare-to: baseline, baseline: b}, and was by {compare-to: baseline, baseline: a}"}},
		"no comparison":         {rules + "new: {compare-to: baseline, baseline: a}\n", rules + "new: {compare-to: none}\n", nil},
		"names of products":     {rules + "vex: {files: a.json, products: [a]}\n", rules + "vex: {files: a.json, products: [b, c, a]}\n", []string{"2 more VEX products"}},
		"Dockerfiles":           {rules + "dockerfile: {files: [a, b]}\n", rules + "dockerfile: {files: [a, c]}\n", []string{"1 glob fewer in dockerfile.files"}},
		"a parent that is left": {"extends: [{ref: a}]\n", "", []string{"1 parent fewer in extends"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Loosened(mustLoad(t, test.trusted), mustLoad(t, test.changed), []Subject{with(lintFinding, func(s *Subject) { s.Rule, s.Location.Path = "DL3002", "Dockerfile" })}, today)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := Loosened(mustLoad(t, rules), nil, nil, today); !cmp.Equal(got, []string{"the file is taken away"}) {
		t.Errorf("a file that is gone: %q", got)
	}
	if got := Loosened(nil, mustLoad(t, "rules: [{id: all, action: note}]\n"), nil, today); len(got) != 1 {
		t.Errorf("a first policy, laxer than the default: %q", got)
	}
}

// TestLoosenedTellsWhatCompareTells: whatever policy diff calls looser of what holds
// beside the rules is told of a change.
func TestLoosenedTellsWhatCompareTells(t *testing.T) {
	texts := []string{
		"", "coverage: {require: [secrets, packages]}", "coverage: {platforms: [linux/amd64]}", "coverage: {on-scanner-error: warn}", "coverage: {on-partial: warn}",
		"coverage: {on-nothing-scanned: warn}", "coverage: {on-stale-db: fail}", "coverage: {max-db-age: 2d}", "coverage: {max-db-age: 30d}",
		"coverage: {db-digest: [sha256:" + strings.Repeat("a", 64) + "]}", "limits: {on-expired: warn}", "limits: {on-unmatched: fail}",
		"limits: {exception-max-age: {high: 7d}}", "limits: {exception-max-age: {high: 9d, low: 5d}}", "trust: {native-ignores: refuse}", "trust: {native-ignores: count}",
		"trust: {branches: [x]}", "trust: {may-set: [db]}", "relaxable: rest", "vex: {files: a.json}", "vex: {files: a.json, products: [p]}", "dockerfile: {files: [a]}", "dockerfile: {files: [b]}",
		"new: {compare-to: baseline, baseline: a}", "new: {compare-to: baseline, baseline: b}",
	}
	looser := 0
	for _, old := range texts {
		for _, now := range texts {
			trusted, changed := mustLoad(t, old+"\n"), mustLoad(t, now+"\n")
			for _, d := range settings(strictest([]*Policy{trusted}), strictest([]*Policy{changed})) {
				if d.Tighter {
					continue
				}
				looser++
				if len(Loosened(trusted, changed, nil, today)) == 0 {
					t.Errorf("%q to %q: nothing is told of %s, which was %s", old, now, d.New, d.Old)
				}
			}
		}
	}
	if looser < 200 {
		t.Errorf("only %d differences", looser)
	}
}

func TestTheGatesOwnFindingsWarn(t *testing.T) {
	critical := finding.Critical
	s := Subject{Finding: finding.Finding{Scanner: finding.Policy, Rule: finding.RuleLoosened, Severity: finding.Medium}}
	for _, p := range []*Policy{mustLoad(t, "rules: [{id: all, action: block}]\n"), mustLoad(t, "rules: [{id: all, action: note}]\n"), mustLoad(t, excepted)} {
		if d := judgeOne([]*Policy{p}, s, &critical); d.Action != Warn {
			t.Errorf("%+v", d)
		}
	}
}

func TestAlike(t *testing.T) {
	for body, want := range map[string]bool{
		"":                                     true,
		"targets: {exclude: [\"old/**\"]}\n":   false,
		"targets: {exclude: [\"**/*.txt\"]}\n": true,
		"scopes: [{paths: [\"new/**\"], action-max: note}]\n":                                           false,
		"rules: [{id: x, when: {path: \"old/*\"}, action: note}]\n":                                     false,
		strings.Replace(excepted, `rule: "*"`, `path: "old/**"`, 1):                                     false,
		"rules: [{id: x, cel: 'finding.path.startsWith(\"new/\")', action: block}]\n":                   false,
		"rules: [{id: x, cel: 'finding.package.paths.exists(p, p.endsWith(\"x\"))', action: block}]\n":  false,
		"rules: [{id: x, cel: '[finding.fingerprint].exists(path, path < \"v1:8\")', action: block}]\n": false,
		"rules: [{id: x, cel: 'finding.rule == \"path\" && finding.new', action: block}]\n":             true,
		"rules: [{id: x, cel: 'finding.ids.exists(path, path == \"fingerprint\")', action: block}]\n":   true,
	} {
		if got := Alike([]*Policy{mustLoad(t, body)})("old/a.txt", "new/a.txt"); got != want {
			t.Errorf("%q: %v", body, got)
		}
	}
}
