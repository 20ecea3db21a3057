package baseline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

func found(n int, scanner, target, path string) finding.Finding {
	return finding.Finding{
		Fingerprint: fmt.Sprintf("v1:%032x", n), Scanner: scanner, Target: target, Rule: "rule", Location: finding.Location{Path: path},
	}
}

func everything(string, string) bool { return true }
func nothing(string, string) bool    { return false }

func TestFormatReadsBack(t *testing.T) {
	fs := []finding.Finding{
		found(3, "secrets", "dir:.", "a b/\"c\".env"), found(1, "dockerfile", "dir:.", "Dockerfile"),
		found(2, "secrets", "dir:.", "line\nbreak\x1b[31m"), found(4, "imageconfig", "oci-dir:x y", ""),
	}
	fs[2].Package = &inventory.Package{Name: "lodash"}
	b, c := (&Baseline{}).Update(fs, everything, "2026-11-25")
	if diff := cmp.Diff(Changes{Added: 4}, c); diff != "" {
		t.Error(diff)
	}
	const want = `# boltseal baseline v1: 4 findings, 2026-11-25
# What is listed here was known and is not new. ` + "`boltseal baseline`" + ` writes this file.
# fingerprint, known since, scanner, target, rule, place
v1:00000000000000000000000000000001 2026-11-25 dockerfile dir:. rule Dockerfile
v1:00000000000000000000000000000004 2026-11-25 imageconfig "oci-dir:x y" rule -
v1:00000000000000000000000000000003 2026-11-25 secrets dir:. rule "a b/\"c\".env"
v1:00000000000000000000000000000002 2026-11-25 secrets dir:. rule "line\nbreak\x1b[31m lodash"
`
	text := b.Format("2026-11-25")
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	again, err := Parse("b", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, again, cmp.AllowUnexported(Baseline{})); diff != "" {
		t.Error(diff)
	}
	for i := range fs {
		if !again.Has(&fs[i]) {
			t.Errorf("%s is not known", fs[i].Fingerprint)
		}
	}
	second := found(1, "dockerfile", "dir:.", "Dockerfile")
	second.Fingerprint += "#2"
	if again.Has(&second) {
		t.Error("a second one is known")
	}
}

func TestUpdate(t *testing.T) {
	one, two, three := found(1, "secrets", "dir:.", "a"), found(2, "packages", "dir:.", "b"), found(3, "packages", "oci-dir:x", "c")
	old, _ := (&Baseline{}).Update([]finding.Finding{one, two, three}, everything, "2026-01-01")
	looked := func(scanner, target string) bool { return target == "dir:." }
	got, c := old.Update([]finding.Finding{one, found(4, "secrets", "dir:.", "d")}, looked, "2026-02-02")
	if diff := cmp.Diff(Changes{Added: 1, Pruned: 1, Kept: 1}, c); diff != "" {
		t.Error(diff)
	}
	want := []Entry{
		{three.Fingerprint, "2026-01-01", "packages", "oci-dir:x", "rule", "c"},
		{one.Fingerprint, "2026-01-01", "secrets", "dir:.", "rule", "a"},
		{fmt.Sprintf("v1:%032x", 4), "2026-02-02", "secrets", "dir:.", "rule", "d"},
	}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Error(diff)
	}
	if stale := old.Stale([]finding.Finding{one}, looked); len(stale) != 1 || stale[0].Fingerprint != two.Fingerprint {
		t.Errorf("%+v", stale)
	}
	if stale := old.Stale(nil, nothing); len(stale) != 0 {
		t.Errorf("%+v", stale)
	}
}

// A CVE that is assigned later does not make a finding new, nor its entry a stale one.
func TestAliases(t *testing.T) {
	seal := func(rule string, ids ...string) finding.Finding {
		f := finding.Finding{
			Rule: rule, Scanner: finding.Packages, Target: "dir:.", Location: finding.Location{Path: "go.mod"},
			Package: &inventory.Package{Ecosystem: "Go", Name: "example.com/x"}, Advisory: &finding.Advisory{ID: ids[0], Aliases: ids[1:]},
		}
		f.Identity = finding.PackageIdentity("", "go.mod", f.Package)
		return finding.Seal([]finding.Finding{f}, nil)[0]
	}
	before, after := seal("GHSA-aaaa-bbbb-cccc", "GHSA-aaaa-bbbb-cccc"), seal("CVE-2026-1", "GHSA-aaaa-bbbb-cccc", "CVE-2026-1")
	b, _ := (&Baseline{}).Update([]finding.Finding{before}, everything, "2026-01-01")
	if !b.Has(&after) {
		t.Error("it is new")
	}
	got, c := b.Update([]finding.Finding{after}, everything, "2026-02-02")
	if diff := cmp.Diff(Changes{}, c); diff != "" || got.Entries[0].Fingerprint != after.Fingerprint || got.Entries[0].Since != "2026-01-01" {
		t.Errorf("%s %+v", diff, got.Entries)
	}
}

func TestParseErrors(t *testing.T) {
	const ok = head + ": 1 finding, 2026-11-25\n"
	const line = "v1:00000000000000000000000000000001 2026-11-25 dockerfile dir:. rule Dockerfile\n"
	for name, test := range map[string]struct{ data, want string }{
		"empty":           {"", "b:1: no baseline"},
		"another file":    {"[]", "b:1: no baseline"},
		"a newer version": {"# boltseal baseline v2\n", "b:1: no baseline"},
		"fields missing":  {ok + "v1:00000000000000000000000000000001\n", "b:2: want six fields (fingerprint, date, scanner, target, rule, place), got 1"},
		"no fingerprint":  {ok + strings.Replace(line, "v1:", "v2:", 1), "b:2: the line does not begin with a fingerprint"},
		"no date":         {ok + strings.Replace(line, "2026-11-25", "2026-13-25", 1), "b:2: the second field is no date"},
		"twice":           {ok + line + "\n" + line, "b:4: the finding of line 2 again"},
		"an open quote":   {ok + strings.Replace(line, "rule", `"rule`, 1), "b:2: a quotation mark is not closed"},
		"a merge marker":  {ok + "<<<<<<< HEAD\n" + line, "b:2: want six fields"},
		"a long line":     {ok + strings.Repeat("x", maxLine+1), "b:2: the line has more than 8192 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("b", []byte(test.data))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := Parse("b", make([]byte, MaxBytes+1)); err == nil {
		t.Error("too large a file is read")
	}
}

func TestAnyFieldIsQuotedWell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		fields, err := split("a " + quote(text) + " b")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a", text, "b"}, fields); diff != "" {
			t.Fatal(diff)
		}
		if strings.ContainsAny(quote(text), "\n\r\x1b") {
			t.Fatal("a line break")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "\nv1:00000000000000000000000000000001 2026-11-25 dockerfile dir:. rule \"Docker file\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse("b", data)
		if err != nil {
			return
		}
		again, err := Parse("b", b.Format("2026-01-01"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, again, cmp.AllowUnexported(Baseline{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
