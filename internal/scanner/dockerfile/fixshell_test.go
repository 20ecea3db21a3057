package dockerfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

func TestShellFixes(t *testing.T) {
	backticks := func(h *hit, s *script, n syntax.Node) {
		if sub, ok := n.(*syntax.CmdSubst); ok {
			fixSC2006(h, s, sub)
		}
	}
	quotes := func(h *hit, s *script, n syntax.Node) {
		switch n.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst:
			quoteNode(h, s, n)
		}
	}
	tests := map[string]struct {
		fix          func(*hit, *script, syntax.Node)
		before, want string
	}{
		"backticks":                  {backticks, "RUN a `b c` \"`d`\"", "RUN a $(b c) \"$(d)\""},
		"backticks over lines":       {backticks, "RUN a `b \\\n c`", "RUN a $(b \\\n c)"},
		"backticks in an array":      {backticks, "RUN [\"sh\", \"-c\", \"a `b`\"]", "RUN [\"sh\", \"-c\", \"a $(b)\"]"},
		"backticks in a heredoc":     {backticks, "RUN <<E\na `b`\nE", "RUN <<E\na $(b)\nE"},
		"backticks in backticks":     {backticks, "RUN a `b \\`c\\``", "RUN a `b \\`c\\``"},
		"backticks with a backslash": {backticks, "RUN a `b \\\\n`", "RUN a `b \\\\n`"},
		"backticks with quotes":      {backticks, "RUN a \"`b \"c\"`\"", "RUN a \"`b \"c\"`\""},
		"backticks behind a $":       {backticks, "RUN a $`b`", "RUN a $`b`"},
		"brackets":                   {backticks, "RUN a $(b)", "RUN a $(b)"},
		"a variable":                 {quotes, "RUN a $b/c ${d} \\\n e", "RUN a \"$b\"/c \"${d}\" \\\n e"},
		"a substitution":             {quotes, "RUN a $(b)", "RUN a \"$(b)\""},
		"a variable in an array":     {quotes, "RUN [\"sh\", \"-c\", \"a $b\"]", "RUN [\"sh\", \"-c\", \"a \\\"$b\\\"\"]"},
		"a broken script":            {quotes, "RUN a $b (", "RUN a $b ("},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			text := "FROM a\n" + tt.before + "\n"
			f := parse("Dockerfile", []byte(text))
			l := &lint{file: f, native: &Native{}}
			r := &report{l, &rule.Meta{ID: "any"}}
			s := f.instructions[1].script
			syntax.Walk(s.tree, func(n syntax.Node) bool {
				if n != nil {
					tt.fix(r.instruction(s.run, "any"), s, n)
				}
				return true
			})
			l.verify()
			for _, h := range l.refused {
				t.Errorf("a fix would change more than it says: %s", f.text(h.where))
			}
			var findings []finding.Finding
			for _, h := range l.hits {
				findings = append(findings, l.finding(h))
			}
			after, _ := mend(text, findings)
			if diff := cmp.Diff("FROM a\n"+tt.want+"\n", after); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !SameBuild([]byte(text), []byte(after)) {
				t.Error("another thing is built")
			}
		})
	}
}
