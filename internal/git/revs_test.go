package git_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

func TestRevisionsThatAreRefused(t *testing.T) {
	dir, _ := chain(t, 1)
	repo := find(t, dir)
	for _, rev := range []string{
		"", "--all", "-p", "none", "none..HEAD", "HEAD..none", "main HEAD", "main\nHEAD", "main\x00", "HEAD:first", "HEAD^{tree}", "^", "^^main", "none^!", "^!", "main^!^!", "a..b..c",
		"--output=x..HEAD", "HEAD..--output=x", strings.Repeat("x", 2000),
	} {
		if got, err := repo.Range(t.Context(), rev); !errors.Is(err, git.ErrRevision) {
			t.Errorf("%.40q: got %v, %v; want ErrRevision", rev, got, err)
		}
	}
}

func TestRanges(t *testing.T) {
	dir, ids := chain(t, 3)
	run(t, dir, "checkout", "-q", "-b", "side", "HEAD~2")
	write(t, dir, "side", "x")
	side := commit(t, dir, "side")
	run(t, dir, "checkout", "-q", "main")
	run(t, dir, "checkout", "-q", "-b", "both", "main")
	run(t, dir, "merge", "-q", "--no-ff", "-m", "both", "side")
	both := strings.TrimSpace(run(t, dir, "rev-parse", "HEAD"))
	run(t, dir, "checkout", "-q", "--orphan", "alone")
	alone := commit(t, dir, "alone")
	run(t, dir, "checkout", "-q", "main")
	repo, o := objects(t, dir)
	tests := map[string]struct{ revs, want []string }{
		"a branch":             {[]string{"side"}, []string{ids[0], ids[1], side}},
		"a range":              {[]string{"side..main"}, []string{ids[2], ids[3]}},
		"a range to HEAD":      {[]string{"side.."}, []string{ids[2], ids[3]}},
		"a range from HEAD":    {[]string{"..side"}, []string{side}},
		"a symmetric range":    {[]string{"side...main"}, []string{side, ids[2], ids[3]}},
		"of unrelated ones":    {[]string{"main~2...alone"}, []string{ids[0], ids[1], alone}},
		"an exclusion":         {[]string{"main", "^side"}, []string{ids[2], ids[3]}},
		"several":              {[]string{"main~1..main", "side"}, []string{side, ids[3], ids[0], ids[1]}},
		"an empty range":       {[]string{"main..main"}, nil},
		"an abbreviated id":    {[]string{ids[1][:12]}, []string{ids[0], ids[1]}},
		"a commit alone":       {[]string{"main~1^!"}, []string{ids[2]}},
		"the first one alone":  {[]string{"main~3^!"}, []string{ids[0]}},
		"a merge's own branch": {[]string{"both^-"}, []string{both, side}},
		"a merge alone":        {[]string{"both^!"}, []string{both}},
		"none is nothing here": {nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in, err := repo.Range(t.Context(), tt.revs...)
			if err != nil {
				t.Fatal(err)
			}
			commits, err := o.Commits(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range commits {
				got = append(got, c.ID)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" && tt.revs != nil && name != "several" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got, err := repo.MergeBase(t.Context(), "main", "side"); got != ids[1] || err != nil {
		t.Errorf("merge base %s, %v", got, err)
	}
	if _, err := repo.MergeBase(t.Context(), "main", "alone"); err == nil || !strings.Contains(err.Error(), "unshallow") {
		t.Errorf("merge base of unrelated commits: %v", err)
	}
}
