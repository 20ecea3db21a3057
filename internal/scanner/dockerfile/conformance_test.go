package dockerfile

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
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
	Config     *json.RawMessage
	Args       []string
	Findings   []struct {
		Line int
		Code string
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
// the cases that need no configuration.
func corpus(t testing.TB) []verdict {
	t.Helper()
	dir := conformance(t)
	all := slices.DeleteFunc(verdicts(t, filepath.Join(dir, "cases.jsonl")), func(v verdict) bool {
		return v.Config != nil && string(*v.Config) != "null" || len(v.Args) > 0
	})
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

// mark is where hadolint and we agree or not: a code at an instruction's line.
type mark struct {
	line int
	code string
}

// said gives our marks of the codes that hadolint has.
func said(text string) map[mark]bool {
	marks := make(map[mark]bool)
	for _, h := range parse("Dockerfile", []byte(text)).lint(&Native{}).hits {
		if h.silenced == nil && strings.HasPrefix(h.rule.ID, "DL") && h.instruction != nil {
			marks[mark{h.instruction.line + 1, h.rule.ID}] = true
		}
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

// TestConformance compares with hadolint, per line and code. Files that hadolint
// cannot parse it says nothing else about: they are left out.
func TestConformance(t *testing.T) {
	ours := make(map[string]bool)
	for _, d := range declared {
		ours[d.ID] = strings.HasPrefix(d.ID, "DL")
	}
	listed := differences(t)
	differ := func(id string, m mark, who string) {
		d := difference{id, m}
		if _, known := listed[d]; !known {
			t.Logf("not in differences.tsv: %s\t%d\t%s\t%s", id, m.line, m.code, who)
		}
		listed[d] = true
	}
	seen := make(map[string]bool)
	type count struct{ both, missing, extra int }
	var total count
	codes := make(map[string]*count)
	of := func(code string) *count {
		if codes[code] == nil {
			codes[code] = &count{}
		}
		return codes[code]
	}
	for _, v := range corpus(t) {
		if hasCode(v, "DL1000") {
			continue
		}
		seen[v.ID] = true
		got := said(v.Dockerfile)
		for _, f := range v.Findings {
			m := mark{f.Line, f.Code}
			switch {
			case !ours[f.Code]:
			case got[m]:
				total.both++
				of(f.Code).both++
				delete(got, m)
			default:
				total.missing++
				of(f.Code).missing++
				differ(v.ID, m, "hadolint")
			}
		}
		for _, f := range v.Findings {
			delete(got, mark{f.Line, f.Code}) // said twice of one line
		}
		for m := range got {
			total.extra++
			of(m.code).extra++
			differ(v.ID, m, "boltseal")
		}
	}
	for d, differs := range listed {
		if !differs && seen[d.id] {
			t.Errorf("differences.tsv lists %s:%d %s, but both agree", d.id, d.line, d.code)
		}
	}
	names := make([]string, 0, len(codes))
	for code := range codes {
		names = append(names, code)
	}
	slices.Sort(names)
	for _, code := range names {
		c := codes[code]
		t.Logf("%s: %d agreed, %d missing, %d extra", code, c.both, c.missing, c.extra)
	}
	recall := float64(total.both) / float64(total.both+total.missing)
	precision := float64(total.both) / float64(total.both+total.extra)
	t.Logf("recall %.2f%%, precision %.2f%% of %d findings", 100*recall, 100*precision, total.both+total.missing)
	if recall < 0.95 || precision < 0.95 {
		t.Errorf("agreement with hadolint is below 95%%")
	}
}
