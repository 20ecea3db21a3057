package secrets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

func TestNameBefore(t *testing.T) {
	for before, want := range map[string]string{
		`token = "`:                       `token = "`,
		"export API_KEY=":                 "API_KEY=",
		`{"api_key":"`:                    `"api_key":"`,
		`  api-key: `:                     "api-key: ",
		`$cfg['key'] => '`:                "'key'] => '",
		`:key => '`:                       "",
		` key => '`:                       "key => '",
		"let token := `":                  "token := `",
		"password=hunter2 token=":         "token=",
		"https://x.example/?a=b&token=":   "token=",
		"user:hunter2@host?key=":          "key=",
		"hunter2\ntoken=":                 "token=",
		"token=\n":                        "",
		"Authorization: Bearer ":          "",
		"mysql://root:":                   "",
		"abcdefGhIjKl:":                   "",
		"x=abcdefGhIjKl=":                 "",
		"a1b2c3d4e5f6=":                   "",
		"V2_KEY_2024=":                    "",
		strings.Repeat("a", 100) + "=":    "",
		strings.Repeat("a ", 100) + "b=":  "b=",
		"token" + strings.Repeat(" ", 9):  "",
		"token" + strings.Repeat(" ", 30): "",
		"":                                "",
	} {
		if got := nameBefore(before); got != want {
			t.Errorf("%q: got %q, want %q", before, got, want)
		}
		if again := nameBefore(nameBefore(before)); again != nameBefore(before) {
			t.Errorf("%q: of its own name it gives %q", before, again)
		}
	}
}

// excerpts are what findings show of their lines, with what points at the secret.
func excerpts(findings []finding.Finding) []string {
	var out []string
	for _, f := range findings {
		shown := ""
		if x := f.Excerpt; x != nil {
			start, end, _ := x.Region()
			shown = x.Text[:start] + "<" + x.Text[start:end] + ">" + x.Text[end:]
		}
		out = append(out, shown)
	}
	return out
}

func TestExcerptsShowNothingBesideASecret(t *testing.T) {
	src := scantest.Tree(
		scantest.Text("a.env", "PASSWORD=hunter2 TOKEN="+githubToken+" USER=bob\n"),
		scantest.Text("b.json", `{"user":"bob","token":"`+githubToken+`"}`),
		scantest.Text("c.txt", "before\n"+githubToken+" "+otherToken+"\nbehind\n"),
		scantest.Text("d.env", "api_key=\n  \""+"q8Zr2Lm9Xv4Tn7Kp1Wd6Yc3Bf5Hj0Gs\"\n"),
	)
	want := []string{"TOKEN=<ghp_…>", `"token":"<ghp_…>`, "<ghp_…>", "<ghp_…>", ""}
	if diff := cmp.Diff(want, excerpts(scanAll(t, src, newScanner(t)).Findings)); diff != "" {
		t.Error(diff)
	}
}

func TestAPartWhoseNameIsNoneIsRefused(t *testing.T) {
	began, err := newScanner(t).Begin(t.Context(), scantest.Tree().Target())
	if err != nil {
		t.Fatal(err)
	}
	p, ok := began.(*pass)
	if !ok {
		t.Fatalf("a pass is a %T", began)
	}
	if _, err := p.decode([]byte(`{"secrets":[{"r":"github-pat","m":"ghp_…","b":"token="}]}`)); err != nil {
		t.Error(err)
	}
	if _, err := p.decode([]byte(`{"secrets":[{"r":"github-pat","m":"ghp_…","b":"see evil.example token="}]}`)); err == nil {
		t.Error("any text is shown")
	}
}
