package dockerfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// TestExcerpts looks at what findings show of their lines, and what they are masked by.
func TestExcerpts(t *testing.T) {
	key := "-----BEGIN " + "PRIVATE KEY-----"
	res := run(t, scantest.Tree(
		scantest.Text("a/Dockerfile", "FROM alpine:3.20\nUSER 1\nRUN true && \\\n\tsudo id\n"),
		scantest.Text("b/Dockerfile", "FROM alpine:3.20\nUSER 1\nRUN echo \""+key+"\" && sudo id\n"),
	))
	want := []string{"RUN true && \\\n sudo id [1 8]", ""}
	var got []string
	for _, f := range res.Findings {
		if f.Rule != "DL3004" {
			continue
		}
		x := f.Excerpt
		if x == nil {
			got = append(got, "")
			continue
		}
		got = append(got, x.Above+"\n "+x.Text+" ["+string(rune('0'+x.StartColumn))+" "+string(rune('0'+x.EndColumn))+"]")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
