package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
)

// parseShard reads "I/N".
func parseShard(text string) (index, of int, err error) {
	first, second, ok := strings.Cut(text, "/")
	if ok {
		index, err = strconv.Atoi(first)
		if err == nil {
			of, err = strconv.Atoi(second)
		}
	}
	if !ok || err != nil || index < 1 || of < index || of > gate.MaxShards {
		return 0, 0, usage(fmt.Errorf("--shard %q: write I/N, as 2/5 for the second of five jobs, at most %d", text, gate.MaxShards))
	}
	return index, of, nil
}

// share says what of the targets is due here; nil for all of it.
func (p *prepared) share(sys System) (*gate.Share, error) {
	o := p.options
	if o.shard == "" {
		return nil, nil //nolint:nilnil // documented
	}
	if o.newFromImage != "" {
		return nil, usage(errors.New("--shard and --new-from-image do not go together: an image that is compared is scanned by one job"))
	}
	s := &gate.Share{Places: make(map[string]int)}
	var err error
	if s.Index, s.Of, err = parseShard(o.shard); err != nil {
		return nil, err
	}
	s.Histories = slices.ContainsFunc(p.targets, func(t target) bool { return t.scheme == "git" })
	s.Plan, err = p.plan(sys, s.Of)
	return s, err
}

// places gives every target that is no history its place among them; -1 for others.
func (p *prepared) places() []int {
	places := make([]int, len(p.targets))
	n := 0
	for i, t := range p.targets {
		if places[i] = -1; t.scheme != "git" {
			places[i] = n
			n++
		}
	}
	return places
}

// plan is a digest of what the whole run is to do and how, shards aside: every flag and
// variable that can change a verdict, whatever is added to them later, and the files that
// they name.
func (p *prepared) plan(sys System, of int) (string, error) {
	type read struct{ Path, Ref, Digest, Under string }
	o := p.options
	settings, err := settingsOf(o.flags)
	if err != nil {
		return "", err
	}
	plan := struct {
		Version, Commit, Event  string
		Of                      int
		Targets                 []string
		Policies                []read
		Settings                []string
		Hadolint                []dockerfile.Variable
		DefaultBranch, InChange bool
	}{
		Version: Version, Commit: p.commit, Event: string(o.event), Of: of, Settings: settings, Hadolint: hadolintVariables(sys.Getenv),
		DefaultBranch: o.defaultBranch, InChange: o.inChange,
	}
	for _, t := range p.targets {
		plan.Targets = append(plan.Targets, t.name())
	}
	for _, pol := range p.policies.loaded {
		plan.Policies = append(plan.Policies, read{pol.Path, pol.Ref, pol.Digest, pol.Under})
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("writing the plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// namesFiles are the flags whose values name files, or may: what is in them counts, and not
// where a job has put them.
var namesFiles = []string{"policy", "baseline", "baseline-run", "vex", "gitleaks-config", "gitleaks-baseline", "hadolint-config", "db", "db-source", "shellcheck"}

// settingsOf are the flags that are set and can change a verdict, in the order of their
// names.
func settingsOf(flags *pflag.FlagSet) ([]string, error) {
	var all []string
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		if e, known := flagEffects[f.Name]; known && e == neutral || sameAsDefault(f) {
			return
		}
		values := []string{f.Value.String()}
		if set, ok := f.Value.(pflag.SliceValue); ok {
			values = slices.Clone(set.GetSlice())
		}
		for i, v := range values {
			values[i] = strings.TrimSpace(v)
			if slices.Contains(namesFiles, f.Name) {
				digest, err := contentOf(values[i])
				if err != nil {
					errs = append(errs, usage(fmt.Errorf("--%s: %w", f.Name, err)))
				}
				values[i] = cmp.Or(digest, values[i])
			}
		}
		slices.Sort(values)
		all = append(all, f.Name+"="+strings.Join(slices.Compact(values), "\n"))
	})
	return all, errors.Join(errs...)
}

// contentOf is a digest of a file or folder; empty for what is none.
func contentOf(name string) (string, error) {
	root, err := os.Stat(name)
	if err != nil || !root.Mode().IsRegular() && !root.IsDir() {
		return "", nil //nolint:nilerr // the name of something else, or a file of the trusted branch
	}
	sum := sha256.New()
	add := func(name, path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // only read from
		content := sha256.New()
		if _, err := io.Copy(content, f); err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%q %x\n", name, content.Sum(nil))
		return err
	}
	if root.IsDir() {
		err = fs.WalkDir(os.DirFS(name), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return add(path, filepath.Join(name, filepath.FromSlash(path)))
		})
	} else {
		err = add("", name)
	}
	if err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// head is the commit that the run's one anchor holds on to, else that of the repository
// that the targets lie in; empty where there is none, or there are several.
func (p *prepared) head(ctx context.Context) (string, error) {
	if all := p.options.anchors.all(); len(all) == 1 && all[0].head != "" {
		return all[0].head, nil
	}
	var repo *git.Repo
	for _, t := range p.targets {
		if !t.isTree() {
			continue
		}
		real, err := realPath(t.dir())
		if err != nil {
			return "", nil //nolint:nilerr // the target itself will say so
		}
		found, err := git.Find(ctx, real)
		switch {
		case errors.Is(err, git.ErrNoRepository):
			return "", nil
		case err != nil:
			return "", err
		case repo != nil && repo.Root != found.Root:
			return "", nil
		}
		repo = found
	}
	if repo == nil || repo.Available() != nil {
		return "", nil //nolint:nilerr // without git nobody knows the commit
	}
	objects, err := repo.Objects(ctx)
	if err != nil {
		return "", err
	}
	head, err := objects.Head(ctx)
	return head, errors.Join(err, objects.Close())
}

// opens says whether a target is opened in this shard. Of images that are due elsewhere
// others may have been built upon, which only a tree's FROM can tell.
func (p *prepared) opens(t target, place int, share *gate.Share) bool {
	if share == nil || t.scheme == "git" || t.scheme == "dir" || t.scheme == "staged" || t.scheme == "stdin" || share.Due(place) {
		return true
	}
	return t.isImage() && !p.options.inChange && slices.ContainsFunc(p.targets, func(t target) bool { return t.scheme == "dir" })
}
