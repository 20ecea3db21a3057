package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// target is one argument of scan, cut into its scheme and the rest.
type target struct {
	typed  string
	scheme string
	path   string
}

// The schemes that can be scanned, and those that are known and cannot be yet.
var (
	schemes      = []string{"dir", "docker-archive", "oci-archive", "oci-dir"}
	laterSchemes = []string{"docker", "podman", "registry", "sbom"}
)

// parseTarget cuts an argument. Without a scheme the content decides: a folder is
// a dir unless it is an OCI layout, a file is an image archive when it looks like
// one, and a single file otherwise.
func parseTarget(arg string) (target, error) {
	if arg == "-" {
		return target{typed: arg, scheme: "stdin"}, nil
	}
	scheme, path, found := strings.Cut(arg, ":")
	switch {
	case found && slices.Contains(schemes, scheme):
		if path == "" {
			return target{}, usage(fmt.Errorf("target %q names no path: write %s:PATH", arg, scheme))
		}
		return target{typed: arg, scheme: scheme, path: path}, nil
	case found && slices.Contains(laterSchemes, scheme):
		return target{}, usage(fmt.Errorf("target %q: %s is not supported yet; save the image and scan docker-archive:FILE, oci-archive:FILE or oci-dir:PATH", arg, scheme))
	}
	if _, err := os.Lstat(arg); err == nil || !found || strings.ContainsAny(scheme, `/\.`) || len(scheme) == 1 {
		return target{typed: arg, path: arg}, nil
	}
	hint := ""
	if near := nearest.Word(scheme, schemes); near != "" {
		hint = fmt.Sprintf("; did you mean %s:%s?", near, path)
	}
	return target{}, usage(fmt.Errorf("target %q is neither a file or folder nor a known scheme (%s)%s", arg, strings.Join(schemes, ", "), hint))
}

// opening is what opening a target needs to know.
type opening struct {
	noGitignore bool
	platform    string
}

// open opens a target; an archive can hold several images. Sources that come with
// an error are to be scanned all the same: one image of several is bad.
func (t target) open(ctx context.Context, sys System, o opening) ([]scan.Source, error) {
	switch t.scheme {
	case "stdin":
		return []scan.Source{tree.Stdin(sys.Stdin)}, nil
	case "dir":
		return one(tree.Open(ctx, t.path, tree.Options{NoGitignore: o.noGitignore}))
	case "":
		if scheme, ok := image.Detect(t.path); ok {
			return image.Open(ctx, scheme, t.path, image.Options{Platform: o.platform})
		}
		return one(tree.Open(ctx, t.path, tree.Options{NoGitignore: o.noGitignore}))
	}
	return image.Open(ctx, t.scheme, t.path, image.Options{Platform: o.platform})
}

func one(src scan.Source, err error) ([]scan.Source, error) {
	if err != nil {
		return nil, err
	}
	return []scan.Source{src}, nil
}

// name is how reports call a target that could not be opened.
func (t target) name() string {
	if t.scheme == "" {
		return "dir:" + filepath.ToSlash(filepath.Clean(t.path))
	}
	return t.typed
}

// dir is the folder from which the policy is looked for: of a tree its own, of
// everything else the current one.
func (t target) dir() string {
	if t.scheme != "" && t.scheme != "dir" {
		return "."
	}
	info, err := os.Stat(t.path)
	if err == nil && info.IsDir() {
		if _, ok := image.Detect(t.path); ok && t.scheme == "" {
			return "."
		}
		return t.path
	}
	if err == nil && t.scheme == "" {
		if _, ok := image.Detect(t.path); ok {
			return "."
		}
	}
	return filepath.Dir(t.path)
}

// openAll opens every target. What cannot be opened is a failed scan, not the end.
func openAll(ctx context.Context, sys System, targets []target, o opening) ([]scan.Source, []gate.Unopened) {
	var sources []scan.Source
	var unopened []gate.Unopened
	for _, t := range targets {
		opened, err := t.open(ctx, sys, o)
		sources = append(sources, opened...)
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			unopened = append(unopened, gate.Unopened{Target: t.name(), Err: plainer(err)})
		}
		for _, src := range opened {
			if noted, ok := src.(interface{ Notes() []string }); ok {
				for _, n := range noted.Notes() {
					fmt.Fprintf(sys.Stderr, "boltseal: %s: %s\n", t.name(), n)
				}
			}
		}
	}
	return sources, unopened
}

// plainer says of a missing path what to do about it.
func plainer(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: check the path", err)
	}
	return err
}
