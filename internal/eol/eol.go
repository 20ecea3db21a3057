// Package eol knows when versions of distributions, languages and databases stop
// getting security updates.
package eol

import (
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// Ending is the last day on which a version of a product is maintained, as
// "2006-01-02". The date is empty where it is not known.
type Ending struct{ Product, Version, Date string }

// Product is a thing with versions. The zero value has none.
type Product struct {
	name string
	// parts is how many numbers of a version tell it from others.
	parts int
	ends  map[string]string
}

// Image gives what an official image is made of, by its short name: "debian",
// "node"; false where nothing is known of it.
func Image(name string) (Product, bool) {
	p, ok := maintained[name]
	return p, ok
}

// Version finds a version of a product. A tag with fewer numbers follows the newest
// of them: it has ended where all have, and a greater first number came after.
func (p Product) Version(text string) Ending {
	numbers := strings.Split(strings.TrimPrefix(text, "v"), ".")
	if len(numbers) >= p.parts {
		short := strings.Join(numbers[:p.parts], ".")
		return Ending{p.name, short, p.ends[short]}
	}
	major, err := strconv.Atoi(text)
	if err != nil {
		return Ending{}
	}
	last, newer := "", false
	for version, date := range p.ends {
		first, _, _ := strings.Cut(version, ".")
		switch n, err := strconv.Atoi(first); {
		case err != nil:
		case n == major:
			last = max(last, date)
		case n > major:
			newer = true
		}
	}
	if !newer {
		return Ending{}
	}
	return Ending{p.name, text, last}
}

// distributions are the products by what os-release calls them.
var distributions = map[string]string{
	"debian": "debian", "ubuntu": "ubuntu", "alpine": "alpine", "centos": "centos", "fedora": "fedora", "amzn": "amazonlinux",
	"opensuse-leap": "opensuse/leap", "ol": "oraclelinux", "rocky": "rockylinux", "almalinux": "almalinux", "rhel": "redhat",
}

// Distribution finds a release of a distribution by what it says of itself. Releases
// that are not out yet have no number, and end nowhere.
func Distribution(d inventory.Distro) Ending {
	p, ok := Image(distributions[d.ID])
	version := d.VersionID
	if !ok || version == "" || strings.Contains(version, "_") {
		return Ending{}
	}
	if d.ID == "centos" && strings.Contains(d.Pretty, "Stream") {
		version = "stream" + version
	}
	// An os-release names one release, never the newest of several.
	if strings.Count(version, ".")+1 < p.parts {
		return Ending{}
	}
	return p.Version(version)
}
