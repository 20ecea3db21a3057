package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/rule"
)

var update = flag.Bool("update", false, "write golden files")

// evil is what a hostile repository may call its files: line breaks, an escape
// sequence, an override of the writing direction, HTML, markdown and what forges
// make of it, workflow commands, a message's arguments and links.
const evil = "a\r\n::error::forged\x1b[31m\u009b2J\u202e |x|`y`<img src=x onerror=alert(1)></details><!-- boltseal -->" +
	"\n/close\n# h1\n@acme/team closes #1 !2 ~\"bug\" GH-3 [link](https://evil.example) www.evil.example {0} $x$ ##[error]\xff"

const (
	dirTarget   = "dir:."
	imageTarget = "docker-archive:build/app.tar"
)

func catalogue(t testing.TB) rule.Catalogue {
	t.Helper()
	page, err := rule.ParsePage([]byte("An image that names no version is another one tomorrow.\n\nPin it by digest.\n-- bad/1/Dockerfile --\nFROM debian:latest\n-- good/1/Dockerfile --\nFROM debian:12\n-- want --\nbad/1/Dockerfile:1:6 medium x\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := rule.NewCatalogue(
		rule.Rule{Meta: rule.Meta{ID: "DL3007", Scanner: finding.Dockerfile, Title: "The tag is latest", Severity: finding.Medium, Remediation: "Name a version"}, Page: page},
		rule.Rule{Meta: rule.Meta{ID: "aws-access-token", Scanner: finding.Secrets, Title: "AWS access key", Severity: finding.Critical}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fixture is the run that every golden file shows: findings of all scanners, with
// all actions, and scans with all statuses.
func fixture() *Run {
	yes, no := true, false
	openssl := inventory.Package{
		Target: imageTarget, Ecosystem: "Debian:12", Name: "libssl3", Version: "3.0.11-1", Source: &inventory.Source{Name: "openssl", Version: "3.0.11-1"},
		PURL: "pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12", Paths: []string{"var/lib/dpkg/status"}, Layer: "sha256:1111", Origin: "base",
	}
	lodash := inventory.Package{Target: dirTarget, Ecosystem: "npm", Name: "lodash", Version: "4.17.4", PURL: "pkg:npm/lodash@4.17.4", Paths: []string{"web/package-lock.json"}, Licenses: []string{"MIT"}}
	locked := lodash
	locked.Requires = []inventory.Requirement{{Name: "ansi", Version: "1.0.0"}, {Name: "gone", Version: "1.0.0"}}
	ansi := inventory.Package{Target: dirTarget, Ecosystem: "npm", Name: "ansi", Version: "1.0.0", PURL: "pkg:npm/ansi@1.0.0", Paths: []string{"web/package-lock.json"}, Licenses: []string{"BSD", "see LICENSE"}}
	instruction := "RUN /bin/sh -c apt-get install -y libssl3 # buildkit"
	facts := []Finding{
		{policy.Subject{Finding: finding.Finding{
			Rule: "DL3007", Scanner: finding.Dockerfile, Target: dirTarget, Severity: finding.Medium, SeverityFrom: "rule",
			Message: `debian:latest is another image tomorrow`, Remediation: "Name a version",
			Location: finding.Location{Path: "Dockerfile", StartLine: 1, StartColumn: 6, EndLine: 1, EndColumn: 19}, Excerpt: &finding.Excerpt{Text: "FROM debian:latest", StartColumn: 6, EndColumn: 19},
			Fix:      &finding.Fix{Description: "Pin it", Edits: []finding.Edit{{Path: "Dockerfile", StartLine: 1, StartColumn: 6, EndLine: 1, EndColumn: 19, Text: "debian:12"}}},
			Controls: []string{"cis-docker-1.6:4.2"}, Identity: finding.CommandIdentity("Dockerfile", "FROM debian:latest"),
		}, New: &yes}, policy.Decision{Action: policy.Warn, By: "default rule lint"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "DL3059", Scanner: finding.Dockerfile, Target: dirTarget, Severity: finding.Info, SeverityFrom: "rule", Message: "two RUN in a row could be one",
			Location: finding.Location{Path: "Dockerfile", StartLine: 9, StartColumn: 1, EndLine: 9, EndColumn: 20}, Identity: finding.CommandIdentity("Dockerfile", "RUN true"),
		}, New: &no}, policy.Decision{Action: policy.Note, By: "default rule rest"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "aws-access-token", Scanner: finding.Secrets, Target: dirTarget, Severity: finding.Critical, SeverityFrom: "rule",
			Message: "AWS access key AKIA… in plain text", Remediation: "Revoke the key, then let the pipeline read one from a secret store",
			Location: finding.Location{Path: "config/日本語 settings.py", StartLine: 12, StartColumn: 9, EndLine: 12, EndColumn: 29},
			Excerpt:  &finding.Excerpt{Text: `鍵 = "AKIA…`, StartColumn: 8, EndColumn: 15},
			Secret:   &finding.Secret{Masked: "AKIA…", Hash: "1f2e"}, Identity: finding.SecretIdentity("", "config/日本語 settings.py", "1f2e"),
		}, New: &yes}, policy.Decision{Action: policy.Block, By: "default rule secrets"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "generic-api-key", Scanner: finding.Secrets, Target: dirTarget, Severity: finding.High, SeverityFrom: "rule", Message: "API key in test data",
			Location: finding.Location{Path: "testdata/key.txt", StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 40},
			Secret:   &finding.Secret{Masked: "…", Hash: "abcd"}, Identity: finding.SecretIdentity("", "testdata/key.txt", "abcd"),
		}}, policy.Decision{Action: policy.Suppress, By: "exception 1", Reason: "a fake key for tests, @acme/appsec", Until: "2026-12-01"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "generic-api-key", Scanner: finding.Secrets, Target: dirTarget, Severity: finding.High, SeverityFrom: "rule", Message: "in " + evil,
			Remediation: evil, Location: finding.Location{Path: evil, StartLine: 3, StartColumn: 1, EndLine: 3, EndColumn: 9}, Excerpt: &finding.Excerpt{Text: evil, StartColumn: 4, EndColumn: 12},
			Secret: &finding.Secret{Masked: "…", Hash: "9999"}, Identity: finding.SecretIdentity("", evil, "9999"),
		}, New: &yes}, policy.Decision{Action: policy.Block, By: "default rule secrets", Reason: "exception 2 expired on 2026-09-01"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "CVE-2021-23337", Scanner: finding.Packages, Target: dirTarget, Severity: finding.High, SeverityFrom: "cvss3", Message: "lodash 4.17.4: command injection",
			Remediation: "Upgrade to 4.17.21", Location: finding.Location{Path: "web/package-lock.json"}, Package: &lodash,
			Advisory: &finding.Advisory{ID: "GHSA-35jh-r3h4-6jhm", Aliases: []string{"CVE-2021-23337"}, Summary: "Command Injection in lodash", Published: "2021-02-15T00:00:00Z", Fixed: []string{"4.17.21"}, CVSS: []finding.CVSS{{Vector: "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", Score: 7.2}}, EPSS: 0.0123, URL: "https://osv.dev/vulnerability/GHSA-35jh-r3h4-6jhm"},
			Identity: finding.PackageIdentity("", "web/package-lock.json", &lodash),
		}, New: &no}, policy.Decision{Action: policy.Block, By: "default rule fixable"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "CVE-2024-0001", Scanner: finding.Packages, Target: imageTarget, Severity: finding.Unknown, Message: "libssl3 3.0.11-1: use after free",
			Location: finding.Location{Path: "var/lib/dpkg/status", Image: "acme/app", Layer: "sha256:1111", Instruction: instruction}, Package: &openssl,
			Advisory: &finding.Advisory{ID: "DEBIAN-CVE-2024-0001", Aliases: []string{"CVE-2024-0001"}, KEV: true}, Identity: finding.PackageIdentity("acme/app", "", &openssl),
		}}, policy.Decision{Action: policy.Warn, By: "default rule unfixed"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "image/root-user", Scanner: finding.ImageConfig, Target: imageTarget, Severity: finding.High, SeverityFrom: "rule", Message: "containers run as root",
			Remediation: "Set USER to someone else", Location: finding.Location{Image: "acme/app"}, Identity: finding.ImageIdentity("acme/app", "user"), Controls: []string{"cis-docker-1.6:4.1"},
		}}, policy.Decision{Action: policy.Block, By: "rule image"}},
		{policy.Subject{Finding: finding.Finding{
			Rule: "private-key", Scanner: finding.Secrets, Target: imageTarget, Severity: finding.Critical, SeverityFrom: "rule", Message: "private key",
			Remediation: "Revoke the key and build the image without it", Location: finding.Location{Path: "root/.ssh/id_rsa", StartLine: 1, StartColumn: 1, EndLine: 27, EndColumn: 30, Image: "acme/app", Layer: "sha256:2222", Instruction: "COPY id_rsa /root/.ssh/", Deleted: true, Origin: "ours", Built: finding.Built{Path: "Dockerfile", StartLine: 9, EndLine: 9}},
			Secret: &finding.Secret{Masked: "-----BEGIN…", Hash: "0f0f"}, Identity: finding.SecretIdentity("acme/app", "root/.ssh/id_rsa", "0f0f"),
		}}, policy.Decision{Action: policy.Block, By: "default rule secrets"}},
	}
	return &Run{
		Schema: Schema, Tool: Tool{Name: "boltseal", Version: "0.1.0"},
		Verdict: policy.Verdict{Status: policy.Blocked, ExitCode: 1, Blocked: 5, Warned: 2, Noted: 1, Suppressed: 1, Reasons: []string{
			"packages on docker-archive:build/app.tar: partial: reading usr/lib/x.jar: larger than 512 MiB", "imageconfig on dir:gone: failed: no such directory",
		}},
		Policies: []Policy{{Path: ".boltseal.yaml", Ref: "0123456789abcdef0123456789abcdef01234567", Digest: "sha256:3333"}},
		Change:   &Change{Base: "1111111111111111111111111111111111111111", Head: "2222222222222222222222222222222222222222"},
		Database: &Database{Built: "2026-11-20T00:00:00Z", Sources: []DatabaseSource{{Ecosystem: "Debian", Date: "2026-11-19T00:00:00Z", Records: 41198}, {Ecosystem: "npm", Records: 6643}}},
		Scans: []Scan{
			{Scanner: finding.Secrets, Target: dirTarget, Status: finding.StatusOK, Files: 12, Bytes: 3456, Skipped: map[string]int64{"ignored": 2, "lfs": 1}, DurationMS: 12, RulesAssessed: 222},
			{Scanner: finding.Dockerfile, Target: dirTarget, Status: finding.StatusOK, Files: 1, Bytes: 300, DurationMS: 1, RulesAssessed: 12},
			{Scanner: finding.Packages, Target: dirTarget, Status: finding.StatusOK, Files: 1, Bytes: 900, DurationMS: 2, Notes: []string{"web/package.json has no lockfile"}},
			{Scanner: finding.ImageConfig, Target: dirTarget, Status: finding.StatusNothing},
			{Scanner: finding.Secrets, Target: imageTarget, Digest: "sha256:4444", Platform: "linux/amd64", Status: finding.StatusOK, Files: 3000, Bytes: 50_000_000, DurationMS: 900, RulesAssessed: 222},
			{Scanner: finding.Packages, Target: imageTarget, Digest: "sha256:4444", Platform: "linux/amd64", Status: finding.StatusPartial, Reason: "reading usr/lib/x.jar: larger than 512 MiB", Files: 3, Bytes: 1, DurationMS: 3, Errors: []string{"reading usr/lib/x.jar: larger than 512 MiB", "reading " + evil + ": truncated"}},
			{Scanner: finding.ImageConfig, Target: imageTarget, Digest: "sha256:4444", Platform: "linux/amd64", Status: finding.StatusOK, Files: 1, Bytes: 1, DurationMS: 1, RulesAssessed: 4},
			{Scanner: finding.ImageConfig, Target: "dir:gone", Status: finding.StatusFailed, Reason: "no such directory"},
		},
		Images: []Image{{Target: imageTarget, Name: "acme/app", From: "debian:12", Layers: []ImageLayer{
			{Digest: "sha256:1111", DiffID: "sha256:aaaa", Size: 29_000_000, Instruction: instruction, Origin: "base"},
			{Digest: "sha256:2222", DiffID: "sha256:bbbb", Size: 1700, Instruction: "COPY id_rsa /root/.ssh/", Origin: "ours", Built: finding.Built{Path: "Dockerfile", StartLine: 9, EndLine: 9}},
		}}},
		Packages: []inventory.Package{ansi, locked, openssl},
		Findings: sealed(facts),
	}
}

// sealed gives facts as the gate does: with fingerprints, sorted.
func sealed(facts []Finding) []Finding {
	decisions := make(map[string]Finding)
	var plain []finding.Finding
	for _, f := range facts {
		decisions[f.Message] = f
		plain = append(plain, f.Finding)
	}
	var out []Finding
	for _, f := range finding.Seal(plain, nil) {
		decided := decisions[f.Message]
		decided.Finding = f
		decided.Identity = nil
		out = append(out, decided)
	}
	return out
}

func write(t testing.TB, format string, run *Run, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, run, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares got with a file in testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; -update writes it:\n%s", file, diff)
	}
}
