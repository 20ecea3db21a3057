package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

func TestMarkdownKeepsItsBudgetAndSaysWhatIsCut(t *testing.T) {
	for _, budget := range []int{minMarkdown, 2000, 5000, 60_000, 1_000_000} {
		run := many(3000, policy.Block)
		for i := range run.Findings {
			run.Findings[i].Decision.Action = []policy.Action{policy.Block, policy.Warn, policy.Suppress, policy.Note}[i%4]
		}
		for i := range 500 {
			run.Verdict.Reasons = append(run.Verdict.Reasons, fmt.Sprintf("reason %d %s", i, strings.Repeat("#", 300)))
			run.Scans = append(run.Scans, Scan{Scanner: finding.Packages, Target: fmt.Sprintf("dir:%d", i), Status: finding.StatusFailed, Reason: "x"})
		}
		out := string(write(t, "markdown", run, Options{MaxBytes: budget, Catalogue: catalogue(t)}))
		if len(out) > budget {
			t.Errorf("%d bytes for a budget of %d", len(out), budget)
		}
		if !utf8.ValidString(out) || strings.Count(out, "<details>") != strings.Count(out, "</details>") {
			t.Errorf("budget of %d: broken", budget)
		}
		if !strings.HasPrefix(out, "## boltseal ❌ blocked: 3000 findings block") {
			t.Errorf("begins with %q", out[:60])
		}
		shown := strings.Count(out, "finding number")
		if shown < 3000 && !strings.Contains(out, "cut here") {
			t.Errorf("budget of %d: %d findings are shown and no word of the others", budget, shown)
		}
		if !regexp.MustCompile(`\d+ (scans are|scan is) cut here`).MatchString(out) && strings.Count(out, "| failed: x |") < 500 {
			t.Errorf("budget of %d: failed scans are cut in silence", budget)
		}
		if !regexp.MustCompile(`- and \d+ more reasons`).MatchString(out) && strings.Count(out, "reason ") < 500 {
			t.Errorf("budget of %d: reasons are cut in silence", budget)
		}
	}
	if err := Write(&strings.Builder{}, "markdown", fixture(), Options{MaxBytes: 10}); err == nil {
		t.Error("a verdict in 10 bytes")
	}
}

func TestMarkdownCountsAddUp(t *testing.T) {
	out := string(write(t, "markdown", many(3000, policy.Block), Options{MaxBytes: 10_000}))
	var missing int
	if _, err := fmt.Sscanf(regexp.MustCompile(`(\d+) findings are cut`).FindString(out), "%d findings", &missing); err != nil {
		t.Fatal(err)
	}
	if shown := strings.Count(out, "finding number"); shown+missing != 3000 {
		t.Errorf("%d shown and %d cut", shown, missing)
	}
}

func TestMarkdownText(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"words stay":              {"plain text, 1.5 (two): three; it's", "plain text, 1.5 (two): three; it's"},
		"a mention":               {"@acme/team", "\\@\u200bacme/team"},
		"an issue":                {"closes #1", "closes \\#\u200b1"},
		"an issue by prefix":      {"gh-1", "gh-\u200b1"},
		"a merge request":         {"!1", "\\!\u200b1"},
		"a link":                  {"[a](https://b)", "\\[a\\](https:\u200b//b)"},
		"a bare link":             {"www.b.c", "www.\u200bb.c"},
		"HTML":                    {"<b>&amp;", "&lt;b&gt;&amp;\u200bamp;"},
		"a table":                 {"a|b", `a\|b`},
		"code":                    {"`a`", "\\`a\\`"},
		"emphasis":                {"*a* _b_ ~c~", "\\*a\\* \\_b\\_ \\~\u200bc\\~"},
		"a backslash":             {`\|`, `\\\|`},
		"mathematics":             {"$x$", "&#36;\u200bx&#36;"},
		"a line break is spelled": {"a\n/close", `a\\n/close`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mdText(test.in, 100); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMarkdownCode(t *testing.T) {
	for in, want := range map[string]string{
		"a/b-1.go": "<code>a/b-1.go</code>",
		"@a|`<":    "<code>&#64;a&#124;&#96;&#60;</code>",
		"www.b":    "<code>www&#46;b</code>",
		"a@b.c":    "<code>a&#64;\u200bb.c</code>",
	} {
		if got := mdCode(in, 100); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

var (
	// ours are the tags that markdown of ours has.
	ours = regexp.MustCompile(`</?(code|details|summary)>|<br>`)
	// code is text in which forges look for nothing.
	code  = regexp.MustCompile(`<code>[^<]*</code>|&#\d+;`)
	fence = regexp.MustCompile(`(^|[^\\])\|`)
	// references are what forges make links and mentions of.
	references = []*regexp.Regexp{
		regexp.MustCompile(`@\w`), regexp.MustCompile(`#\d`), regexp.MustCompile(`!\d`), regexp.MustCompile(`~["\w]`), regexp.MustCompile(`(?i)\bgh-\d`),
		regexp.MustCompile(`\w://`), regexp.MustCompile(`(?i)www\.\w`), regexp.MustCompile(`[^\\]\]\(`), regexp.MustCompile("[^\\\\]`[^`]*evil"),
	}
)

// checkMarkdown says what hostile text made of markdown.
func checkMarkdown(t *testing.T, out string) {
	t.Helper()
	if rest := ours.ReplaceAllString(out, ""); strings.Contains(rest, "<") {
		t.Errorf("HTML: %q", rest)
	}
	text := code.ReplaceAllString(out, "")
	for _, r := range references {
		if found := r.FindString(text); found != "" {
			t.Errorf("%s: %q", r, found)
		}
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "/") {
			t.Errorf("quick action %q", line)
		}
		if columns := len(fence.FindAllString(strings.ReplaceAll(line, `\\`, ""), -1)); strings.HasPrefix(line, "|") && columns != 4 && columns != 5 {
			t.Errorf("a row of another table: %q", line)
		}
	}
	if strings.Count(out, "<details>") != strings.Count(out, "</details>") {
		t.Error("details are not closed")
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add(evil)
	f.Add("www.x @a#1\\|`")
	f.Fuzz(func(t *testing.T, s string) {
		row := "| " + mdText(s, mdLong) + " | " + mdCode(s, mdLong) + " | x |\n"
		if strings.Count(row, "\n") != 1 {
			t.Errorf("lines: %q", row)
		}
		checkMarkdown(t, row)
	})
}
