package finding

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// Identity is what identifies a finding beside its rule, never a line number, a
// timestamp or a machine path. Two findings of one rule with equal identities
// are the same finding, seen again.
type Identity []string

// SecretIdentity identifies a secret by its path and the hash of its text. In an
// image the path stands without its layer.
func SecretIdentity(image, path, hash string) Identity {
	return Identity{"secret", image, path, hash}
}

// CommandIdentity identifies a Dockerfile finding by its path and the offending
// command: of a RUN the simple command, else the instruction. White space is
// folded, so that reindenting and rewrapping keep the identity. Values of ENV,
// ARG and LABEL are the caller's to leave out.
func CommandIdentity(path, command string) Identity {
	return Identity{"command", path, strings.Join(strings.Fields(command), " ")}
}

// PackageIdentity identifies an advisory's finding by the package and where it
// is: the lockfile's path, or the image's name where path is empty. The
// ecosystem's release and the package's version are left out: an upgrade that
// does not mend it brings nothing new.
func PackageIdentity(image, path string, p *inventory.Package) Identity {
	if image != "" {
		path = ""
	}
	return Identity{"package", image, path, inventory.Family(p.Ecosystem), p.Name}
}

// ImageIdentity identifies an image finding by the image's name and the rule's
// subject: a path, a user, a port.
func ImageIdentity(image, subject string) Identity {
	return Identity{"image", image, subject}
}

// Hasher hashes secrets so that they can be told apart without being told.
// The zero value has no key.
type Hasher struct {
	// Key is BOLTSEAL_FINGERPRINT_KEY; nil when it is not set.
	Key []byte
}

// Hash gives HMAC-SHA-256 under the key, 32 hexadecimal digits of it; without a
// key 4 digits (16 bits) of a SHA-256: enough to tell two secrets in one file
// apart, too few to confirm a guess.
func (h Hasher) Hash(secret string) string {
	if len(h.Key) == 0 {
		sum := sha256.Sum256([]byte(secret))
		return hex.EncodeToString(sum[:2])
	}
	mac := hmac.New(sha256.New, h.Key)
	mac.Write([]byte(secret))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// fingerprint is "v1:" and 32 hexadecimal digits of a SHA-256 over id and
// identity, each with its length, so that no two lists of parts read alike.
func fingerprint(id string, identity Identity) string {
	text := make([]byte, 0, 256)
	text = append(text, "boltseal/v1"...)
	text = measured(text, id)
	for _, part := range identity {
		text = measured(text, part)
	}
	sum := sha256.Sum256(text)
	return string(hex.AppendEncode([]byte("v1:"), sum[:16]))
}

// measured appends a part with its length, on a line of its own.
func measured(text []byte, part string) []byte {
	text = append(text, '\n')
	text = strconv.AppendInt(text, int64(len(part)), 10)
	text = append(text, ':')
	return append(text, part...)
}

// Seal completes findings: every string that comes from what was scanned passes
// mask, findings are sorted by Compare, and each gets its fingerprint. An
// identity that comes back is counted: the second one ends in "#2", so that
// adding one more is new. Exact duplicates (Compare 0) are dropped. Seal works on
// copies; a nil mask changes nothing.
func Seal(findings []Finding, mask func(string) string) []Finding {
	sealed := make([]Finding, len(findings))
	maskLine := mask
	if mask != nil {
		maskLine = remembered(mask)
	}
	for i, f := range findings {
		sealed[i] = f.masked(mask, maskLine)
		sealed[i].Fingerprint = fingerprint(sealed[i].Rule, sealed[i].Identity)
	}
	slices.SortFunc(sealed, Compare)
	sealed = slices.CompactFunc(sealed, func(a, b Finding) bool { return Compare(a, b) == 0 })
	seen := make(map[string]int, len(sealed))
	for i := range sealed {
		key := sealed[i].Target + "\x00" + sealed[i].Fingerprint
		seen[key]++
		if n := seen[key]; n > 1 {
			sealed[i].Fingerprint = fmt.Sprintf("%s#%d", sealed[i].Fingerprint, n)
		}
	}
	return sealed
}

// Keys are all fingerprints that the finding can be known by: for an advisory
// one per alias, so that a CVE assigned later is not new; for every other
// finding its own. The own one comes first. They are computed from what a run
// file holds.
func (f *Finding) Keys() []string {
	keys := []string{f.Fingerprint}
	if f.Advisory == nil || f.Package == nil {
		return keys
	}
	_, count, counted := strings.Cut(f.Fingerprint, "#")
	identity := PackageIdentity(f.Location.Image, f.Location.Path, f.Package)
	for _, id := range f.IDs() {
		key := fingerprint(id, identity)
		if counted {
			key += "#" + count
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}
