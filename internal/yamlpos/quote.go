package yamlpos

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plain is what needs no quotes, in a flow collection neither: a word that starts
// with a letter.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./+-]*$`)

// reserved are words that some YAML reader takes for something else than a string.
var reserved = []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

// Quote writes a string so that it is read back as it is, wherever it stands.
func Quote(s string) string {
	if plain.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)) {
		return s
	}
	// Go's escapes are a subset of those of a double-quoted YAML scalar
	// (https://yaml.org/spec/1.2.2/#57-escaped-characters).
	return strconv.Quote(s)
}
