package cli

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path"
)

// replaceFile puts new content in the place of a file below a root: whole or not at
// all, with the old one's mode and, where the system lets us, its owner. It refuses
// what is a link or no regular file, leads out of the root, or is no longer what it
// was.
func replaceFile(root *os.Root, name string, before, after []byte) (err error) {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	now, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return errors.New("it was changed in the meantime: run fix again")
	}
	temp := path.Join(path.Dir(name), ".boltseal-"+rand.Text())
	f, err := root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			root.Remove(temp) //nolint:errcheck // the error that counts is err
		}
	}()
	_, err = f.Write(after)
	if err == nil {
		keepOwner(f, info)
		err = f.Chmod(info.Mode().Perm())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return root.Rename(temp, name)
}
