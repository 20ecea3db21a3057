package dockerfile

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/shellcheck"
)

// oracle is the program shellcheck, or the test is skipped.
func oracle(t *testing.T) *shellcheck.Engine {
	t.Helper()
	if testing.Short() {
		t.Skip("takes a while: run without -short")
	}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("no shellcheck on PATH: install Debian's package of that name")
	}
	e, err := shellcheck.Open(t.Context(), "shellcheck")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// shellMark is where the oracle and we agree or not: a code at a line of the file,
// in the instruction of a line.
type shellMark struct {
	id        string
	run, line int
	code      string
}

// scripts gives the scripts of a file that ShellCheck can read.
func (f *file) scripts() []*script {
	var out []*script
	for _, i := range f.instructions {
		s := i.script
		if i.trigger != nil {
			s = i.trigger.script
		}
		if s != nil && s.dialect() != "" {
			out = append(out, s)
		}
	}
	return out
}

// answer is what the oracle says at a mark: how bad it is, and the text around it.
type answer struct{ level, around string }

// asked gives what the oracle says of all scripts of the corpus.
func asked(t *testing.T, all []verdict) map[shellMark]answer {
	t.Helper()
	e := oracle(t)
	var questions []shellcheck.Script
	var scripts []*script
	var ids []string
	for _, v := range all {
		f := parse("Dockerfile", []byte(v.Dockerfile))
		l := f.lint(&Native{noShell: true})
		for _, s := range f.scripts() {
			scripts, ids = append(scripts, s), append(ids, v.ID)
			questions = append(questions, shellcheck.Script{Shell: s.dialect(), Variables: l.declared(s), Text: s.text})
		}
	}
	comments, err := e.Check(t.Context(), questions)
	if err != nil {
		t.Fatal(err)
	}
	marks := make(map[shellMark]answer)
	for _, c := range comments {
		s := scripts[c.Script]
		at := textAt(s.text, c.Line, c.Column)
		line := s.run.file.position(s.offset(at)).line
		marks[shellMark{ids[c.Script], s.run.line + 1, line, "SC" + strconv.Itoa(c.Code)}] = answer{c.Level, s.excerpt(at)}
	}
	return marks
}

func (s *script) excerpt(at int) string {
	return s.dialect() + ": " + strings.ReplaceAll(s.text[max(0, at-40):at]+"▶"+s.text[at:min(len(s.text), at+60)], "\n", "⏎")
}

// shellSaid gives our own marks.
func shellSaid(all []verdict) map[shellMark]answer {
	marks := make(map[shellMark]answer)
	for _, v := range all {
		f := parse("Dockerfile", []byte(v.Dockerfile))
		for _, h := range f.lint(&Native{}).hits {
			if !strings.HasPrefix(h.rule.ID, "SC") {
				continue
			}
			line := f.position(h.where.start).line
			marks[shellMark{v.ID, h.instruction.line + 1, line, h.rule.ID}] = answer{h.rule.Severity.String(), string(f.data[max(0, h.where.start-40):h.where.start]) + "▶" + string(f.data[h.where.start:min(len(f.data), h.where.start+60)])}
		}
	}
	return marks
}

// native are our own codes of shell code.
func nativeCodes() map[string]bool {
	codes := make(map[string]bool)
	for _, d := range indexed().shell {
		codes[d.ID] = true
	}
	return codes
}

// withPages adds the cases of the pages to the corpus.
func withPages(all []verdict) []verdict {
	for _, r := range Rules() {
		for _, c := range r.Page.Cases {
			for _, f := range c.Files {
				if f.Path == "Dockerfile" {
					all = append(all, verdict{ID: r.ID + "/" + c.Name, Dockerfile: string(f.Data)})
				}
			}
		}
	}
	return all
}

// TestShellCheck compares our own checks of shell code with Debian's shellcheck, run
// on the body of each RUN with the names of ARG and ENV declared.
func TestShellCheck(t *testing.T) {
	all := corpus(t)
	compareShell(t, all, all)
}

