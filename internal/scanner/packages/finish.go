package packages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// Finish implements scan.Pass: joins, matches, tells.
func (p *pass) Finish(ctx context.Context, v *scan.View, refs []scan.Ref) scan.Result {
	var res scan.Result
	j := newJoin(p.target, v, refs, &res)
	found := j.packages()
	j.missingDatabase()
	p.conclude(ctx, found, &res)
	return res
}

// conclude matches what was found and says how the scan ended.
func (p *pass) conclude(ctx context.Context, found []located, res *scan.Result) {
	res.Packages = make([]inventory.Package, len(found))
	for i := range found {
		res.Packages[i] = found[i].Package
	}
	switch {
	case len(found) == 0:
		res.Status = finding.StatusNothing
	case p.opt.ListOnly:
		res.Status = finding.StatusOK
		res.Notes = append(res.Notes, "packages are listed, and not compared with advisories")
	case p.opt.DB == nil && p.tellUnadvised(found, nil, res):
		res.Status = finding.StatusOK // of what there are advisories for
	case p.opt.DB == nil:
		res.Status, res.Reason = finding.StatusFailed, p.opt.NoDB
	default:
		p.match(ctx, found, res)
	}
	if len(res.Errors) > 0 && res.Status != finding.StatusFailed {
		res.Status, res.Reason = finding.StatusPartial, summary(res.Errors)
	}
	res.Errors = res.Errors[:min(len(res.Errors), scan.MaxErrors)]
}

// match asks the database about every package.
func (p *pass) match(ctx context.Context, found []located, res *scan.Result) {
	packages := make([]inventory.Package, len(found))
	for i := range found {
		packages[i] = found[i].Package
	}
	matches, err := p.opt.DB.Query(ctx, packages)
	if err != nil || len(matches) != len(packages) {
		res.Status, res.Reason = finding.StatusFailed, fmt.Sprintf("asking the vulnerability database: %v", err)
		return
	}
	res.Status = finding.StatusOK
	p.tellUnadvised(found, matches, res)
	ignores := p.opt.ignores(p.target)
	for i, m := range matches {
		for _, a := range m.Advisories {
			f := p.finding(&found[i], a)
			f.Ignored = ignores.by(&f, p.opt.Now)
			res.Findings = append(res.Findings, f)
		}
	}
	if ignores != nil {
		res.Notes = append(res.Notes, ignores.Notes...)
	}
	res.Errors = append(res.Errors, unanswered(found, matches)...)
	p.notes(found, res)
	if p.opt.DB.Info().KEVDate == "" && slices.ContainsFunc(matches, func(m vulndb.Match) bool { return m.Err == nil }) {
		res.Notes = append(res.Notes, "the database has no list of exploited vulnerabilities (KEV): nothing counts as exploited")
	}
}

// unanswered says what the database could not answer, one line for each reason
// that concerns many packages and one for each package otherwise.
func unanswered(found []located, matches []vulndb.Match) []string {
	count, why := make(map[string]int), make(map[string]string)
	var order, lines []string
	for i, m := range matches {
		p := &found[i].Package
		switch {
		case m.Err == nil, p.Unadvised() && errors.Is(m.Err, vulndb.ErrNoData):
			continue
		case p.Ecosystem == "":
			m.Err = errNoDistro
		}
		text := m.Err.Error()
		if errors.Is(m.Err, vulndb.ErrNoData) && !vulndb.IsEcosystem(inventory.Family(p.Ecosystem)) {
			why[text] = ": OSV publishes none"
		}
		if _, ok := errors.AsType[*vulndb.VersionError](m.Err); ok {
			lines = append(lines, fmt.Sprintf("%s: %s: %s", strings.Join(p.Paths, ", "), p.Name, (&brief{m.Err}).Error()))
			continue
		}
		if count[text]++; count[text] == 1 {
			order = append(order, text)
		}
	}
	slices.Sort(order)
	var out []string
	for _, text := range order {
		out = append(out, fmt.Sprintf("%s (%s not checked)%s", text, plural(count[text], "package"), why[text]))
	}
	slices.Sort(lines)
	return append(out, slices.Compact(lines)...)
}

// tellUnadvised says how many packages are of kinds that OSV publishes nothing on, and
// whether all are. Where somebody has locked them, and where they are all that there is,
// the scan is partial: what nobody could check has not passed. Beside others in an image it
// is a note. A database of somebody else's may know them; without matches there is none.
func (p *pass) tellUnadvised(found []located, matches []vulndb.Match, res *scan.Result) bool {
	count, kinds := 0, make(map[string]int)
	for i := range found {
		if found[i].Unadvised() && (matches == nil || errors.Is(matches[i].Err, vulndb.ErrNoData)) {
			kinds[found[i].Ecosystem]++
			count++
		}
	}
	if count == 0 {
		return false
	}
	var names []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		names = append(names, fmt.Sprintf("%s (%d)", kind, kinds[kind]))
	}
	text := fmt.Sprintf("%s of kinds that OSV publishes no advisories for, not checked: %s", plural(count, "package"), strings.Join(names, ", "))
	all := count == len(found)
	if all || p.target.Kind == scan.KindTree {
		res.Errors = append(res.Errors, text)
	} else {
		res.Notes = append(res.Notes, text)
	}
	return all
}

var errNoDistro = errors.New("the distribution is not known: no os-release names it")

// summary is a reason made of the first problems.
func summary(problems []string) string {
	text := strings.Join(problems[:min(len(problems), 3)], "; ")
	if n := len(problems) - 3; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text
}

// maxNamed bounds how many packages a note names.
const maxNamed = 5

// notes tells what changes no status: packages without a version, and advisories
// that could not be read.
func (p *pass) notes(found []located, res *scan.Result) {
	var names []string
	for i := range found {
		if found[i].Version == "" && !found[i].Unadvised() {
			names = append(names, found[i].Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if n := len(names); n > 0 {
		more := ""
		if n > maxNamed {
			names, more = names[:maxNamed], ", ..."
		}
		res.Notes = append(res.Notes, fmt.Sprintf("%s without a fixed version, checked only against advisories for every version: %s%s",
			plural(n, "package"), strings.Join(names, ", "), more))
	}
	families := make(map[string]bool)
	for i := range found {
		families[inventory.Family(found[i].Ecosystem)] = true
	}
	info := p.opt.DB.Info()
	res.Notes = append(res.Notes, info.Notes...)
	for _, s := range info.Sources {
		if s.Bad > 0 && families[s.Ecosystem] {
			res.Notes = append(res.Notes, fmt.Sprintf("%s of %s could not be read in whole: %s",
				plural(s.Bad, "advisory record"), s.Ecosystem, strings.Join(s.BadNames, "; ")))
		}
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// noteKinds tells of lockfiles that are of no kind that is read.
func (j *join) noteKinds() {
	n := 0
	var names []string
	for _, f := range j.files {
		if f.Format == formatUnread {
			n++
			names = append(names, path.Base(f.path))
		}
	}
	if n == 0 {
		return
	}
	slices.Sort(names)
	j.res.Notes = append(j.res.Notes, fmt.Sprintf("%s of kinds that are not read yet: %s", plural(n, "lockfile"), strings.Join(slices.Compact(names), ", ")))
}
