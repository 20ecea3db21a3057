package secrets

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
)

func TestSeverityOfEveryRule(t *testing.T) {
	var b strings.Builder
	count := make(map[finding.Severity]int)
	ids := defaultIDs(t)
	for _, s := range finding.Severities() {
		for _, id := range ids {
			if severityOf(id) == s {
				fmt.Fprintf(&b, "%s %s\n", s, id)
				count[s]++
			}
		}
	}
	t.Logf("critical %d, high %d, medium %d, low %d",
		count[finding.Critical], count[finding.High], count[finding.Medium], count[finding.Low])
	want, err := os.ReadFile("testdata/severities.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("severities (-want +got):\n%s", diff)
	}
}

func TestGradedRulesAreOfTheSet(t *testing.T) {
	known := knownRules(t)
	for _, class := range graded {
		for _, id := range class.rules {
			if !known[id] {
				t.Errorf("%q is no rule of the set", id)
			}
		}
	}
	for id := range testModes {
		if !known[id] {
			t.Errorf("%q is no rule of the set", id)
		}
	}
}

func TestSeverityOfCustomRules(t *testing.T) {
	for name, test := range map[string]struct {
		id   string
		want finding.Severity
	}{
		"a rule of its own name":               {"acme-token", finding.High},
		"a rule that begins like one of a set": {"aws-acme-thing", finding.High},
		"a rule that looks generic":            {"acme-Generic-secret", finding.Medium},
	} {
		if got := severityOf(test.id); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestJudge(t *testing.T) {
	random := "q7Rb2XcV9" + "kLmT4wZs8YhN3"
	for name, test := range map[string]struct {
		rule, secret string
		want         finding.Severity
	}{
		"a live key":                       {"stripe-access-token", "sk_" + "live_" + random, finding.High},
		"a test-mode key is real, and low": {"stripe-access-token", "sk_" + "test_" + random, finding.Low},
		"a restricted test-mode key":       {"stripe-access-token", "rk_" + "test_" + random, finding.Low},
		"a placeholder of a test key":      {"stripe-access-token", "sk_" + "test_" + strings.Repeat("x", 24), finding.Info},
		"a token of a sandbox":             {"plaid-api-token", "access-" + "sandbox-" + random, finding.Low},
		"test in the text of another rule": {"generic-api-key", "sk_" + "test_" + random, finding.Medium},
		"a key":                            {"private-key", pemOf("RSA PRIVATE KEY", "", random+random), finding.Critical},
		"a key with a passphrase":          {"private-key", pemOf("ENCRYPTED PRIVATE KEY", "", random+random), finding.Medium},
		"an old key with a passphrase":     {"private-key", pemOf("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", random+random), finding.Medium},
	} {
		got, why := judge(test.rule, severityOf(test.rule), test.secret)
		if got != test.want {
			t.Errorf("%s: got %s (%s), want %s", name, got, why, test.want)
		}
		if milder := got < severityOf(test.rule); milder != (why != "") {
			t.Errorf("%s: severity %s with the reason %q", name, got, why)
		}
	}
}

// pemOf makes a block that looks like a key; none stands in the source.
func pemOf(kind, header, body string) string {
	return "-----BEGIN " + kind + "-----\n" + header + body + "\n-----END " + kind + "-----\n"
}
