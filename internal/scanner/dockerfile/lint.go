package dockerfile

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// maxHits bounds the findings of one file. What is beyond is a limit that the
// scan reports, never silence.
const maxHits = 20_000

// maxText bounds what a message quotes, in bytes.
const maxText = 120

// hit is one finding before it has left the file.
type hit struct {
	// adds is the keyword of the instruction that the fix adds, becomes the one that
	// the mended instruction has afterwards; empty where it does no such thing.
	adds, becomes string

	rule *rule.Meta
	// instruction is the one that it belongs to, whatever line it points at; nil
	// where there is none.
	instruction *instruction
	where       span
	identity    string
	message     string
	edits       []edit
	description string
	silenced    *pragma
	// ignored says who asks to pass it over; empty where nobody does.
	ignored string
}

// edit replaces a region of the source.
type edit struct {
	where span
	text  string
}

// report takes the findings of one rule in one file.
type report struct {
	lint *lint
	rule *rule.Meta
}

// lint is one run of all rules over one file.
type lint struct {
	// conditions are hits that depend on what lies beside the file.
	conditions []conditionalHit
	// refused are the hits that lost their fix in verify.
	refused []*hit

	file    *file
	native  *Native
	pragmas *pragmas
	hits    []*hit
	dropped int
	// walk is the walk over shell code, used again for each script; nil until there
	// is any.
	walk *shellWalk
	// named are the variables that stages set; see sets.
	named map[*stage]map[string]int
	// secretive says that no line is shown; nil until somebody asks.
	secretive *bool
}

// lint runs all rules that are on.
func (f *file) lint(n *Native) *lint {
	l := &lint{file: f, native: n, pragmas: f.pragmas(n)}
	x := indexed()
	for _, i := range f.instructions {
		if !i.broken {
			l.instruction(x, i)
		}
	}
	for _, d := range x.rules {
		if !n.runs(d) {
			continue
		}
		r := &report{l, &d.Meta}
		if d.stage != nil {
			for _, st := range f.stages {
				d.stage(r, st)
			}
		}
		if d.file != nil {
			d.file(r, f)
		}
	}
	l.silence()
	slices.SortStableFunc(l.hits, func(a, b *hit) int {
		return cmp.Or(a.where.start-b.where.start, a.where.end-b.where.end, strings.Compare(a.rule.ID, b.rule.ID))
	})
	l.verify()
	return l
}

func (l *lint) instruction(x *index, i *instruction) {
	for _, d := range x.instruction[i.keyword] {
		if l.native.runs(d) {
			d.instruction(&report{l, &d.Meta}, i)
		}
	}
	script := i.script
	if i.trigger != nil {
		script = i.trigger.script
	}
	if script == nil {
		return
	}
	for _, c := range script.commands {
		name := c.name()
		l.command(x.command[name], c)
		if plain := strings.TrimRight(name, "0123456789."); plain != name {
			l.command(x.command[plain], c)
		}
	}
	l.shell(script)
}

func (l *lint) command(rules []*definition, c *command) {
	for _, d := range rules {
		if l.native.runs(d) {
			d.command(&report{l, &d.Meta}, c)
		}
	}
}

// silence finds what asks to pass each finding over: a pragma, else hadolint's
// configuration. What says that a file or a pragma is broken cannot be silenced.
func (l *lint) silence() {
	for _, h := range l.hits {
		if h.rule == &brokenFile.Meta || h.rule == &unreasoned.Meta {
			continue
		}
		l.silenceOne(h)
	}
}

func (l *lint) silenceOne(h *hit) {
	if h.silenced = l.pragmas.silences(h); h.silenced != nil {
		h.ignored = h.silenced.describe()
	} else {
		h.ignored = l.native.Ignored[h.rule.ID]
	}
}

// instruction reports a whole instruction, without its heredocs.
func (r *report) instruction(i *instruction, format string, args ...any) *hit {
	return r.at(i, i.head(), i.identity(), format, args...)
}

// command reports a simple command.
func (r *report) command(c *command, format string, args ...any) *hit {
	return r.at(c.run, c.where, c.identity(), format, args...)
}

// part reports a region of an instruction, identified by the whole of it.
func (r *report) part(i *instruction, where span, format string, args ...any) *hit {
	return r.at(i, where, i.identity(), format, args...)
}

// at reports a region under an identity of its own. Messages are one sentence in
// plain text; what they quote of the file goes through quote.
func (r *report) at(i *instruction, where span, identity, format string, args ...any) *hit {
	h := &hit{rule: r.rule, instruction: i, where: where, identity: bounded(identity), message: fmt.Sprintf(format, args...)}
	if len(r.lint.hits) >= maxHits {
		r.lint.dropped++
		return h
	}
	r.lint.hits = append(r.lint.hits, h)
	return h
}

// replace adds an edit to the fix.
func (h *hit) replace(where span, text string) *hit {
	h.edits = append(h.edits, edit{where, text})
	return h
}

// insert adds an insertion to the fix.
func (h *hit) insert(at int, text string) *hit { return h.replace(span{at, at}, text) }

// quote shortens what a message quotes of the file and puts it into quotes.
func quote(text string) string { return fmt.Sprintf("%q", shortened(text)) }

// shortened bounds a text of the file, and makes it one line.
func shortened(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

// quoteAll lists a few words.
func quoteAll(words []string) string {
	const most = 5
	out := make([]string, 0, most)
	for _, w := range words[:min(len(words), most)] {
		out = append(out, quote(w))
	}
	if n := len(words) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(out, ", "), n)
	}
	return strings.Join(out, ", ")
}

// finding turns a hit into a finding.
func (l *lint) finding(h *hit) finding.Finding {
	f := finding.Finding{
		Rule: h.rule.ID, Scanner: finding.Dockerfile,
		Severity: h.rule.Severity, SeverityFrom: "rule",
		Message: h.message, Remediation: h.rule.Remediation, Controls: h.rule.Controls,
		Location: l.location(h.where), Excerpt: l.excerpt(h.where),
		Identity: finding.CommandIdentity(l.file.path, h.identity),
	}
	f.Severity = l.native.severity(&f)
	f.Ignored, f.Spared, f.Placed = h.ignored, l.native.spares(&f), h.silenced != nil
	if len(h.edits) > 0 {
		f.Fix = &finding.Fix{Description: h.description}
		for _, e := range h.edits {
			at := l.location(e.where)
			f.Fix.Edits = append(f.Fix.Edits, finding.Edit{
				Path: at.Path, Text: e.text,
				StartLine: at.StartLine, StartColumn: at.StartColumn, EndLine: at.EndLine, EndColumn: at.EndColumn,
			})
		}
	}
	return f
}

func (l *lint) location(s span) finding.Location {
	start, end := l.file.position(s.start), l.file.position(s.end)
	return finding.Location{
		Path: l.file.path, StartLine: start.line, StartColumn: start.column, EndLine: end.line, EndColumn: end.column,
	}
}

// excerpt shows the line on which a region begins; of a file with a private key none,
// as a line of that is not known for one.
func (l *lint) excerpt(where span) *finding.Excerpt {
	if l.secretive == nil {
		l.secretive = new(bytes.Contains(l.file.data, []byte("PRIVATE KEY")))
	}
	if *l.secretive || l.file.lines() == 0 {
		return nil
	}
	n := l.file.position(where.start).line - 1
	line, above := l.file.line(n), ""
	if n > 0 {
		above = l.file.text(l.file.line(n - 1))
	}
	return finding.NewExcerpt(l.file.text(line), where.start-line.start, where.end-line.start, above)
}
