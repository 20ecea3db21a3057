package cli

import (
	"errors"
	"os"
	"path/filepath"
)

// writeFile writes a file whole or not at all: a reader never sees half of it, and
// an old one stays when writing fails. What is no regular file, a pipe or a device,
// is written to and never replaced.
func writeFile(path string, write func(*os.File) error) (err error) {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		mode = info.Mode().Perm() // as whoever made it wanted
	} else if err == nil {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".boltseal-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name()) //nolint:errcheck // the error that counts is err
		}
	}()
	if err := write(f); err != nil {
		f.Close() //nolint:errcheck // the error that counts is err
		return err
	}
	if err := f.Chmod(mode); err != nil {
		f.Close() //nolint:errcheck // the error that counts is err
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
