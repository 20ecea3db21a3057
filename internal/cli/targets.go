package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/history"
	"github.com/boltseal/boltseal/internal/source/image"
	"github.com/boltseal/boltseal/internal/source/sbom"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// target is one argument of scan, cut into its scheme and the rest.
type target struct {
	typed  string
	scheme string
	path   string
	// revs are the commits of a history; nil for all. change says that they are
	// those of the change under test, of is the folder or file that they change.
	revs   []string
	change bool
	of     string
}

// schemes are those that a target can have.
var schemes = append([]string{"dir", "git", "sbom"}, image.Schemes()...)

// parseTarget cuts an argument. Without a scheme a folder is a dir, whatever it
// holds: a tree cannot choose how it is looked at. A file is an image archive when
// it looks like one, and a single file otherwise. What is neither is an image when
// it has a tag, a digest or a host; a bare word is the path of something missing.
func parseTarget(arg string) (target, error) {
	switch arg {
	case "-":
		return target{typed: arg, scheme: "stdin"}, nil
	case "":
		return target{}, usage(errors.New("a target is empty: is a variable not set?"))
	}
	scheme, path, found := strings.Cut(arg, ":")
	if found && slices.Contains(schemes, scheme) {
		return schemeTarget(arg, scheme, path)
	}
	info, err := os.Stat(arg)
	if err == nil && info.Mode().IsRegular() {
		if scheme, ok := image.Detect(arg); ok {
			return target{typed: arg, scheme: scheme, path: arg}, nil
		}
	}
	if err == nil {
		return target{typed: arg, scheme: "dir", path: arg}, nil
	}
	near := nearest.Word(scheme, schemes)
	if image.LooksLikeReference(arg) && !mistyped(near, scheme, path) {
		return target{typed: arg, scheme: image.SchemeAnywhere, path: arg}, nil
	}
	if strings.Contains(arg, "://") || strings.Contains(arg, "@") {
		if err := image.CheckReference(arg); err != nil {
			// It is not repeated: it can hold a password.
			return target{}, usage(fmt.Errorf("a target is neither a file or folder nor an image: %w", err))
		}
	}
	if !found || strings.ContainsAny(scheme, `/\.`) || len(scheme) == 1 {
		return target{typed: arg, scheme: "dir", path: arg}, nil
	}
	hint := ""
	if near != "" {
		hint = fmt.Sprintf("; did you mean %s:%s? (for an image: registry:%s)", near, path, arg)
	}
	return target{}, usage(fmt.Errorf("target %q is neither a file or folder nor an image nor a known scheme (%s)%s", arg, strings.Join(schemes, ", "), hint))
}

// schemeTarget is a target that says what it is.
func schemeTarget(arg, scheme, path string) (target, error) {
	isImage := image.IsReference(scheme)
	switch {
	case path == "" && isImage:
		return target{}, usage(fmt.Errorf("target %q names no image: write %s:NAME:TAG", arg, scheme))
	case path == "":
		return target{}, usage(fmt.Errorf("target %q names no path: write %s:PATH", arg, scheme))
	case isImage:
		if err := image.CheckReference(path); err != nil {
			// It is not repeated: it can hold a password.
			return target{}, usage(fmt.Errorf("a target %s:…: %w", scheme, err))
		}
	}
	return target{typed: arg, scheme: scheme, path: path}, nil
}

// mistyped says that what could be an image and its tag is rather a scheme with
// a slip in it: letters changed, or the path is there.
func mistyped(near, scheme, path string) bool {
	if near == "" {
		return false
	}
	_, err := os.Stat(path)
	return err == nil || len(near) == len(scheme)
}

// opening is what opening a target needs to know.
type opening struct {
	noGitignore bool
	platform    string
	remote      image.Remote
	// repo is the repository of a target's folder, with what was fetched for it; nil
	// where that is still to be found.
	repo *git.Repo
	// commit is scanned in the place of a folder, from at on; empty for the folder
	// itself.
	commit, at string
}

