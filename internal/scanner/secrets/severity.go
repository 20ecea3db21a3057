package secrets

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
)

// critical are the beginnings of the rule ids whose secrets open everything:
// private keys, and the accounts of cloud providers.
var critical = []string{
	"age-secret-key", "alibaba-", "aws-", "azure-", "digitalocean-", "gcp-",
	"pkcs12-file", "private-key", "vault-", "yandex-",
}

// vague are the rules that recognise a secret by the words around it, or find
// what is a secret only sometimes.
var vague = []string{
	"curl-auth-header", "curl-auth-user", "generic-api-key", "jwt", "jwt-base64",
	"kubernetes-secret-yaml", "sidekiq-sensitive-url",
}

// severityOf is the severity of a rule's findings: critical for private keys and
// cloud accounts, medium for what is told from its surroundings only, else high.
func severityOf(id string) finding.Severity {
	switch {
	case slices.Contains(vague, id) || isGeneric(id):
		return finding.Medium
	case slices.ContainsFunc(critical, func(p string) bool { return strings.HasPrefix(id, p) }):
		return finding.Critical
	}
	return finding.High
}

// isGeneric is the engine's own test: such a rule gives way to any other.
func isGeneric(id string) bool {
	return strings.Contains(strings.ToLower(id), "generic")
}
