package secrets

import (
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// Rules lists every rule for the catalogue. Their pages are made from what the
// engine says of them; a rule comes with no cases, as they would be secrets. It is
// empty where the engine does not load, which New says with an error.
func Rules() []rule.Rule {
	rules, err := defaultRules()
	if err != nil {
		return nil
	}
	out := make([]rule.Rule, 0, len(rules.rules))
	for _, r := range rules.rules {
		out = append(out, rule.Rule{
			Meta: rule.Meta{
				ID: r.RuleID, Scanner: finding.Secrets, Title: title(r.Description), Severity: r.severity,
				Remediation: remediation(r.RuleID, "", inTree),
			},
			Page: rule.Page{Text: page(r)},
		})
	}
	return append(out, credentialRules()...)
}

// page is a rule's page in markdown.
func page(r *secretRule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n", title(r.Description))
	if r.Regex == nil {
		b.WriteString("The rule looks at the file's name alone. ")
	} else {
		b.WriteString("Whoever can read the repository, the image or a copy of either can use it, today and later. ")
	}
	fmt.Fprintf(&b, "The rule is `%s` of gitleaks %s.\n\n", r.RuleID, Version)
	b.WriteString(`What to do:

1. **Rotate it** where it was issued. Removing it from the file is not enough: the git history and
   every image layer, fork and clone keep it.
2. **Look** whether it was used by somebody else while it was readable.
3. **Remove it** from the file, and from the history where that is worth the trouble
   (` + "`git filter-repo`" + `); rebuild images rather than deleting the file in a later layer.
4. **Keep it where secrets belong**: HashiCorp Vault, AWS Secrets Manager, Google Secret Manager,
   Azure Key Vault; in CI the secrets of GitHub Actions or GitLab CI/CD; for image builds
   ` + "`RUN --mount=type=secret`" + `; for Kubernetes external secrets.

A line that is known to hold no secret can end in a comment with ` + "`" + allowComment + "`" + `, if the policy honours it.
`)
	return b.String()
}
