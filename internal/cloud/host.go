package cloud

import (
	"regexp"
	"strings"
	"sync"
)

// provider is who runs a registry.
type provider int

const (
	amazon provider = iota + 1
	google
	azure
)

// place is a registry of a cloud.
type place struct {
	cloud provider
	host  string // in lower case, without a port

	region string // Amazon's
	fips   bool   // Amazon's, by validated cryptography
	suffix string // what Amazon's hosts of this partition end in, or Azure's of this cloud
}

// The hosts whose registries take a machine's identity, from the first letter to the
// last: a token must go to nobody who has registered a name like them.
var (
	// https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
	ecrForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr(-fips)?\.([a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2})\.(amazonaws\.com(?:\.cn)?)$`)
	})
	googleForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:gcr\.io|[a-z0-9-]+\.gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$`)
	})
	acrForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*\.(azurecr\.(?:io|cn|us))$`)
	})
)

// maxHost is as long as the name of a host can be.
const maxHost = 253

// parseHost tells what registry of which cloud a host is.
func parseHost(host string) (place, bool) {
	host = strings.ToLower(strings.TrimSuffix(host, ":443"))
	if len(host) > maxHost {
		return place{}, false
	}
	if m := ecrForm().FindStringSubmatch(host); m != nil {
		p := place{cloud: amazon, host: host, fips: m[1] != "", region: m[2], suffix: m[3]}
		return p, p.suffix == amazonSuffix(p.region)
	}
	if googleForm().MatchString(host) {
		return place{cloud: google, host: host}, true
	}
	if m := acrForm().FindStringSubmatch(host); m != nil {
		return place{cloud: azure, host: host, suffix: m[1]}, true
	}
	return place{}, false
}

// amazonSuffix is what the hosts of a region end in: China has its own.
func amazonSuffix(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// api is the host that gives tokens for a registry of Amazon's, by the rules of its SDKs.
// https://docs.aws.amazon.com/general/latest/gr/ecr.html
func (p place) api() string {
	name := "api.ecr."
	switch {
	case p.fips && p.suffix == "amazonaws.com":
		name = "ecr-fips."
	case p.fips:
		name = "api.ecr-fips."
	}
	return name + p.region + "." + p.suffix
}
