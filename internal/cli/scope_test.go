package cli

import "testing"

// TestScopesAreToldApart: what differs in one thing is another gate.
func TestScopesAreToldApart(t *testing.T) {
	keys, labels := make(map[string]string), make(map[string]string)
	for name, test := range map[string]struct {
		c ciOptions
		o scanOptions
	}{
		"the plain one":    {ciOptions{path: "."}, scanOptions{}},
		"a folder":         {ciOptions{path: "api"}, scanOptions{}},
		"an image":         {ciOptions{path: ".", images: []string{"docker:api"}}, scanOptions{}},
		"two images":       {ciOptions{path: ".", images: []string{"docker:api", "docker:db"}}, scanOptions{}},
		"a platform":       {ciOptions{path: ".", images: []string{"docker:api"}}, scanOptions{platform: "linux/amd64"}},
		"another platform": {ciOptions{path: ".", images: []string{"docker:api"}}, scanOptions{platform: "linux/arm64"}},
		"a scanner":        {ciOptions{path: "."}, scanOptions{scanners: []string{"secrets"}}},
		"two scanners":     {ciOptions{path: "."}, scanOptions{scanners: []string{"secrets", "packages"}}},
	} {
		s := test.c.scope("", test.o)
		if other, taken := keys[s.key()]; taken {
			t.Errorf("%s and %s have one key", name, other)
		}
		if other, taken := labels[s.label()]; taken {
			t.Errorf("%s and %s are both called %q", name, other, s.label())
		}
		keys[s.key()], labels[s.label()] = name, name
	}
	named := ciOptions{path: "."}
	named.publishing.category = "night"
	amd, arm := named.scope("", scanOptions{platform: "linux/amd64"}), named.scope("", scanOptions{platform: "linux/arm64"})
	if amd.label() != "night" || amd.key() == arm.key() {
		t.Errorf("a name of the user's: %q, %q and %q", amd.label(), amd.key(), arm.key())
	}
}
