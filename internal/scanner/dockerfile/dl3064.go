package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3064", Severity: finding.Medium,
	Title:       "ARG or ENV is called like a secret",
	Remediation: "Hand secrets in with RUN --mount=type=secret, or when the container starts",
	Controls:    []string{"cis-docker-1.6:4.10"},
}, onInstruction(func(r *report, i *instruction) {
	for _, p := range i.pairs() {
		if secretName(p.key) {
			r.at(i, p.keySpan, i.keyword+" "+p.key, "%s %s is called like a secret, and stays in the image's history", i.keyword, quote(p.key))
		}
	}
}, "ARG", "ENV"))

// sensitiveWords give a name away wherever they stand in it.
var sensitiveWords = []string{"api_key", "client_key", "password", "private", "secret", "token", "username"}

// sensitiveNames are names that services gave to secrets, without any of the words.
var sensitiveNames = []string{
	"amazon_aws_access_key_id", "aws_access_key_id", "binance_api", "bundle_enterprise__contribsys__com",
	"bundle_gems__contribsys__com", "ci_job_jwt", "ci_job_jwt_v2", "consumer_key", "cypress_record_key",
	"sauce_access_key", "vultr_access",
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(sensitiveNames, name) ||
		slices.ContainsFunc(sensitiveWords, func(word string) bool { return strings.Contains(name, word) })
}
