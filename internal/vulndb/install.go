package vulndb

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The names of what is not yet, or never, part of a database.
const (
	lockFile   = ".lock"
	tempPrefix = ".new-"
	partPrefix = ".part-" // what was fetched in part
	stateFile  = "fetched.json"
	hideFile   = ".gitignore" // of whoever has the folder in a work tree
)

// errLocked says that another process writes the same database.
var errLocked = errors.New("another boltseal is writing it: wait for that one")

// Install puts the database into a folder, which is made, is empty or holds a
// database. Files are written beside the old ones under names of their own; the
// manifest replaces the old one in one step. Until then the old database is whole,
// and whoever has it open keeps it.
func (i *Image) Install(dir string) (err error) {
	unlock, err := prepareDir(dir, lockDir)
	if err != nil {
		return fmt.Errorf("writing database %q: %w", dir, err)
	}
	defer func() { unlock(err == nil) }()
	return i.replace(dir)
}

// prepareDir makes a folder ready to be written to and locks it. What it made is
// taken back by unlock where the writing did not come off.
func prepareDir(dir string, lock func(string) (func(), error)) (unlock func(written bool), err error) {
	_, before := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // what is public may be read by all
		return nil, err
	}
	undo := func(written bool) {
		if !written && errors.Is(before, fs.ErrNotExist) {
			_ = os.Remove(dir) // if nothing is in it
		}
	}
	if err := checkTarget(dir); err != nil {
		undo(false)
		return nil, err
	}
	free, err := lock(dir)
	if err != nil {
		undo(false)
		return nil, err
	}
	return func(written bool) {
		free()
		undo(written)
	}, nil
}

// replace puts the database into a folder that is locked.
func (i *Image) replace(dir string) error {
	if err := i.write(dir); err != nil {
		return fmt.Errorf("writing database %q: %w", dir, err)
	}
	removeOld(dir, i.Manifest)
	return nil
}

// write writes the files and then the manifest. What it wrote is gone again where it
// fails.
func (i *Image) write(dir string) (err error) {
	manifest, err := i.Manifest.bytes()
	if err != nil {
		return err
	}
	if i.raw != nil {
		manifest = i.raw
	}
	var fresh []string
	defer func() {
		if err != nil {
			for _, path := range fresh {
				_ = os.Remove(path)
			}
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(i.files)) {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			fresh = append(fresh, path)
		}
		if err := writeSynced(path, i.files[name]); err != nil {
			return err
		}
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(dir, manifestFile), manifest); err != nil {
		return err
	}
	fresh = nil
	return syncDir(dir)
}

// checkTarget refuses a folder with files of somebody else's.
func checkTarget(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if _, err := ReadManifest(dir); !errors.Is(err, ErrNotDatabase) {
		return nil // ours, be it damaged
	}
	for _, e := range entries {
		if !ours(e.Name()) {
			return fmt.Errorf("it is no database and not empty (it holds %q): name a new folder", clip(e.Name(), 60))
		}
	}
	return nil
}

func ours(name string) bool {
	return name == hideFile || name == lockFile || name == stateFile || strings.HasPrefix(name, tempPrefix) || strings.HasPrefix(name, partPrefix) || databaseFile().MatchString(name)
}

// writeSynced writes a file so that it is there whole or not at all.
func writeSynced(path string, data []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// removeOld removes files that no manifest names any more. What cannot be removed,
// because a process of another system has it open, goes the next time. Halves of
// what was being fetched stay for the next attempt.
func removeOld(dir string, m *Manifest) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	wanted := map[string]bool{lockFile: true, stateFile: true, hideFile: true}
	for _, f := range m.files() {
		wanted[f.Name] = true
	}
	for _, e := range entries {
		if name := e.Name(); ours(name) && !wanted[name] && !strings.HasPrefix(name, partPrefix) {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}
