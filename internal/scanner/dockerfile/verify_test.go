package dockerfile

import (
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/rule"
)

// TestVerify breaks fixes: what would change more than it says loses its edits.
func TestVerify(t *testing.T) {
	tests := map[string]struct {
		text, old, new string
		adds, becomes  string
		refused        bool
	}{
		"a word more":               {"FROM a\nRUN b c\n", "b", "b -d", "", "", false},
		"quotes around a word":      {"FROM a\nRUN b $c d\n", "$c", `"$c"`, "", "", false},
		"substitution rewritten":    {"FROM a\nRUN b `c d` e\n", "`c d`", "$(c d)", "", "", false},
		"a command more":            {"FROM a\nRUN b\n", "b", "b && c", "", "", false},
		"an open quote":             {"FROM a\nRUN b c\n", "b", `b "`, "", "", true},
		"an open substitution":      {"FROM a\nRUN b c; d\n", "b", "b $(", "", "", true},
		"a comment over the rest":   {"FROM a\nRUN b && c\n", "b", "b #", "", "", true},
		"a word of another command": {"FROM a\nRUN b; c\n", "b;", "b", "", "", true},
		"a pipe":                    {"FROM a\nRUN b; c\n", ";", " |", "", "", true},
		"a heredoc":                 {"FROM a\nRUN b\nRUN c\n", "b", "b <<x", "", "", true},
		"the next instruction":      {"FROM a\nRUN b\nRUN c\n", "b", `b \`, "", "", true},
		"two instructions":          {"FROM a\nRUN b\nRUN c\n", "b\nRUN c", "b", "", "", true},
		"an instruction more":       {"FROM a\nRUN b\n", "RUN", "USER x\nRUN", "", "", true},
		"one that it says":          {"FROM a\nRUN b\n", "RUN", "USER x\nRUN", "USER", "", false},
		"another than it says":      {"FROM a\nRUN b\n", "RUN", "ENTRYPOINT x\nRUN", "USER", "", true},
		"one that does not build":   {"FROM a\nRUN b\n", "RUN", "SHELL x\nRUN", "SHELL", "", true},
		"a stage":                   {"FROM a\nRUN b\n", "RUN", "FROM x\nRUN", "FROM", "", false},
		"another keyword":           {"FROM a\nADD b /\n", "ADD", "COPY", "", "", true},
		"the keyword that it says":  {"FROM a\nADD b /\n", "ADD", "COPY", "", "COPY", false},
		"a broken instruction":      {"FROM a\nADD b /\n", "b", "", "", "", true},
		"another flag":              {"FROM a\nCOPY --from=a b /\n", "=a", "=c", "", "", true},
		"another base":              {"FROM a:1\n", "a:1", "a:2", "", "", true},
		"another case of a keyword": {"FROM a as b\n", "as", "AS", "", "", false},
		"another name of a stage":   {"FROM a AS b\n", "AS b", "AS c", "", "", true},
		"an array":                  {"FROM a\nCMD b c\n", "b c", `["b", "c"]`, "", "", false},
		"another array":             {"FROM a\nCMD b c\n", "b c", `["b", "d"]`, "", "", true},
		"a broken array":            {"FROM a\nCMD b c\n", "b c", `["b", 'c']`, "", "", true},
		"a word of an array":        {"FROM a\nRUN [\"b\"]\n", `"b"`, `"b", "c"`, "", "", false},
		"a quote in an array":       {"FROM a\nRUN [\"b\"]\n", `b`, `b"`, "", "", true},
		"a heredoc's end":           {"FROM a\nRUN <<E\nb\nE\n", "b\nE", "b", "", "", true},
		"a heredoc's command":       {"FROM a\nRUN <<E\nb\nE\n", "\nb", "\nb -c", "", "", false},
		"a trigger's command":       {"FROM a\nONBUILD RUN b\n", "RUN b", "RUN b -c", "", "", false},
		"another trigger":           {"FROM a\nONBUILD RUN b\n", "RUN b", "CMD b", "", "", true},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			f := parse("Dockerfile", []byte(tt.text))
			l := &lint{file: f, native: &Native{}}
			r := &report{l, &rule.Meta{ID: "any"}}
			at := strings.Index(tt.text, tt.old)
			h := r.at(nil, span{at, at}, "any", "any").replace(span{at, at + len(tt.old)}, tt.new)
			h.adds, h.becomes = tt.adds, tt.becomes
			l.verify()
			if refused := len(l.refused) > 0; refused != tt.refused || refused != (len(h.edits) == 0) {
				t.Errorf("refused: %v", refused)
			}
		})
	}
}

func TestSameBuild(t *testing.T) {
	const text = "FROM a AS b\nADD c /\nRUN d\nFROM b\nMAINTAINER e\nCOPY --from=b /f /\nCMD g\n"
	tests := map[string]struct {
		old, new string
		same     bool
	}{
		"the same":            {"", "", true},
		"COPY for ADD":        {"ADD", "copy", true},
		"LABEL for it":        {"MAINTAINER e", "LABEL x=e", true},
		"a SHELL more":        {"RUN", "SHELL [\"x\"]\nRUN", true},
		"a USER at the end":   {"CMD", "USER x\nCMD", true},
		"a USER behind it":    {"CMD g\n", "CMD g\nUSER x\n", false},
		"a RUN more":          {"RUN d", "RUN d\nRUN d", false},
		"a RUN less":          {"RUN d\n", "", false},
		"ADD for COPY":        {"COPY", "ADD", false},
		"another base":        {"FROM b", "FROM c", false},
		"another name":        {"AS b", "AS c", false},
		"another source":      {"--from=b", "--from=c", false},
		"another order":       {"ADD c /\nRUN d", "RUN d\nADD c /", false},
		"what does not build": {"ADD c /", "ADD c", false},
		"an array":            {"CMD g", `CMD ["g"]`, true},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			if got := SameBuild([]byte(text), []byte(strings.Replace(text, tt.old, tt.new, 1))); got != tt.same {
				t.Errorf("same: %v", got)
			}
		})
	}
}
