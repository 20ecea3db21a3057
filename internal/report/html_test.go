package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/boltseal/boltseal/internal/policy"
)

// elements are the elements of a page in order, with their attributes; values of those
// that hold text of what was scanned are left out.
func elements(t *testing.T, page string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			text := n.Data
			for _, a := range n.Attr {
				text += fmt.Sprintf(" %s=%q", a.Key, a.Val)
			}
			all = append(all, text)
		case html.CommentNode:
			all = append(all, "comment")
		default:
		}
	}
	return all
}

func TestTextsOfAHostileRepositoryAreNoMarkup(t *testing.T) {
	for _, text := range []string{
		evil, "</script><script>alert(1)</script>", "<!--", "--><script>alert(1)</script>", "<!--<script>", "\"><img src=x onerror=alert(1)>", "' onclick='alert(1)",
		"</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "</td></table><form action=//evil>", "javascript:alert(1)", "{{.}}", "${alert(1)}", "`", "\u2028",
		"</template>", "]]>", "<svg/onload=alert(1)>",
	} {
		benign, hostile := fixture(), fixture()
		fill(benign, "x")
		fill(hostile, text)
		opt := Options{Catalogue: catalogue(t)}
		want, got := elements(t, string(write(t, "html", benign, opt))), elements(t, string(write(t, "html", hostile, opt)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q became markup:\n%s", text, diff)
		}
	}
}

func TestHTMLLetsNothingRunButItself(t *testing.T) {
	page := string(write(t, "html", fixture(), Options{Catalogue: catalogue(t)}))
	rule := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if rule == nil {
		t.Fatal("no policy for contents")
	}
	want := fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", contentHash(pageStyle), contentHash(pageScript))
	if rule[1] != want {
		t.Errorf("the policy is %q", rule[1])
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && a.Val != "data:," {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "script":
			scripts++
			if scripts == 2 && n.FirstChild.Data != pageScript {
				t.Error("the script is not the one with the hash")
			}
		case "style":
			if n.FirstChild.Data != pageStyle {
				t.Error("the style is not the one with the hash")
			}
		}
	}
	if scripts != 2 {
		t.Errorf("%d scripts, want the data and the one that reads it", scripts)
	}
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch(", "XMLHttpRequest", "setTimeout"} {
		if strings.Contains(pageScript, word) {
			t.Errorf("the script has %s", word)
		}
	}
}

func TestHTMLLinksOnlyToSites(t *testing.T) {
	for url, linked := range map[string]bool{"https://osv.dev/x": true, "javascript:alert(1)": false, "data:text/html,x": false, "//evil": false, "file:///etc/passwd": false, "": false} {
		run := fixture()
		for i := range run.Findings {
			if a := run.Findings[i].Advisory; a != nil {
				a.URL = url
			}
		}
		data := htmlDataOf(run, Options{})
		for _, r := range data.Rows {
			if r.URL != "" != linked && r.Scanner == "packages" {
				t.Errorf("%q is linked: %v", url, r.URL != "")
			}
		}
	}
}

func TestHTMLHasEveryFindingAndWhatBlocksFirst(t *testing.T) {
	run := many(10_000, policy.Warn)
	run.Findings[9000].Decision.Action = policy.Block
	page := write(t, "html", run, Options{})
	if got := bytes.Count(page, []byte(`"details":`)); got != 10_000 {
		t.Errorf("%d findings in the data", got)
	}
	if got := bytes.Count(page, []byte("<tr><td>warn")); got != firstFindings-1 {
		t.Errorf("%d warnings are shown without the script", got)
	}
	if rows := htmlDataOf(run, Options{}).Rows; rows[0].Action != "block" {
		t.Error("what blocks is not first")
	}
}

func TestAgesOfAdvisories(t *testing.T) {
	run := fixture()
	run.Judged.On = "2021-02-20"
	var got []string
	for _, a := range htmlAges(run) {
		if a.All > 0 {
			got = append(got, fmt.Sprintf("%s: %d", a.Name, a.All))
		}
	}
	if diff := cmp.Diff([]string{"up to 7 days: 1", "unknown: 1"}, got); diff != "" {
		t.Error(diff)
	}
}
