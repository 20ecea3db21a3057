package secrets

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
)

// graded are the default rules whose findings are not of high severity, by class.
// Every other rule of the set, and every rule of somebody else, finds tokens of one
// provider: high. A test pins the class of each rule of the set.
var graded = []struct {
	severity finding.Severity
	rules    []string
}{
	// Private keys, accounts of clouds and hosting platforms, and what opens the
	// store of all other secrets: whoever has it needs nothing else.
	{finding.Critical, []string{
		"1password-secret-key", "1password-service-account-token",
		"age-secret-key",
		"alibaba-secret-key",
		"aws-access-token", "aws-amazon-bedrock-api-key-long-lived", "aws-amazon-bedrock-api-key-short-lived",
		"azure-ad-client-secret",
		"cloudflare-global-api-key",
		"digitalocean-access-token", "digitalocean-pat", "digitalocean-refresh-token",
		"doppler-api-token",
		"flyio-access-token",
		"gcp-api-key",
		"hashicorp-tf-api-token",
		"heroku-api-key", "heroku-api-key-v2",
		"openshift-user-token",
		"private-key",
		"scalingo-api-token",
		"vault-batch-token", "vault-service-token",
		"yandex-access-token", "yandex-api-key", "yandex-aws-access-token",
	}},
	// Told from the words around them only, good for a short time, or good for one
	// narrow thing: to post a message, to read a feed, published content or flags.
	{finding.Medium, []string{
		"contentful-delivery-api-token",
		"curl-auth-header", "curl-auth-user",
		"dropbox-short-lived-api-token",
		"generic-api-key",
		"gitlab-cicd-job-token",
		"gitlab-feature-flag-client-token", "gitlab-feed-token", "gitlab-incoming-mail-token",
		"hashicorp-tf-password",
		"jwt", "jwt-base64",
		"kubernetes-secret-yaml",
		"microsoft-teams-webhook", "slack-webhook-url",
		"sidekiq-sensitive-url",
	}},
	// Public by design, for test systems by their id, or the name of an account
	// that opens nothing without the secret that belongs to it.
	{finding.Low, []string{
		"adobe-client-id", "asana-client-id", "bitbucket-client-id", "discord-client-id",
		"easypost-test-api-token",
		"flutterwave-public-key",
		"linkedin-client-id",
		"lob-pub-api-key",
		"looker-client-id",
		"mailgun-pub-key",
		"mapbox-api-token", // the rule wants a public token, which begins with "pk."
		"messagebird-client-id",
		"new-relic-browser-api-token", "new-relic-user-api-id",
		"plaid-client-id",
		"sendbird-access-id",
		"sumologic-access-id",
	}},
}

// severityOf is the severity of a rule's findings, unless one of them says otherwise:
// see judge.
func severityOf(id string) finding.Severity {
	for _, class := range graded {
		if slices.Contains(class.rules, id) {
			return class.severity
		}
	}
	if isGeneric(id) {
		return finding.Medium
	}
	return finding.High
}

// isGeneric is the engine's own test: such a rule gives way to any other.
func isGeneric(id string) bool {
	return strings.Contains(strings.ToLower(id), "generic")
}

// testModes are how secrets begin that a provider issues for its test system, by
// rule; the rules' own expressions tell them from live ones. They are real: they
// open the test data of an account, but move no money and send nothing.
var testModes = map[string][]string{
	"duffel-api-token":           {"duffel_test_"},
	"flutterwave-encryption-key": {"FLWSECK_TEST-"},
	"flutterwave-secret-key":     {"FLWSECK_TEST-"},
	"lob-api-key":                {"test_"},
	"plaid-api-token":            {"access-sandbox-"},
	"shippo-api-token":           {"shippo_test_"},
	"stripe-access-token":        {"sk_test_", "rk_test_"},
}

// judge gives the severity of one secret that a rule of that severity found, and
// says why where it is a milder one: the reason goes into the finding's message. It
// never changes what is reported.
func judge(rule string, severity finding.Severity, secret string) (finding.Severity, string) {
	if why := exampleSecret(rule, secret); why != "" {
		return finding.Info, why
	}
	for _, prefix := range testModes[rule] {
		if strings.HasPrefix(secret, prefix) {
			return min(severity, finding.Low), "it is for the provider's test system"
		}
	}
	if rule == "private-key" && keyEncrypted(secret) {
		return min(severity, finding.Medium), "the key is encrypted: it is as safe as its passphrase"
	}
	return severity, ""
}
