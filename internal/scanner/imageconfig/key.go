package imageconfig

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// sources is the code of this package. A part says that some rule looks at an
// entry, and rules are functions: nothing less tells whether one of them changed.
//
//go:embed *-*.go accounts.go history.go key.go labels.go older.go program.go reference.go rule.go scanner.go sudo.go sudoers.go texts.go
var sources embed.FS

// keyOf is a hash over files. A comment that changes is another key as well, which
// costs one scan without the cache.
func keyOf(files fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		_, _ = fmt.Fprintf(h, "%q %d\n%s", path, len(data), data)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:16]), err
}
