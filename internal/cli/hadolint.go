package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
)

// hadolintConfigs are hadolint's own files, as it looks for them.
var hadolintConfigs = []string{".hadolint.yaml", ".hadolint.yml"}

// hadolintHomes are where hadolint looks where the tree brings no file: below the
// folder of a variable, or below another one of the home folder's.
var hadolintHomes = []struct {
	variable, below string
	names           []string
}{
	{"XDG_CONFIG_HOME", ".config", []string{"hadolint.yaml", "hadolint.yml"}},
	{"", ".hadolint", []string{"hadolint.yaml", "hadolint.yml", "config.yaml", "config.yml"}},
	{"", "", hadolintConfigs},
}

// hadolints reads hadolint's own configuration for each target: the file that the
// user named, else the first of those in the target's folder, at the root of its
// repository, in the current folder and in the home folder. Files are not merged;
// variables count beside them. In a change the file is that of the commit that it
// starts from, and neither home nor variables are its author's to set.
func (o scanOptions) hadolints(ctx context.Context, sys System, targets []target) (map[string]dockerfile.Native, error) {
	var variables []dockerfile.Variable
	if !o.inChange {
		variables = hadolintVariables(sys.Getenv)
	}
	all := make(map[string]dockerfile.Native)
	for _, t := range targets {
		if !t.isTree() && t.scheme != "stdin" {
			continue
		}
		found, err := o.hadolint(ctx, sys, t)
		if err != nil {
			return nil, err
		}
		var file *dockerfile.File
		if found != nil {
			file = &dockerfile.File{Name: found.name, Text: found.text}
		}
		if all[t.name()], err = dockerfile.NewNative(variables, file); err != nil {
			return nil, usage(err)
		}
	}
	return all, nil
}

// hadolint finds the file for one target; nil where there is none.
func (o scanOptions) hadolint(ctx context.Context, sys System, t target) (*nativeFile, error) {
	if o.hadolintConfig != "" {
		return namedFile(o.hadolintConfig)
	}
	folders := []string{t.dir()}
	if !o.inChange {
		folders = append(folders, ".") // the only one that hadolint knows
	}
	for _, folder := range folders {
		files, ok, err := o.nativeFilesOf(ctx, folder)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if found, err := files.first(hadolintConfigs...); found != nil || err != nil {
			return found, err
		}
	}
	if o.inJob {
		return nil, nil //nolint:nilnil // what lies in a runner's home is nobody's
	}
	return hadolintAtHome(sys.Getenv)
}

// hadolintAtHome finds the user's own file; nil where there is none. It goes by a
// name that is the same on every machine.
func hadolintAtHome(getenv func(string) string) (*nativeFile, error) {
	home := getenv("HOME")
	if home == "" {
		home = getenv("USERPROFILE")
	}
	for _, h := range hadolintHomes {
		dir, shown := filepath.Join(home, h.below), filepath.Join("~", h.below)
		switch set := h.variable != "" && filepath.IsAbs(getenv(h.variable)); {
		case set:
			dir, shown = getenv(h.variable), "$"+h.variable
		case !filepath.IsAbs(home):
			continue
		}
		for _, name := range h.names {
			if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			f, err := namedFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			f.name = filepath.ToSlash(filepath.Join(shown, name))
			return f, nil
		}
	}
	return nil, nil //nolint:nilnil // there is none
}
