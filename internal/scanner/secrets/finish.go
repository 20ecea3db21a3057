package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// seenAt is a record with the entry that it comes from.
type seenAt struct {
	record
	ref   scan.Ref
	path  string
	shown bool
}

// Finish implements scan.Pass. In an image each secret is told once per path: of
// the layers that hold it there, from the one that containers see, else from the
// newest. Deleted files count like any other: they are in the image.
func (p *pass) Finish(ctx context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := scan.Result{RulesAssessed: len(p.rules.rules)}
	skipped := make(map[string]int)
	failed := false
	var all []seenAt
	for _, ref := range parts {
		failed = failed || ref.Err != nil
		if ref.Part == nil {
			continue
		}
		out, err := p.decode(ref.Part)
		if err != nil {
			res.Status = finding.StatusPartial
			res.Reason = fmt.Sprintf("%s: %v", ref.Entry.Path, err)
			continue
		}
		for why, n := range out.Skipped {
			skipped[why] += n
		}
		shown, visible := v.Shown(ref)
		if !visible {
			shown = ref.Entry.Path
		}
		for _, r := range out.Secrets {
			all = append(all, seenAt{record: r, ref: ref, path: shown + r.Inner, shown: visible})
		}
	}
	if p.target.Kind == scan.KindImage {
		all = oneLayerEach(all)
	}
	left := p.baseline.tally()
	for _, s := range all {
		res.Findings = append(res.Findings, p.finding(s, left))
	}
	if p.target.Image != nil {
		p.finishConfig(ctx, &res)
	}
	if p.target.Kind == scan.KindTree && !failed && v.Read() <= int64(skipped[skippedLFS]) {
		allLeftOut(&res, skipped)
	}
	if p.target.Kind == scan.KindHistory && res.Status == "" {
		res.Status = finding.StatusOK // commits that add nothing have been looked at
	}
	p.note(&res, skipped, left)
	return res
}

// allLeftOut says that nothing was looked at, where files were there. That all were
// left as they were by the change under test is as it should be.
func allLeftOut(res *scan.Result, skipped map[string]int) {
	if res.Status != "" || len(res.Findings) > 0 || skipped[skippedUnchanged] > 0 {
		return
	}
	var why []string
	total := 0
	for _, s := range skips {
		if n := skipped[s.why]; n > 0 {
			total += n
			why = append(why, fmt.Sprintf("%d %s", n, s.reason))
		}
	}
	if total == 0 {
		return
	}
	res.Status = finding.StatusNothing
	res.Reason = fmt.Sprintf("all %d files were left out: %s", total, strings.Join(why, ", "))
	if total == 1 {
		res.Reason = "the only file was left out: " + strings.TrimPrefix(why[0], "1 ")
	}
}

// skips are the ways to leave a file out, in the order of reports.
var skips = []struct{ why, reason, note, notes string }{
	{skippedPath, "by the path allowlist", "1 file left out by the path allowlist of the rules", "%d files left out by the path allowlist of the rules"},
	{skippedBinary, "binary", "1 file left out as binary", "%d files left out as binary"},
	{skippedEncrypted, "encrypted", "1 file in an archive left out as encrypted", "%d files in archives left out as encrypted"},
	{skippedDeep, "nested too deep", "1 archive left out as nested deeper than asked for", "%d archives left out as nested deeper than asked for"},
	{skippedUnchanged, "unchanged", "1 file left out, which the change under test leaves as it was", "%d files left out, which the change under test leaves as they were"},
	{skippedLFS, "in Git LFS", "1 Git LFS pointer: the content is not here", "%d Git LFS pointers: the content is not here"},
}

// errPart says that a part, which can come from a cache, is none of ours.
var errPart = errors.New("stored result is not readable, clear the cache")

// maxWhy is longer than any reason that a part gives.
const maxWhy = 300

// decode reads a part. It comes from a cache, perhaps: what a report would show is
// checked.
func (p *pass) decode(data scan.Part) (part, error) {
	var out part
	if err := json.Unmarshal(data, &out); err != nil {
		return part{}, errPart
	}
	for _, r := range out.Secrets {
		masked := r.Mask == "" || (strings.HasSuffix(r.Mask, ellipsis) && len(r.Mask) <= maxPrefix+len(ellipsis))
		if p.rules.byID[r.Rule] == nil && credRuleOf(r.Rule) == nil || !masked || r.Name != nameBefore(r.Name) || len(r.Why) > maxWhy || r.Severity > finding.Critical {
			return part{}, errPart
		}
	}
	return out, nil
}

