package secrets

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func defaultIDs(t testing.TB) []string {
	t.Helper()
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(rules.rules))
	for _, r := range rules.rules {
		ids = append(ids, r.RuleID)
	}
	return ids
}

func knownRules(t testing.TB) map[string]bool {
	t.Helper()
	known := make(map[string]bool)
	for _, id := range defaultIDs(t) {
		known[id] = true
	}
	for _, r := range credRules {
		known[r.id] = true
	}
	return known
}

func TestEveryRuleSaysHowToRotate(t *testing.T) {
	pages := 0
	generic := rotate("")
	for id := range knownRules(t) {
		text := rotate(id)
		if text == "" || text == generic || strings.HasSuffix(text, ".") || strings.ContainsAny(text, "\n") {
			t.Errorf("rotate(%q) = %q; want one line of its own without a full stop", id, text)
		}
		if strings.Contains(text, "https://") {
			pages++
		}
	}
	t.Logf("%d rules name their provider's page", pages)
}

func TestRotateTablesNameRulesOfTheSet(t *testing.T) {
	known := knownRules(t)
	seen := make(map[string]string)
	check := func(table, id string) {
		if !known[id] {
			t.Errorf("%s: %q is no rule of the set", table, id)
		}
	}
	for _, i := range issuers {
		for _, id := range i.rules {
			check("issuers", id)
			if other := seen[id]; other != "" {
				t.Errorf("%q is issued by %s and %s", id, other, i.name)
			}
			seen[id] = i.name
		}
		if i.page == "" {
			continue
		}
		u, err := url.Parse(i.page)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			t.Errorf("page of %s: %q is no plain https address", i.name, i.page)
		}
	}
	for id := range remedies {
		check("remedies", id)
	}
	for _, id := range slices.Concat(identifierRules, publicRules) {
		check("identifierRules, publicRules", id)
		if seen[id] == "" {
			t.Errorf("%q has no issuer", id)
		}
	}
}

func TestRotate(t *testing.T) {
	for name, test := range map[string]struct{ rule, want string }{
		"a token whose issuer has a page":  {"npm-access-token", "Revoke it at npm and issue a new one (https://docs.npmjs.com/revoking-access-tokens)"},
		"a token whose issuer has none":    {"lob-api-key", "Revoke it in the settings of Lob and issue a new one"},
		"the name of an account":           {"plaid-client-id", "It opens nothing alone: look whether the secret that belongs to it leaked as well, and replace that at Plaid (https://plaid.com/docs/account/security/)"},
		"a key that is made to be public":  {"mapbox-api-token", "Such a key is made to be public: if this one was not meant to be, replace it at Mapbox (https://docs.mapbox.com/help/account/tokens/)"},
		"a public key without a page":      {"lob-pub-api-key", "Such a key is made to be public: if this one was not meant to be, replace it at Lob"},
		"what no issuer can take back":     {"kubernetes-secret-yaml", "Base64 hides nothing: replace each value of the Secret where it was issued"},
		"a rule of somebody else's making": {"acme-token", "Revoke it where it was issued, and issue a new one"},
	} {
		if got := rotate(test.rule); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