// TestShellCheckSnippets does the same for code of our own, a script a line, with "⏎"
// for a line feed.
func TestShellCheckSnippets(t *testing.T) {
	conformance(t)
	for _, shell := range []string{"sh", "bash"} {
		data, err := os.ReadFile("testdata/shell-" + shell + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		var all []verdict
		for line := range strings.Lines(string(data)) {
			text := strings.ReplaceAll(line, "⏎", "\n")
			all = append(all, verdict{ID: strings.TrimSpace(line), Dockerfile: "FROM a\nSHELL [\"" + shell + "\",\"-c\"]\nRUN <<'BOLTEND'\n" + text + "BOLTEND\n"})
		}
		t.Run(shell, func(t *testing.T) { compareShell(t, all, nil) })
	}
}

// TestShellCheckPages does the same for the pages of rules: each code must be
// ShellCheck's with its level, or its page says why not.
func TestShellCheckPages(t *testing.T) {
	conformance(t)
	compareShell(t, withPages(nil), nil)
}

func compareShell(t *testing.T, all, kept []verdict) {
	t.Helper()
	native := nativeCodes()
	theirs, ours := asked(t, all), shellSaid(all)
	levels := map[string]string{"error": "high", "warning": "medium", "info": "low", "style": "info"}
	type figures struct{ both, missing, extra int }
	codes := make(map[string]*figures)
	count := func(code string) *figures {
		if codes[code] == nil {
			codes[code] = &figures{}
		}
		return codes[code]
	}
	var total figures
	others := make(map[string]int)
	var lines []string
	for m, a := range theirs {
		if !native[m.code] {
			others[m.code]++
			continue
		}
		our, ok := ours[m]
		switch {
		case !ok:
			count(m.code).missing++
			total.missing++
			lines = append(lines, "missing "+m.code+" "+m.id+":"+strconv.Itoa(m.line)+" "+a.around)
		case our.level != levels[a.level] && m.code != "SC2024": // milder where sudo reads
			t.Errorf("%s is %s, ShellCheck says %s", m.code, our.level, a.level)
			fallthrough
		default:
			count(m.code).both++
			total.both++
		}
	}
	for m, a := range ours {
		if _, ok := theirs[m]; !ok {
			count(m.code).extra++
			total.extra++
			lines = append(lines, "extra "+m.code+" "+m.id+":"+strconv.Itoa(m.line)+" "+a.around)
		}
	}
	slices.Sort(lines)
	for _, l := range lines {
		t.Log(l)
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		c := codes[code]
		t.Logf("%s: %d agreed, %d missing, %d extra", code, c.both, c.missing, c.extra)
	}
	t.Logf("codes that we leave to ShellCheck: %v", others)
	recall := float64(total.both) / float64(max(1, total.both+total.missing))
	precision := float64(total.both) / float64(max(1, total.both+total.extra))
	t.Logf("recall %.2f%%, precision %.2f%% of %d findings of %d codes", 100*recall, 100*precision, total.both+total.missing, len(native))
	if recall < 0.95 || precision < 0.97 {
		t.Errorf("agreement with ShellCheck is below 95%% recall or 97%% precision")
	}
	lost := 0
	for _, v := range kept {
		for _, f := range v.Findings {
			if !native[f.Code] || saidAt(ours, v.ID, f.Line, f.Code) {
				continue
			}
			if !slices.Contains(leftAlone, v.ID) {
				t.Errorf("hadolint keeps %s:%d %s, we do not say it", v.ID, f.Line, f.Code)
			}
			lost++
		}
	}
	t.Logf("%d findings that hadolint keeps are not among ours", lost)
}

// leftAlone are the files of which hadolint says more, wrongly: code for PowerShell
// and cmd, which is no shell's; and a second name in an ARG, which does set it.
var leftAlone = []string{
	"MicrosoftDocs__Virtualization-Documentation__windows-container-samples__iis-arr__Dockerfile",
	"dotnet__dotnet-docker__src__sdk__10.0__nanoserver-ltsc2022__amd64__Dockerfile",
	"sc2154-21-multiple-arg-one-line",
}

func saidAt(marks map[shellMark]answer, id string, run int, code string) bool {
	for m := range marks {
		if m.id == id && m.run == run && m.code == code {
			return true
		}
	}
	return false
}
