package gate

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// ownRules are those of what the gate itself has to say of a change.
func ownRules() []rule.Rule {
	return []rule.Rule{
		{
			Meta: rule.Meta{
				ID: finding.RuleLoosened, Scanner: finding.Policy, Severity: finding.Medium,
				Title:       "The change loosens what the gate asks for",
				Remediation: "Have whoever owns the policy look at it; it counts once it is merged",
			},
			Page: rule.Page{Text: loosenedPage},
		},
		{
			Meta: rule.Meta{
				ID: finding.RuleVanished, Scanner: finding.Policy, Severity: finding.Medium,
				Title:       "The change leaves a scanner nothing to look at",
				Remediation: "Make sure that what was there has not only been moved out of sight",
			},
			Page: rule.Page{Text: vanishedPage},
		},
	}
}

const loosenedPage = `A pull or merge request is judged by what its target branch says. What the change
itself allows - rules that decide more mildly, exceptions, scopes, excluded paths,
weaker coverage or trust, ignore files of other tools, comments that ask to pass a
finding over - counts once it is merged, and not before.

This finding tells that the change holds such a thing. It is always a warning: the
change is legitimate as often as not, and whoever reviews it should see it. What the
trusted branch silenced already stays silent.

What to do: let the owners of the policy review the change (CODEOWNERS), and merge it
before the change that needs it.`

const vanishedPage = `At the commit that the change starts from a scanner had something to look at, and
after the change it has nothing: the last Dockerfile or lockfile is gone, or has a name
that is not known as such. A scanner that has nothing to look at passes.

What to do: where a Dockerfile has another name by now, name it in the policy under
dockerfile: {files: [...]}; where a lockfile is gone, make sure that nothing is installed
without one.`
