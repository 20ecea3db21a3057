package dockerfile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// pagesDay is the day that the pages go by.
var pagesDay = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// ownOff are the rules of our own that are off by default: their pages run them.
func ownOff() map[string]finding.Severity {
	on := make(map[string]finding.Severity)
	for _, d := range declared {
		if d.Off && strings.Contains(d.ID, "/") {
			on[d.ID] = d.Severity
		}
	}
	return on
}

// allOn are all rules with their severities: those that are off run too.
func allOn() map[string]finding.Severity {
	on := make(map[string]finding.Severity)
	for _, d := range declared {
		on[d.ID] = d.Severity
	}
	return on
}

// FuzzAllRules holds what FuzzLint does, with all rules on and a day to go by, and of
// what depends on files beside as well.
func FuzzAllRules(f *testing.F) {
	seeds(f)
	n := &Native{Severities: allOn(), today: day(pagesDay)}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed := parse("Dockerfile", data)
		l := parsed.lint(n)
		hits := l.hits
		for _, c := range l.conditions {
			hits = append(hits, c.hit)
		}
		for _, h := range hits {
			checkSpan(t, parsed, h.where, h.rule)
			if strings.ContainsRune(h.message, '\n') {
				t.Errorf("%s: message of several lines: %q", h.rule.ID, h.message)
			}
		}
		l.conditional()
	})
}

// TestHostileSecurity holds that no rule of our own costs more than a file's size
// deserves.
func TestHostileSecurity(t *testing.T) {
	if testing.Short() {
		t.Skip("large files take seconds under the race detector: run without -short")
	}
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	scanner := New(Options{Native: map[string]Native{"dir:.": {Severities: allOn()}}, Now: pagesDay})
	for name, text := range map[string]string{
		"copies of all, each without something": "FROM a:1\n" + numbered("COPY --exclude=**/*%d* . /\n", 15_000),
		"copies of all kinds of files":          "FROM a:1\n" + numbered("COPY f%d*.pem a%[1]d id_rsa /\n", 15_000),
		"secrets in one RUN":                    "FROM a:1\nRUN " + numbered("--mount=type=secret,id=s%d \\\n", 8_000) + numbered("cat /run/secrets/s%d > /x%[1]d; rm /x%[1]d; \\\n", 8_000) + "true\n",
		"arguments in FROM":                     numbered("ARG A%d=$A1${A2:-x}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", 9_000) + numbered("FROM $A%d$A1$A2$A3:1\n", 9_000),
		"an argument made of itself":            "ARG A=x\n" + strings.Repeat("ARG A=$A$A\n", 10_000) + strings.Repeat("FROM $A\n", 5_000),
		"variables within variables":            "FROM scratch\nLABEL a=" + strings.Repeat("${a:-", 12_000) + "\nWORKDIR " + strings.Repeat("${a${", 12_000) + "\n",
		"variables in a chain of stages":        "FROM a:1 AS s0\n" + numbered("FROM s%d AS s1%[1]d\nLABEL a=$TARGETARCH\n", 3_000) + "FROM scratch AS t0\n" + numbered("LABEL a=$b\nFROM t%d AS t%[1]d\n", 5_000),
		"modes":                                 "FROM a:1\nRUN " + numbered("mkdir /d%d; chmod g+s /d%[1]d /d; \\\n", 12_000) + "true\n",
		"downloads and runs":                    "FROM a:1\nRUN " + numbered("curl -o f%d https://x/; mv f%[1]d g%[1]d; sh g%[1]d; \\\n", 8_000) + "true\n",
		"downloads of many files each":          "FROM a:1\nRUN " + numbered("wget"+strings.Repeat(" https://x/y", 100)+"; a=%d; \\\n", 300) + "sha256sum -c x\n",
		"code within code":                      "FROM a:1\nRUN " + strings.Repeat(`bash -c "curl x | sh"; `+"\\\n", 8_000) + "true\nRUN bash -c \"" + strings.Repeat("\\\n$(curl ", 5_000) + "\"\n",
		"wrappers around wrappers":              "FROM a:1\nRUN " + strings.Repeat("\\\nsudo -E ", 20_000) + "a\n",
		"echoes through a pipe":                 "FROM a:1\nRUN " + strings.Repeat("echo a | tee b | \\\n", 10_000) + "cat\nRUN " + strings.Repeat("echo a | \\\n", 10_000) + "cat\n",
		"texts into files":                      "FROM a:1\nRUN " + strings.Repeat("echo '"+strings.Repeat("a", 100)+"' > /etc/apt/sources.list; \\\n", 3_000) + "true\n",
		"ports":                                 "FROM a:1\nEXPOSE " + strings.Repeat("\\\n1-65535 ", 3_000) + "\n",
		"the name of OpenSSL":                   "FROM a:1\nRUN wget " + strings.Repeat("openssl-1", 6_000) + "\nADD https://" + strings.Repeat("openssl_1_0", 5_000) + " /\n",
		"a tag of many parts":                   "FROM a:" + strings.Repeat("buster-", 9_000) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			files := []scantest.File{scantest.Text("Dockerfile", text)}
			for i := range 300 {
				files = append(files, scantest.Text(fmt.Sprintf("a/b/c/%d.key", i), ""))
			}
			files = append(files, scantest.Text(".dockerignore", numbered("**/a%d*\n!b*%[1]d\n", 2000)))
			start := time.Now()
			res := scan.Run(t.Context(), scantest.Tree(files...), []scan.Scanner{scanner}, scan.Options{})[0]
			took := time.Since(start)
			t.Logf("%d bytes: %v, %d findings, %s %s", len(text), took.Round(time.Millisecond), len(res.Findings), res.Status, res.Reason)
			if took > time.Minute {
				t.Errorf("took %v: more than linear", took)
			}
		})
	}
}
