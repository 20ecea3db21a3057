package dockerfile

import (
	"bufio"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
)

// conformance gives the directory of the Dockerfile data that lies beside the
// project, or skips.
func conformance(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("BOLTSEAL_CONFORMANCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "conformance")
	}
	dir = filepath.Join(dir, "dockerfile")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no conformance data at %s: set BOLTSEAL_CONFORMANCE", dir)
	}
	return dir
}

// verdict is what hadolint says of one file.
type verdict struct {
	ID         string
	File       string
	Dockerfile string
	Config     string
	Args       []string
	Findings   []struct {
		Line  int
		Code  string
		Level string
	}
}

func verdicts(t testing.TB, path string) []verdict {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []verdict
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// corpus gives every file of the data with hadolint's verdict: the real ones and
// the cases.
func corpus(t testing.TB) []verdict {
	t.Helper()
	dir := conformance(t)
	all := verdicts(t, filepath.Join(dir, "cases.jsonl"))
	for _, v := range verdicts(t, filepath.Join(dir, "expected.jsonl")) {
		data, err := os.ReadFile(filepath.Join(dir, "files", v.File))
		if err != nil {
			t.Fatal(err)
		}
		v.Dockerfile, v.ID = string(data), v.File
		all = append(all, v)
	}
	return all
}

// levels are hadolint's words for our severities.
var levels = map[string]finding.Severity{
	"error": finding.High, "warning": finding.Medium, "info": finding.Low, "style": finding.Info,
}

// mark is where hadolint and we agree or not: a code at an instruction's line.
type mark struct {
	line int
	code string
}

// said gives our marks of the codes that hadolint has, with their severities.
func said(text string, n *Native) map[mark]finding.Severity {
	marks := make(map[mark]finding.Severity)
	l := parse("Dockerfile", []byte(text)).lint(n)
	for _, h := range l.hits {
		if h.ignored != "" || !strings.HasPrefix(h.rule.ID, "DL") {
			continue
		}
		line := l.file.position(h.where.start).line
		if h.instruction != nil {
			line = h.instruction.line + 1
		}
		marks[mark{line, h.rule.ID}] = l.finding(h).Severity
	}
	return marks
}

func hasCode(v verdict, code string) bool {
	for _, f := range v.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

// difference is a deliberate one: hadolint is wrong, or sees less than we do.
type difference struct {
	id string
	mark
}

// differences reads testdata/differences.tsv: file, line, code, who says it,
// reason.
func differences(t *testing.T) map[difference]bool {
	t.Helper()
	data, err := os.ReadFile("testdata/differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[difference]bool)
	for n, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 5 || fields[3] != "hadolint" && fields[3] != "boltseal" || fields[4] == "" {
			t.Fatalf("differences.tsv:%d: want file, line, code, hadolint or boltseal, reason", n+1)
		}
		at, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		listed[difference{fields[0], mark{at, fields[2]}}] = false
	}
	return listed
}

// bar is how well we must agree with hadolint, apart from what is listed.
const bar = 0.995

// count is how often both said something, and only hadolint or only we did.
type count struct{ both, missing, extra int }

func (c *count) add(d count) {
	c.both += d.both
	c.missing += d.missing
	c.extra += d.extra
}

func (c *count) log(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: recall %.2f%%, precision %.2f%% of %d findings", what, 100*c.recall(), 100*c.precision(), c.both+c.missing)
}

func (c *count) recall() float64    { return float64(c.both) / float64(max(1, c.both+c.missing)) }
func (c *count) precision() float64 { return float64(c.both) / float64(max(1, c.both+c.extra)) }

// comparison gathers counts by code, of all and without the listed differences.
type comparison struct {
	listed        map[difference]bool
	raw, unlisted count
	codes         map[string]*count
}

// differ notes a difference and fails unless it is listed.
func (c *comparison) differ(t *testing.T, id string, m mark, who string, by count) {
	t.Helper()
	c.raw.add(by)
	c.codes[m.code].add(by)
	d := difference{id, m}
	if _, known := c.listed[d]; known {
		c.listed[d] = true
		return
	}
	c.unlisted.add(by)
	t.Errorf("not in differences.tsv: %s\t%d\t%s\t%s", id, m.line, m.code, who)
}

// file compares what both say of one file.
func (c *comparison) file(t *testing.T, v verdict, got map[mark]finding.Severity) {
	t.Helper()
	want := make(map[mark]finding.Severity)
	for _, f := range v.Findings {
		if c.codes[f.Code] != nil {
			want[mark{f.Line, f.Code}] = levels[f.Level]
		}
	}
	for _, m := range sorted(want) {
		severity, both := got[m]
		switch {
		case !both:
			c.differ(t, v.ID, m, "hadolint", count{missing: 1})
			continue
		case severity != want[m]:
			t.Errorf("%s:%d %s is %s, want %s", v.ID, m.line, m.code, severity, want[m])
		}
		c.raw.both++
		c.unlisted.both++
		c.codes[m.code].both++
	}
	for _, m := range sorted(got) {
		if _, both := want[m]; !both {
			c.differ(t, v.ID, m, "boltseal", count{extra: 1})
		}
	}
}

func sorted(marks map[mark]finding.Severity) []mark {
	return slices.SortedFunc(maps.Keys(marks), func(a, b mark) int {
		return cmp.Or(a.line-b.line, strings.Compare(a.code, b.code))
	})
}

// TestConformance compares with hadolint, per line and code. Files that hadolint
// cannot parse it says nothing else about: they are left out.
func TestConformance(t *testing.T) {
	c := comparison{listed: differences(t), codes: make(map[string]*count)}
	for _, d := range declared {
		if strings.HasPrefix(d.ID, "DL") {
			c.codes[d.ID] = &count{}
		}
	}
	seen := make(map[string]bool)
	unread := 0
	for _, v := range corpus(t) {
		native := nativeOf(t, v)
		switch {
		case hasCode(v, "DL1000"):
			unread++
		default:
			seen[v.ID] = true
			c.file(t, v, said(v.Dockerfile, &native))
		}
	}
	for d, differs := range c.listed {
		if !differs && seen[d.id] && c.codes[d.code] != nil {
			t.Errorf("differences.tsv lists %s:%d %s, but both agree", d.id, d.line, d.code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(c.codes)) {
		n := c.codes[code]
		t.Logf("%s: %d agreed, %d missing, %d extra", code, n.both, n.missing, n.extra)
	}
	t.Logf("%d files compared; %d that hadolint cannot parse left aside", len(seen), unread)
	c.raw.log(t, "all")
	c.unlisted.log(t, "without listed differences")
	if c.unlisted.recall() < bar || c.unlisted.precision() < bar {
		t.Errorf("agreement with hadolint is below %.1f%%", 100*bar)
	}
}