// oneLayerEach keeps of the layers that hold the same secret at the same path the
// one that is shown, else the newest. Twice in that file stays twice.
func oneLayerEach(all []seenAt) []seenAt {
	type key struct {
		path, rule, hash string
		allowed          bool // a comment in one layer says nothing about another
	}
	best := make(map[key]seenAt, len(all))
	keyOf := func(s seenAt) key { return key{s.path, s.Rule, s.Hash, s.Allowed} }
	for _, s := range all {
		old, ok := best[keyOf(s)]
		if !ok || (s.shown && !old.shown) || (s.shown == old.shown && s.ref.Unit > old.ref.Unit) {
			best[keyOf(s)] = s
		}
	}
	kept := all[:0]
	for _, s := range all {
		if best[keyOf(s)].ref.At == s.ref.At {
			kept = append(kept, s)
		}
	}
	return kept
}

// finding makes a finding of a record. Text that comes from what is scanned passes
// the masker here already.
func (p *pass) finding(s seenAt, left tally) finding.Finding {
	e := s.ref.Entry
	f := p.base(s.record)
	f.Location = finding.Location{Path: p.mask(s.path), Commit: e.Commit}
	f.Location.StartLine, f.Location.StartColumn = s.Region[0], s.Region[1]
	f.Location.EndLine, f.Location.EndColumn = s.Region[2], s.Region[3]
	if e.Line > 1 && s.Region[0] > 0 {
		f.Location.StartLine += e.Line - 1
		f.Location.EndLine += e.Line - 1
	}
	image := ""
	if i := p.target.Image; i != nil {
		image = i.Name
		f.Location.Image = p.mask(image)
		f.Location.Deleted = !s.shown
		if u := s.ref.Unit; u >= 0 && u < len(i.Layers) {
			f.Location.Layer = i.Layers[u].Digest
			f.Location.Instruction = p.instruction(i.Layers[u].Instruction)
		}
	}
	if f.Location.Deleted {
		f.Message += "; a later layer hides the file, but it is still in the image"
	}
	kept := inTree
	switch p.target.Kind {
	case scan.KindImage:
		kept = inLayer
	case scan.KindHistory:
		kept = inHistory
	}
	f.Remediation = remediation(s.Rule, s.path, kept)
	f.Identity = finding.SecretIdentity(image, s.path, s.Hash)
	if s.Run != "" {
		f.Compared = finding.SecretIdentity(image, s.path, s.Run)
	}
	f.Ignored, f.Placed = p.ignoredAs(s, f.Location.StartLine, left)
	return f
}

// ignoredAs says what asks to pass a finding over, and whether that goes by a place.
// An entry of the engine's baseline names the secret, or where that is redacted its
// line.
func (p *pass) ignoredAs(s seenAt, line int, left tally) (by string, placed bool) {
	switch list := p.ignoredBy(s.ref.Entry.Commit, s.path, s.Rule, line); {
	case s.Allowed:
		return "a " + allowComment + " comment", true
	case list != "":
		return list, true
	case left.take(s.Known):
		return "the baseline", s.Known[0] == 0
	}
	return "", false
}

// base is what the findings of a rule share.
func (p *pass) base(rec record) finding.Finding {
	f := finding.Finding{
		Rule: rec.Rule, Scanner: finding.Secrets, Target: p.mask(p.target.Name),
		Severity: rec.Severity, SeverityFrom: "rule", Message: rec.Rule,
	}
	if r := p.rules.byID[rec.Rule]; r != nil {
		f.Message = title(r.Description)
	} else if own := credRuleOf(rec.Rule); own != nil {
		f.Message = own.title
	}
	if f.Message == "" {
		f.Message = "A secret of the rule " + rec.Rule
	}
	if rec.Why != "" {
		f.Message += "; " + rec.Why
	}
	if rec.Hash != "" {
		f.Secret = &finding.Secret{Masked: rec.Mask, Hash: rec.Hash}
		f.Excerpt = rec.excerpt()
	}
	return f
}

// maxInstruction bounds how much of a build instruction a finding shows.
const maxInstruction = 512

func (p *pass) instruction(text string) string {
	text = p.mask(text)
	if len(text) > maxInstruction {
		text = strings.ToValidUTF8(text[:maxInstruction], "") + ellipsis
	}
	return text
}

// title is a rule's description as a message: without its full stop.
func title(description string) string {
	return strings.TrimRight(strings.Join(strings.Fields(description), " "), ".")
}

func (p *pass) note(res *scan.Result, skipped map[string]int, left tally) {
	res.Notes = append(res.Notes, p.notes...)
	for _, l := range p.ignore {
		if unused := l.unused(); len(unused) > 0 {
			res.Notes = append(res.Notes, fmt.Sprintf("%s: %s match nothing, first %s", l.name, count(len(unused), "entry", "entries"), unused[0]))
		}
	}
	if n := left.unused(); n > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("the baseline lists %s that are not there any more", count(n, "secret", "secrets")))
	}
	for _, s := range skips {
		switch n := skipped[s.why]; n {
		case 0:
		case 1:
			res.Notes = append(res.Notes, s.note)
		default:
			res.Notes = append(res.Notes, fmt.Sprintf(s.notes, n))
		}
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
