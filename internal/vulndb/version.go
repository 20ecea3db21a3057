package vulndb

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/osv-scalibr/semantic"

	"github.com/boltseal/boltseal/internal/inventory"
)

// maxVersion bounds a version; the comparators take time and memory for long ones.
const maxVersion = 512

var (
	errVersionLong  = fmt.Errorf("longer than %d bytes", maxVersion)
	errVersionUTF8  = errors.New("not valid UTF-8")
	errVersionEmpty = errors.New("empty")
	errVersionWord  = errors.New("not a version")
)

// Compare orders two versions as their ecosystem does: -1, 0 or 1.
func Compare(ecosystem, a, b string) (int, error) {
	c, err := newComparator(ecosystem, a)
	if err != nil {
		return 0, err
	}
	return c.compare(b)
}

// comparator compares one version, parsed once, with others, of which each is parsed
// once as well: the same few are asked for again and again. It is for one goroutine.
type comparator struct {
	family string
	text   string
	parsed semantic.Version
	others map[string]parsedVersion
}

type parsedVersion struct {
	version semantic.Version
	err     error
}

func newComparator(ecosystem, version string) (*comparator, error) {
	c := &comparator{family: inventory.Family(ecosystem), others: make(map[string]parsedVersion)}
	return c.to(ecosystem, version)
}

// to is the comparator of another version, which knows what c knows.
func (c *comparator) to(ecosystem, version string) (*comparator, error) {
	if err := plausible(c.family, version); err != nil {
		return nil, &VersionError{ecosystem, version, err}
	}
	parsed := c.parse(version)
	if parsed.err != nil {
		return nil, &VersionError{ecosystem, version, parsed.err}
	}
	return &comparator{family: c.family, text: version, parsed: parsed.version, others: c.others}, nil
}

func (c *comparator) parse(version string) (p parsedVersion) {
	p, known := c.others[version]
	if known {
		return p
	}
	defer func() {
		if v := recover(); v != nil {
			p = parsedVersion{err: fmt.Errorf("panic: %v", v)}
		}
		c.others[version] = p
	}()
	p.version, p.err = semantic.Parse(version, orderOf(c.family))
	return p
}

// compare gives -1 where c's version is older than other, 0, or 1.
func (c *comparator) compare(other string) (order int, err error) {
	if other == c.text {
		return 0, nil
	}
	if len(other) > maxVersion {
		return 0, &VersionError{c.family, other, errVersionLong}
	}
	defer func() {
		if v := recover(); v != nil {
			order, err = 0, &VersionError{c.family, other, fmt.Errorf("panic: %v", v)}
		}
	}()
	parsed := c.parse(other)
	if parsed.err != nil {
		return 0, &VersionError{c.family, other, parsed.err}
	}
	if order, err = c.parsed.Compare(parsed.version); err != nil {
		return 0, &VersionError{c.family, other, err}
	}
	return sign(order), nil
}

// orderOf names the order that a family's versions have, where the library does
// not know the family by its own name.
func orderOf(family string) string {
	switch family {
	case "Azure Linux", "Photon OS", "Fedora", "Oracle Linux", "Amazon Linux", "CentOS":
		return "Red Hat"
	case "GitHub Actions", "VSCode":
		return "npm"
	case "opam": // "the algorithm from Debian": https://github.com/ocaml/opam/issues/4272
		return "Debian"
	}
	return family
}

// plausible refuses what the comparators would take for some version or other
// although it is none: most of them never fail, and a guess is not an answer.
func plausible(family, v string) error {
	switch {
	case v == "":
		return errVersionEmpty
	case len(v) > maxVersion:
		return errVersionLong
	case !utf8.ValidString(v):
		return errVersionUTF8
	case family == "Packagist": // branches have names: dev-main
		return nil
	case !strings.ContainsAny(v, "0123456789") || strings.Contains(v, "${"):
		return errVersionWord
	}
	return nil
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// clip shortens s to at most n bytes for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
