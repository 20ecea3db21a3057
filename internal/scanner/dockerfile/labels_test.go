package dockerfile

import (
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/licence"
)

// everyRule is a configuration that leaves no rule without work.
func everyRule() *Native {
	n := &Native{
		Severities: make(map[string]finding.Severity), TrustedRegistries: []string{"ghcr.io"}, StrictLabels: true,
		Labels: map[string]LabelType{
			"team": LabelText, "home": LabelURL, "built": LabelTime, "version": LabelVersion, "licence": LabelLicence,
			"revision": LabelCommit, "contact": LabelEmail,
		},
	}
	for _, d := range declared {
		if d.Off {
			n.Severities[d.ID] = d.Severity
		}
	}
	return n
}

// TestLabelTypes goes through what the pages of the rules have no room for.
func TestLabelTypes(t *testing.T) {
	for name, c := range map[string]struct {
		valid     func(string) bool
		good, bad []string
	}{
		"url": {
			isURL,
			[]string{"http://a", "https://user@example.org/x?y#z", "ftp://example.org/", "mailto:a@b", "file:///etc/x", "urn:isbn:1", "https://[::1]:80/"},
			[]string{"", "a", "example.org/x", "//example.org", "https://", "http://a b", "https:", "file:", ":x", "http://%zz", "1http://a"},
		},
		"time": {
			isTime,
			[]string{"2024-02-29T00:00:00Z", "2024-06-20T10:11:12.1+14:00", "2024-06-20t10:11:12z", "2016-12-31T23:59:60Z"},
			[]string{"", "2024-06-20", "2024-02-30T00:00:00Z", "2024-06-20 10:11:12Z", "2024-06-20T10:11:12", "2024-06-20T1:11:12Z", "2024-06-20T10:11:12,5Z", "2024-06-20T10:60:12Z", "2024-06-20T10:11:61Z", "2024-06-20T10:11:12+0200", "2024-06-20T10:11:12+25:00", "2024-06-20T10:11:12+02:60"},
		},
		"licence": {
			licence.Valid,
			[]string{
				"MIT", "mit", "0BSD", "GPL-3.0", "GPL-2.0+", "Apache-2.0+", "GPL-2.0-or-later", "MIT OR Apache-2.0", "MIT and ISC",
				"(MIT)", "((MIT) AND (ISC OR 0BSD))", "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT", "LicenseRef-a.b-1",
				"DocumentRef-x:LicenseRef-y", "MIT WITH AdditionRef-z", "MIT WITH DocumentRef-x:AdditionRef-z", " MIT\tOR  ISC ",
			},
			[]string{
				"", "()", "MIT ISC", "OR MIT", "MIT OR", "MIT AND AND ISC", "(MIT", "MIT)", "MIT)(ISC", "MIT (ISC)", "MIT WITH", "MIT WITH MIT",
				"(MIT) WITH Classpath-exception-2.0", "WITH Classpath-exception-2.0", "Classpath-exception-2.0", "MIT Or ISC", "MIT/ISC", "MIT +",
				"LicenseRef-", "licenseref-a", "LicenseRef-a_b", "LicenseRef-ä", "DocumentRef-:LicenseRef-y", "DocumentRef-x:MIT", "Ref-x:LicenseRef-y",
				"LicenseRef-a+", "AdditionRef-z", "NONE", "Proprietary", "+",
			},
		},
		"commit": {
			isCommit,
			[]string{"0a1b2c3", "ABCDEF0", "0123456789abcdef0123456789abcdef01234567"},
			[]string{"", "0a1b2c", "0a1b2c3d", "0a1b2cg", "0123456789abcdef0123456789abcdef0123456", " a1b2c3"},
		},
		"version": {
			isVersion,
			[]string{"0.0.0", "1.2.3", "10.20.30", "1.0.0-0", "1.0.0-alpha.1.x-y", "1.0.0--", "1.0.0-0a", "1.0.0+001", "1.0.0-a+b.c", "99999999999999999999.0.0"},
			[]string{"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.03", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3-01", "1.2.3-a_b", "1.2.3+a+b", "-1.2.3", "1.2.x", "1.2.3 ", "１.2.3"},
		},
		"address": {
			isAddress,
			[]string{"a@b", "first.last+tag@mail.example.org", "root@localhost"},
			[]string{"", "a", "@b", "a@", "a@b@c", "Ops <ops@example.org>", "<ops@example.org>", "a b@c", "a@b, c@d", "a@b (x)"},
		},
	} {
		for _, text := range c.good {
			if !c.valid(text) {
				t.Errorf("%q is no %s", text, name)
			}
		}
		for _, text := range c.bad {
			if c.valid(text) {
				t.Errorf("%q is taken for a %s", text, name)
			}
		}
	}
}
