package secrets

import (
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

// surroundings is what allowlists look at beside the match itself.
type surroundings struct {
	path, commit string
	// line is the text of the lines around the match; known says whether it is.
	line  string
	known bool
}

// plausible says whether the library would report a match, as far as entropy and
// allowlists have a say: all the way where the lines around it are known. Most
// matches of the generic rule end here, and nothing has to be decoded or placed for
// them.
func (r *secretRule) plausible(found string, at surroundings) bool {
	text := strings.Trim(found, "\n")
	_, from, to := r.group(text)
	secret := text[from:to]
	// The sum's last bits depend on its order, which the library leaves open.
	const noise = 1e-9
	if r.Entropy != 0 && entropy(secret) <= r.Entropy-noise {
		return false
	}
	allows := func(a *config.Allowlist) bool { return allowed(a, text, secret, at) }
	return !slices.ContainsFunc(r.Allowlists, allows) && !slices.ContainsFunc(r.global, allows)
}

// allowed is the library's question to one allowlist about one finding. A list that
// looks at lines allows nothing where they are not known.
func allowed(a *config.Allowlist, found, secret string, at surroundings) bool {
	target := secret
	switch a.RegexTarget {
	case "match":
		target = found
	case "line":
		if !at.known {
			return false
		}
		target = at.line
	}
	word, _ := a.ContainsStopWord(secret)
	if a.MatchCondition != config.AllowlistMatchAnd {
		return word || a.RegexAllowed(target)
	}
	inCommit, _ := a.CommitAllowed(at.commit)
	return (len(a.Commits) == 0 || inCommit) &&
		(len(a.Paths) == 0 || a.PathAllowed(at.path)) &&
		(len(a.Regexes) == 0 || a.RegexAllowed(target)) &&
		(len(a.StopWords) == 0 || word)
}

// allows says whether the rule, or all of them, passes over a path or a commit.
func (r *secretRule) allows(path, commit string) bool {
	by := func(a *config.Allowlist) bool {
		inCommit, _ := a.CommitAllowed(commit)
		if a.MatchCondition != config.AllowlistMatchAnd {
			return inCommit || a.PathAllowed(path)
		}
		return len(a.Regexes)+len(a.StopWords) == 0 &&
			(len(a.Commits) == 0 || inCommit) && (len(a.Paths) == 0 || a.PathAllowed(path))
	}
	return slices.ContainsFunc(r.Allowlists, by) || slices.ContainsFunc(r.global, by)
}