// open opens a target; an archive can hold several images. Sources that come with
// an error are to be scanned all the same: one image of several is bad.
func (t target) open(ctx context.Context, sys System, o opening) ([]scan.Source, error) {
	switch t.scheme {
	case "stdin":
		return []scan.Source{tree.Stdin(sys.Stdin)}, nil
	case "dir":
		if o.commit != "" {
			return t.openCommit(ctx, o)
		}
		src, err := tree.Open(ctx, t.path, tree.Options{NoGitignore: o.noGitignore})
		if err != nil {
			return nil, err
		}
		return []scan.Source{src}, nil
	case "rootfs":
		src, err := tree.OpenRootFS(ctx, t.path)
		if err != nil {
			return nil, err
		}
		return []scan.Source{src}, nil
	case "sbom":
		src, err := sbom.Open(ctx, t.path)
		if err != nil {
			return nil, err
		}
		return []scan.Source{src}, nil
	case "staged":
		src, err := tree.OpenStaged(ctx, t.path)
		if err != nil {
			return nil, err
		}
		return []scan.Source{src}, nil
	case "git":
		src, err := history.Open(ctx, t.path, history.Options{Revs: t.revs, Name: t.short(), Repo: o.repo})
		if err != nil {
			return nil, err
		}
		return []scan.Source{src}, nil
	}
	return image.Open(ctx, t.scheme, t.path, image.Options{Platform: o.platform, Remote: o.remote})
}

// openCommit opens a folder of a commit that is not checked out.
func (t target) openCommit(ctx context.Context, o opening) ([]scan.Source, error) {
	src, err := tree.OpenCommit(ctx, tree.CommitOptions{Repo: o.repo, Commit: o.commit, Path: o.at, Name: t.name()})
	if err != nil {
		return nil, err
	}
	return []scan.Source{src}, nil
}

// name is how reports call a target that could not be opened.
func (t target) name() string {
	if t.scheme == "stdin" {
		return t.typed
	}
	switch {
	case t.scheme == image.SchemeAnywhere:
		return t.path
	case image.IsReference(t.scheme):
		return t.scheme + ":" + t.path
	}
	name := t.scheme + ":" + filepath.ToSlash(filepath.Clean(t.path))
	if len(t.revs) > 0 {
		name += "@" + cmp.Or(t.short(), strings.Join(t.revs, ","))
	}
	return name
}

// fullID is the full name of a commit.
var fullID = regexp.MustCompile(`[0-9a-f]{40,64}`)

// short is how the commits of a change are called: full ids are for git, not for
// people.
func (t target) short() string {
	if !t.change {
		return ""
	}
	return fullID.ReplaceAllStringFunc(strings.Join(t.revs, ","), func(id string) string { return id[:12] })
}

// dir is the folder from which the policy is looked for: of a tree its own, of
// everything else the current one.
func (t target) dir() string {
	if !t.isTree() {
		return "."
	}
	if info, err := os.Stat(t.path); err == nil && !info.IsDir() {
		return filepath.Dir(t.path)
	}
	return t.path
}

// isTree says that a target lies in a folder, with a policy and ignore files of its
// own.
func (t target) isTree() bool { return slices.Contains([]string{"dir", "git", "staged"}, t.scheme) }

// isImage says that a target is one image or several.
func (t target) isImage() bool {
	return t.scheme == image.SchemeAnywhere || slices.Contains(image.Schemes(), t.scheme)
}

// opened is what became of a target.
type opened struct {
	sources []scan.Source
	// failed are its parts that could not be opened: a failed scan, not the end.
	failed []gate.Unopened
}

// names are those under which reports show the target.
func (o opened) names() []string {
	var names []string
	for _, s := range o.sources {
		names = append(names, s.Target().Name)
	}
	for _, f := range o.failed {
		names = append(names, f.Target)
	}
	return names
}

// reach opens a target, and tells what its source has to say.
func (t target) reach(ctx context.Context, sys System, o opening) opened {
	var out opened
	var err error
	out.sources, err = t.open(ctx, sys, o)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		out.failed = []gate.Unopened{{Target: t.name(), Err: t.plainer(err)}}
	}
	if t.scheme == "dir" && t.typed == t.path {
		if info, err := os.Stat(t.path); err == nil && info.IsDir() {
			if scheme, ok := image.Detect(t.path); ok {
				sys.warn("%s holds an OCI image layout, and is scanned as a folder; to scan the image: %s:%s", t.path, scheme, t.path)
			}
		}
	}
	for _, src := range out.sources {
		if noted, ok := src.(interface{ Notes() []string }); ok {
			for _, n := range noted.Notes() {
				sys.warn("%s: %s", t.name(), n)
			}
		}
	}
	return out
}

// plainer says of a missing path what to do about it; what was typed may be meant
// for an image.
func (t target) plainer(err error) error {
	err = plainer(err)
	if t.scheme == "dir" && t.typed == t.path && errors.Is(err, fs.ErrNotExist) && image.CheckReference(t.path) == nil {
		return fmt.Errorf("%w, or for an image write registry:%s or docker:%s", err, t.path, t.path)
	}
	return err
}

// plainer says of a missing path what to do about it.
func plainer(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: check the path", err)
	}
	return err
}
