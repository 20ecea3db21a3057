package cli

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// nativeNames are the files of other tools that say what is passed over. Those of the
// change under test count after the merge.
var nativeNames = slices.Concat([]string{gitleaksConfig, gitleaksIgnore}, hadolintConfigs, packages.IgnoreFiles())

// changedFiles tells of other tools' files, and of those that policies name, that the
// change under test adds, edits or takes away.
func (a *anchor) changedFiles(ctx context.Context, target string, policies *policySet) ([]finding.Finding, error) {
	if !a.change {
		return nil, nil
	}
	named := policies.named(a.trusted)
	now, err := a.natives(ctx, a.head, named)
	if err != nil {
		return nil, err
	}
	was := map[string]string{}
	if a.since != "" {
		if was, err = a.natives(ctx, a.since, named); err != nil {
			return nil, err
		}
	}
	var notices []finding.Finding
	tell := func(file, what string) {
		notices = append(notices, finding.Finding{
			Rule: finding.RuleLoosened, Scanner: finding.Policy, Target: target, Severity: finding.Medium, SeverityFrom: "rule",
			Message:  fmt.Sprintf("The change %s %s, which takes effect after merge: the trusted branch's counts", what, file),
			Location: finding.Location{Path: file},
			Identity: finding.Identity{"native", file},
		})
	}
	for file, blob := range now {
		switch before, there := was[file]; {
		case !there:
			tell(file, "adds")
		case before != blob:
			tell(file, "edits")
		}
	}
	for file := range was {
		if _, there := now[file]; !there {
			tell(file, "takes away")
		}
	}
	return notices, nil // they are sorted when they are sealed
}

// named are the files of the repository that its policies name: parents that were read
// at a commit, VEX documents and baselines.
func (s *policySet) named(commit string) map[string]bool {
	files := make(map[string]bool)
	for _, p := range s.loaded {
		if p.Head {
			continue
		}
		for _, f := range append(slices.Clone(p.VEXFiles), p.New.Baseline) {
			files[path.Clean(f)] = true
		}
		if from := p.Origin(); from.Kind == policy.ParentFile && p.Ref == commit {
			files[from.File] = true
		}
	}
	return files
}

// natives gives the files of a commit that other tools call so, or that are named, by
// path, with the ids of their content.
func (a *anchor) natives(ctx context.Context, commit string, named map[string]bool) (map[string]string, error) {
	files, err := a.tree(ctx, commit)
	if err != nil {
		return nil, err
	}
	found := make(map[string]string)
	for _, f := range files {
		if slices.Contains(nativeNames, path.Base(f.Path)) || named[f.Path] {
			found[f.Path] = f.Blob + fmt.Sprint(f.Mode)
		}
	}
	return found, nil
}
