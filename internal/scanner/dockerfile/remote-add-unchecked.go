package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/remote-add-unchecked", Severity: finding.Medium,
	Title:       "ADD downloads a file without a checksum",
	Remediation: "Name its checksum: ADD --checksum=sha256:…",
	Controls:    []string{"cis-docker-1.6:4.11"},
}, onBuilding(func(r *report, i *instruction) {
	if _, checked := i.flag("checksum"); checked || len(i.words) == 0 {
		return
	}
	for n, w := range i.words[:len(i.words)-1] {
		source := unquote(w.text)
		if web(source) && !repository(source) {
			r.part(i, i.wordSpan(n), "ADD downloads %s without a checksum", quote(withoutUser(source)))
		}
	}
}, "ADD"))

// web says whether a source is an address of the web.
func web(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// repository says whether a source of ADD is taken for a git repository.
func repository(source string) bool {
	if strings.HasPrefix(source, "git@") || strings.HasPrefix(source, "git://") || strings.HasPrefix(source, "ssh://") {
		return true
	}
	address, _, _ := strings.Cut(source, "#")
	address, _, _ = strings.Cut(address, "?")
	return web(source) && strings.HasSuffix(address, ".git")
}

// withoutUser drops what stands before the host of an address, which may be a
// password, and the query, which may hold a token.
func withoutUser(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	rest, _, _ = strings.Cut(rest, "?")
	host, path, slash := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if slash {
		host += "/" + path
	}
	return scheme + "://" + host
}
