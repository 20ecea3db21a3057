package cli

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/boltseal/boltseal/internal/layerline"
)

// Limits of looking for the Dockerfiles that images were built from. What lies
// beyond is not found, and findings then stand where they are in the image.
const (
	maxWalked      = 200_000
	maxDockerfiles = 500
	maxDockerfile  = 1 << 20
)

var errEnough = errors.New("enough")

// brought knows the lines of the repository's Dockerfiles by what they brought to an
// image; nil where no image was scanned.
func (c ciOptions) brought(ctx context.Context) func(string) (string, int, bool) {
	_, root := checkedOut(ctx, c.path)
	if len(c.images) == 0 || root == "" {
		return nil
	}
	files := make(map[string][]byte)
	walked := 0
	// What cannot be walked is not found.
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if walked++; walked > maxWalked || len(files) >= maxDockerfiles || ctx.Err() != nil {
			return errEnough
		}
		if err != nil || d.IsDir() {
			if d != nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		name := strings.ToLower(d.Name())
		if !d.Type().IsRegular() || !strings.Contains(name, "dockerfile") && !strings.Contains(name, "containerfile") {
			return nil
		}
		if rel, err := filepath.Rel(root, path); err == nil {
			if text, err := readSource(root, rel, maxDockerfile); err == nil {
				files[filepath.ToSlash(rel)] = text
			}
		}
		return nil
	})
	lines := layerline.Read(files)
	return func(instruction string) (string, int, bool) {
		place, ok := lines.Find(instruction)
		return place.Path, place.Line, ok
	}
}
