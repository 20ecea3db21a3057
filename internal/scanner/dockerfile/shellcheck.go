package dockerfile

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// ShellChecker checks shell code by a program that was allowed to be run. It takes
// the place of our own checks of shell code.
type ShellChecker interface {
	// Name is the program with its version, "shellcheck 0.9.0".
	Name() string
	// Check looks at all scripts of a target at once. An error means that nothing was
	// looked at.
	Check(ctx context.Context, scripts []ShellScript) ([]ShellComment, error)
}

// ShellScript is the shell code of one RUN.
type ShellScript struct {
	// Shell is sh, bash, dash or ksh.
	Shell string `json:"s"`
	// Variables are those that ENV, ARG and the builder set.
	Variables []string `json:"v,omitempty"`
	Text      string   `json:"t"`
}

// ShellComment is what the program says of a script. Lines and columns count from 1,
// columns in characters.
type ShellComment struct {
	// Script is the index of the script.
	Script                           int
	Line, Column, EndLine, EndColumn int
	// Level is error, warning, info or style.
	Level   string
	Code    int
	Message string
}

// checked is a script on its way to the program, with what is needed to make findings
// of the answer: the file is gone by then.
type checked struct {
	ShellScript
	Pieces []placed `json:"p"`
	// Silent are the rules, in lower case, that pragmas silence here, each with the
	// pragma.
	Silent map[string]string `json:"q,omitempty"`
}

// placed says that from at on, the text comes from a line and column of the source.
type placed struct {
	At     int `json:"a"`
	Line   int `json:"l"`
	Column int `json:"c"`
}

// scripts are the instructions of a file that hold shell code which can be checked.
func (l *lint) scripts() []*instruction {
	return slices.DeleteFunc(slices.Clone(l.file.instructions), func(i *instruction) bool {
		s := i.run().script
		return s == nil || s.dialect() == ""
	})
}

// run is the instruction itself, or what an ONBUILD holds.
func (i *instruction) run() *instruction {
	if i.trigger != nil {
		return i.trigger
	}
	return i
}

// checked gives the scripts of a file for the program.
func (l *lint) checked() []checked {
	var out []checked
	silent := l.pragmas.silentShell()
	for _, i := range l.scripts() {
		s := i.run().script
		c := checked{ShellScript: ShellScript{s.dialect(), l.declared(s), s.text}, Silent: silent.in(i)}
		for _, p := range s.pieces {
			at := l.file.position(p.offset)
			c.Pieces = append(c.Pieces, placed{p.at, at.line, at.column})
		}
		out = append(out, c)
	}
	return out
}

// silentRules are the ShellCheck codes that pragmas silence, by where: the file, a
// stage, an instruction.
type silentRules map[reach]map[string]string

func (ps *pragmas) silentShell() silentRules {
	out := make(silentRules)
	for at, p := range ps.silent {
		if !isShellCode(strings.ToUpper(at.rule)) {
			continue
		}
		where := reach{instruction: at.instruction, stage: at.stage}
		if out[where] == nil {
			out[where] = make(map[string]string)
		}
		out[where][at.rule] = p.describe()
	}
	return out
}

// in gives the rules that are silenced in an instruction, each with the pragma.
func (s silentRules) in(i *instruction) map[string]string {
	var out map[string]string
	for _, where := range []reach{{stage: i.stage}, {instruction: i}, {}} {
		if len(s[where]) == 0 {
			continue
		}
		if out == nil {
			out = make(map[string]string)
		}
		maps.Copy(out, s[where])
	}
	return out
}

// position is the place in the source of a byte of the text.
func (c *checked) position(at int) position {
	n := 0
	for n+1 < len(c.Pieces) && c.Pieces[n+1].At <= at {
		n++
	}
	if len(c.Pieces) == 0 {
		return position{1, 1}
	}
	p := position{c.Pieces[n].Line, c.Pieces[n].Column}
	between := c.Text[c.Pieces[n].At:at]
	if lines := strings.Count(between, "\n"); lines > 0 {
		return position{p.line + lines, len(between) - strings.LastIndexByte(between, '\n')}
	}
	p.column += len(between)
	return p
}

// shellLevels are the program's levels.
var shellLevels = map[string]finding.Severity{
	"error": finding.High, "warning": finding.Medium, "info": finding.Low, "style": finding.Info,
}

// program checks the scripts of a target and adds what is found to its result. It
// gives how many findings pragmas silence.
func (p *pass) program(ctx context.Context, t scan.Target, scripts []checked, paths []string, res *scan.Result) int {
	questions := make([]ShellScript, len(scripts))
	for n, s := range scripts {
		questions[n] = s.ShellScript
	}
	comments, err := p.checker.Check(ctx, questions)
	if err != nil {
		if res.Status != finding.StatusFailed {
			res.Status = finding.StatusPartial
			res.Reason = fmt.Sprintf("shell code was not checked by %s: %v", p.checker.Name(), err)
		}
		return 0
	}
	res.Notes = append(res.Notes, "shell code checked by "+p.checker.Name())
	silenced, left := 0, 0
	said := make([]int, len(scripts))
	for _, c := range comments {
		if c.Script < 0 || c.Script >= len(scripts) {
			continue
		}
		s := &scripts[c.Script]
		said[c.Script]++
		code := "SC" + strconv.Itoa(c.Code)
		switch {
		case len(res.Findings) >= maxHits || said[c.Script] > maxComments:
			left++
		default:
			if s.Silent[strings.ToLower(code)] != "" {
				silenced++
			}
			res.Findings = append(res.Findings, p.comment(s, paths[c.Script], code, c).complete(t))
		}
	}
	if left > 0 && res.Status == "" {
		res.Status = finding.StatusPartial
		res.Reason = fmt.Sprintf("too many findings: %d of %s were left out", left, p.checker.Name())
	}
	return silenced
}

// comment makes a finding.
func (p *pass) comment(s *checked, path, code string, c ShellComment) record {
	i := textAt(s.Text, c.Line, c.Column)
	j := max(i, textAt(s.Text, c.EndLine, c.EndColumn))
	start, end := s.position(i), s.position(j)
	f := finding.Finding{
		Rule: code, Scanner: finding.Dockerfile,
		Severity: cmp.Or(shellLevels[c.Level], finding.Medium), SeverityFrom: "rule",
		Message: sentence(c.Message), Remediation: "See https://www.shellcheck.net/wiki/" + code,
		Location: finding.Location{Path: path, StartLine: start.line, StartColumn: start.column, EndLine: end.line, EndColumn: end.column},
	}
	f.Severity = p.native.severity(&f)
	silent := s.Silent[strings.ToLower(code)]
	f.Ignored, f.Spared, f.Placed = cmp.Or(silent, p.native.Ignored[code]), p.native.spares(&f), silent != ""
	f.Identity = finding.CommandIdentity(path, s.Text[i:min(j, i+maxIdentity)]+" "+f.Message)
	return recordOf(f)
}

// maxComments bounds the findings of the program in one script.
const maxComments = 2000

// sentence shortens a message to one line.
func sentence(text string) string {
	const most = 500
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
