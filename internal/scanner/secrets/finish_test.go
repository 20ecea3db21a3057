package secrets

import (
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// FuzzFinish takes any bytes as a part: a cache that somebody wrote into can give
// them.
func FuzzFinish(f *testing.F) {
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"skipped":{"path":1},"secrets":[{"r":"github-pat","m":"ghp_…","h":"ab","p":[1,2,3,4],"s":4,"k":[1,2]}]}`))
	f.Add([]byte(`{"secrets":[{"r":"secrets/netrc","s":200,"p":[-1,-1,-1,-1]}]}`))
	f.Add([]byte(`{"skipped":{"":-1}}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pass, err := s.Begin(t.Context(), scantest.Tree().Target())
		if err != nil {
			t.Fatal(err)
		}
		ref := scan.Ref{Entry: &scan.Entry{Path: "a"}, Part: data}
		for _, f := range pass.Finish(t.Context(), &scan.View{}, []scan.Ref{ref}).Findings {
			if f.Rule == "" || f.Message == "" {
				t.Errorf("finding %+v", f)
			}
		}
	})
}
