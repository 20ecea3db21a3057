package packages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// LibraryVersion is the version of the extraction library; it decides with this
// package's own code what a file gives.
const LibraryVersion = "v0.5.3"

// engine changes whenever a matcher or a reader of this package makes something
// else of the same file.
const engine = "7"

// CacheKey implements scan.Scanner. Parts hold packages, not advisories: they do
// not depend on the database.
func (s *Scanner) CacheKey() string { return cacheKey(treeFormats(nil), imageFormats(nil)) }

// cacheKey names everything that a part depends on beside its file.
func cacheKey(tables ...[]format) string {
	h := sha256.New()
	for i, table := range tables {
		for _, f := range table {
			_, _ = fmt.Fprintf(h, "%d %q %d %t %t %t\n", i, f.name, f.max, f.asked, f.loose, f.unread)
		}
	}
	return "packages/" + partVersion + "/" + engine + " osv-scalibr/" + LibraryVersion + " formats/" + hex.EncodeToString(h.Sum(nil)[:8])
}
