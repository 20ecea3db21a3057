package finding

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/inventory"
)

func secret(line int, path, text string) Finding {
	hash := Hasher{}.Hash(text)
	return Finding{
		Rule: "some-token", Scanner: Secrets, Location: Location{Path: path, StartLine: line},
		Secret: &Secret{Masked: "tok…", Hash: hash}, Identity: SecretIdentity("", path, hash),
	}
}

func command(line int, path, text string) Finding {
	return Finding{Rule: "DL3008", Scanner: Dockerfile, Location: Location{Path: path, StartLine: line}, Identity: CommandIdentity(path, text)}
}

func vulnerable(rule string, ids []string, p inventory.Package, image, path string) Finding {
	return Finding{
		Rule: rule, Scanner: Packages, Package: &p, Advisory: &Advisory{ID: ids[0], Aliases: ids[1:]},
		Location: Location{Path: path, Image: image}, Identity: PackageIdentity(image, path, &p),
	}
}

func imageFinding(image, layer, subject string) Finding {
	return Finding{Rule: "image/setuid-file", Scanner: ImageConfig, Location: Location{Image: image, Layer: layer, Path: subject}, Identity: ImageIdentity(image, subject)}
}

// same says whether two findings, each alone in its run, are known as one.
func same(a, b Finding) bool {
	x, y := Seal([]Finding{a}, nil)[0], Seal([]Finding{b}, nil)[0]
	for _, k := range x.Keys() {
		if slices.Contains(y.Keys(), k) {
			return true
		}
	}
	return false
}

func TestIdentity(t *testing.T) {
	lodash := inventory.Package{Ecosystem: "npm", Name: "lodash", Version: "4.17.4"}
	newer := lodash
	newer.Version = "4.17.11"
	openssl := inventory.Package{Ecosystem: "Debian:12", Name: "openssl", Version: "3.0.11-1"}
	upgraded := openssl
	upgraded.Ecosystem = "Debian:13"
	cve, ghsa := "CVE-2021-23337", "GHSA-35jh-r3h4-6jhm"
	for _, test := range []struct {
		name string
		a, b Finding
		same bool
	}{
		{"a secret that moved", secret(1, "a", "x1"), secret(90, "a", "x1"), true},
		{"another secret", secret(1, "a", "x1"), secret(1, "a", "x2"), false},
		{"a secret in another file", secret(1, "a", "x1"), secret(1, "b", "x1"), false},
		{"a command that moved", command(3, "Dockerfile", "apt-get install curl"), command(8, "Dockerfile", "apt-get install curl"), true},
		{"a command that was reindented and rewrapped", command(3, "Dockerfile", "apt-get install curl"), command(3, "Dockerfile", "apt-get  install\n\tcurl"), true},
		{"another command", command(3, "Dockerfile", "apt-get install curl"), command(3, "Dockerfile", "apt-get install wget"), false},
		{"a command in another file", command(3, "Dockerfile", "x"), command(3, "b/Dockerfile", "x"), false},
		{"another version of a package", vulnerable(cve, []string{ghsa, cve}, lodash, "", "package-lock.json"), vulnerable(cve, []string{ghsa, cve}, newer, "", "package-lock.json"), true},
		{"a CVE assigned later", vulnerable(ghsa, []string{ghsa}, lodash, "", "package-lock.json"), vulnerable(cve, []string{ghsa, cve}, lodash, "", "package-lock.json"), true},
		{"the same advisory from another source", vulnerable(cve, []string{"DEBIAN-" + cve, cve}, openssl, "app", ""), vulnerable(cve, []string{cve}, openssl, "app", ""), true},
		{"another advisory", vulnerable(cve, []string{cve}, lodash, "", "package-lock.json"), vulnerable("CVE-1", []string{"CVE-1"}, lodash, "", "package-lock.json"), false},
		{"another lockfile", vulnerable(cve, []string{cve}, lodash, "", "package-lock.json"), vulnerable(cve, []string{cve}, lodash, "", "b/package-lock.json"), false},
		{"a package at another path of the image", vulnerable(cve, []string{cve}, lodash, "app", "usr/a"), vulnerable(cve, []string{cve}, lodash, "app", "opt/a"), true},
		{"the next release of the distribution", vulnerable(cve, []string{cve}, openssl, "app", "var/lib/dpkg/status"), vulnerable(cve, []string{cve}, upgraded, "app", "var/lib/dpkg/status"), true},
		{"another image", vulnerable(cve, []string{cve}, openssl, "app", ""), vulnerable(cve, []string{cve}, openssl, "web", ""), false},
		{"a file in another layer", imageFinding("app", "sha256:1", "bin/su"), imageFinding("app", "sha256:2", "bin/su"), true},
		{"another file of an image", imageFinding("app", "sha256:1", "bin/su"), imageFinding("app", "sha256:1", "bin/sudo"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := same(test.a, test.b); got != test.same {
				t.Errorf("same = %v, want %v", got, test.same)
			}
		})
	}
}

