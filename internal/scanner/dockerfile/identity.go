package dockerfile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxIdentity is the longest text that a finding is identified by as it is, in bytes.
const maxIdentity = 4 << 10

// bounded shortens what identifies a finding: many findings can be in one long
// instruction, and each of them keeps its identity. The hash makes up for the rest.
func bounded(identity string) string {
	if len(identity) <= maxIdentity {
		return identity
	}
	const kept = 256
	identity = strings.Join(strings.Fields(identity), " ")
	sum := sha256.Sum256([]byte(identity))
	return strings.ToValidUTF8(identity[:min(kept, len(identity))], "") + " " + hex.EncodeToString(sum[:])
}

// identity is the instruction's text as findings are identified by it: of ENV, ARG
// and LABEL the names, without values. It is made once.
func (i *instruction) identity() string {
	if i.identified == "" {
		i.identified = bounded(i.normalised())
	}
	return i.identified
}
