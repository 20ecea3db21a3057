package imageconfig

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/remote-add",
	Title:       "A file was downloaded into the image by ADD",
	Severity:    finding.Info,
	Remediation: "Give ADD a --checksum, or download in a RUN that checks the file and removes what it does not need",
	Controls:    []string{"cis-docker-1.6:4.9"},
}, look{find: remoteAdds, config: true})

// remoteAdds reads the history as BuildKit writes it, without flags. The classic
// builder writes a hash in place of the address.
func remoteAdds(img *image) []issue {
	var issues []issue
	for _, text := range img.instructions("ADD") {
		for _, word := range strings.Fields(text)[1:] {
			address, ok := remoteAddress(word)
			if !ok {
				continue
			}
			issues = append(issues, issue{
				message:     "history says that ADD downloaded " + strconv.Quote(address) + ", and not whether anything checked it",
				subject:     address,
				instruction: "ADD " + address,
			})
		}
	}
	return issues
}

// remoteAddress gives an address without user and query, which can hold passwords.
func remoteAddress(word string) (string, bool) {
	u, err := url.Parse(word)
	if err != nil || u.Host == "" {
		return "", false
	}
	switch u.Scheme {
	case "http", "https", "ftp":
	default:
		return "", false
	}
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return brief(clean.String()), true
}