func TestTheSameIdentityTwiceIsCounted(t *testing.T) {
	sealed := Seal([]Finding{secret(9, "a", "x1"), secret(3, "a", "x1"), secret(5, "a", "x2")}, nil)
	if got := []int{sealed[0].Location.StartLine, sealed[1].Location.StartLine, sealed[2].Location.StartLine}; !slices.Equal(got, []int{3, 5, 9}) {
		t.Errorf("lines %v, want sorted", got)
	}
	if want := sealed[0].Fingerprint + "#2"; sealed[2].Fingerprint != want {
		t.Errorf("second = %s, want %s", sealed[2].Fingerprint, want)
	}
	if strings.Contains(sealed[1].Fingerprint, "#") {
		t.Errorf("another secret was counted: %s", sealed[1].Fingerprint)
	}
	two := Seal([]Finding{
		vulnerable("CVE-1", []string{"CVE-1", "GHSA-1"}, inventory.Package{Ecosystem: "npm", Name: "a", Version: "1"}, "", "l"),
		vulnerable("CVE-1", []string{"CVE-1", "GHSA-1"}, inventory.Package{Ecosystem: "npm", Name: "a", Version: "2"}, "", "l"),
	}, nil)
	for _, key := range two[1].Keys() {
		if !strings.HasSuffix(key, "#2") {
			t.Errorf("key %s of the second one is not counted", key)
		}
	}
}

func TestFingerprintsAreOfThisForm(t *testing.T) {
	form := regexp.MustCompile(`^v1:[0-9a-f]{32}$`)
	if got := Seal([]Finding{command(1, "a", "b")}, nil)[0].Fingerprint; !form.MatchString(got) {
		t.Errorf("got %s", got)
	}
	// Parts are kept apart by their lengths.
	if fingerprint("a", Identity{"b", "c"}) == fingerprint("a", Identity{"b\n1:c"}) {
		t.Error("two identities read alike")
	}
}

func TestHashIsNoOracle(t *testing.T) {
	if got := (Hasher{}).Hash("x"); len(got) != 4 {
		t.Errorf("without a key: %q, want 4 digits", got)
	}
	keyed := Hasher{Key: []byte("k")}
	if got := keyed.Hash("x"); len(got) != 32 || got == (Hasher{Key: []byte("other")}).Hash("x") {
		t.Errorf("with a key: %q, want 32 digits that depend on the key", got)
	}
}

func TestEveryStringFromOutsideIsMasked(t *testing.T) {
	const s = "hunter2"
	p := inventory.Package{
		Target: s, Ecosystem: "npm", Name: s, Version: s, PURL: s, Paths: []string{s}, Licenses: []string{s},
		Source: &inventory.Source{Name: s, Version: s}, Requires: []inventory.Requirement{{Name: s, Version: s}},
	}
	f := Finding{
		Rule: "r", Scanner: "x", Target: s, Message: "a " + s, Remediation: s,
		Location: Location{Path: "p/" + s, Image: s, Instruction: "RUN " + s}, Package: &p,
		Excerpt: NewExcerpt("a "+s, 0, 1, ""), Fix: &Fix{Edits: []Edit{{Path: "a", Text: s}}}, Identity: Identity{s},
	}
	p.PURL = "pkg:npm/HUNTER2"
	mask := func(text string) string { return strings.ReplaceAll(text, s, "…") }
	sealed := Seal([]Finding{f}, mask)[0]
	data, err := json.Marshal(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(data)), s) || strings.Contains(strings.Join(sealed.Identity, ""), s) {
		t.Errorf("not masked: %s", data)
	}
	if sealed.Fix != nil {
		t.Error("a fix that would write a mask into the file was kept")
	}
	if p.Requires[0].Name != s || f.Excerpt.Text != "a "+s || p.Name != s || f.Fix.Edits[0].Text != s {
		t.Error("the finding given was changed")
	}
	again := Seal([]Finding{f}, nil)[0]
	if again.Fingerprint == sealed.Fingerprint {
		t.Error("the fingerprint confirms a guess of the secret")
	}
}

func drawn(t *rapid.T) Finding {
	word := rapid.SampledFrom([]string{"", "a", "b"})
	line := rapid.IntRange(0, 2)
	f := Finding{
		Rule: word.Draw(t, "rule"), Target: word.Draw(t, "target"), Message: word.Draw(t, "message"),
		Location: Location{Path: word.Draw(t, "path"), StartLine: line.Draw(t, "line"), StartColumn: line.Draw(t, "column")},
		Severity: Severity(rapid.IntRange(0, 5).Draw(t, "severity")),
	}
	if rapid.Bool().Draw(t, "package") {
		f.Package = &inventory.Package{Name: word.Draw(t, "name"), Version: word.Draw(t, "version")}
	}
	if rapid.Bool().Draw(t, "secret") {
		f.Secret = &Secret{Hash: word.Draw(t, "hash")}
	}
	f.Identity = CommandIdentity(f.Location.Path, f.Message)
	return f
}

func TestCompareIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawn(t), drawn(t), drawn(t)
		if Compare(a, b) != -Compare(b, a) {
			t.Fatalf("not antisymmetric: %+v %+v", a, b)
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatalf("not transitive: %+v %+v %+v", a, b, c)
		}
	})
}

func TestSealDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		findings := rapid.SliceOf(rapid.Custom(drawn)).Draw(t, "findings")
		shuffled := slices.Clone(findings)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(Seal(findings, nil), Seal(shuffled, nil)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSeverity(t *testing.T) {
	for score, want := range map[float64]Severity{10: Critical, 9: Critical, 8.9: High, 7: High, 6.9: Medium, 4: Medium, 3.9: Low, 0.1: Low, 0: Info, -1: Unknown} {
		if got := FromCVSS(score); got != want {
			t.Errorf("FromCVSS(%v) = %s, want %s", score, got, want)
		}
	}
	for _, s := range Severities() {
		text, _ := s.MarshalText()
		var back Severity
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s does not come back: %v %v", s, back, err)
		}
	}
	if _, err := ParseSeverity("hgih"); err == nil {
		t.Error("a mistyped severity was taken")
	}
}
