package cli

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// nativeNames are the files of other tools that say what is passed over. Those of the
// change under test count after the merge.
var nativeNames = slices.Concat([]string{gitleaksConfig, gitleaksIgnore}, hadolintConfigs, packages.IgnoreFiles())

// changedFiles tells of other tools' files that the change under test adds, edits or
// takes away.
func (a *anchor) changedFiles(ctx context.Context, target string) ([]finding.Finding, error) {
	if !a.change {
		return nil, nil
	}
	now, err := a.natives(ctx, a.head)
	if err != nil {
		return nil, err
	}
	was := map[string]string{}
	if a.since != "" {
		if was, err = a.natives(ctx, a.since); err != nil {
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

// natives gives other tools' files of a commit, by path, with the ids of their content.
func (a *anchor) natives(ctx context.Context, commit string) (map[string]string, error) {
	files, err := a.objects.Tree(ctx, commit, "")
	if err != nil {
		return nil, err
	}
	found := make(map[string]string)
	for _, f := range files {
		if slices.Contains(nativeNames, path.Base(f.Path)) {
			found[f.Path] = f.Blob + fmt.Sprint(f.Mode)
		}
	}
	return found, nil
}
