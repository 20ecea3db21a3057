package secrets_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

var updateLabelled = flag.Bool("update-labelled", false, "write the golden file of the labelled set")

const labelledGolden = "testdata/labelled/results.golden"

// snippet is a text with what a person would say of it.
type snippet struct {
	family, path, text string
	secret             bool
	line               int // in the family's file
}

// TestLabelledSet scans texts that people labelled, one family of rules a file. The
// labels do not know what the engine finds: what it misses, and what it takes for a
// secret and is none, is shown, and pinned in a golden file.
//
// Each line of testdata/labelled/FAMILY.txt is "secret" or "none", perhaps "@PATH",
// and the text; further lines of the text begin with "  | ". {{alnum 20}} and the
// like are made up when the test runs, always alike, so no secret is written down.
func TestLabelledSet(t *testing.T) {
	snippets := readLabelled(t)
	found := scanSnippets(t, snippets)
	tables := make(map[string]*tally)
	var families []string
	total := &tally{}
	for i, s := range snippets {
		if tables[s.family] == nil {
			tables[s.family] = &tally{}
			families = append(families, s.family)
		}
		for _, table := range []*tally{tables[s.family], total} {
			table.add(s, found[i])
		}
	}
	if total.secrets+total.others < 300 || len(families) < 25 {
		t.Errorf("only %d texts of %d families", total.secrets+total.others, len(families))
	}
	var got strings.Builder
	fmt.Fprintf(&got, "%-16s %7s %5s %6s %9s %5s %6s %9s\n", "family", "secrets", "found", "recall", "no secret", "wrong", "", "precision")
	for _, f := range families {
		got.WriteString(tables[f].row(f))
	}
	got.WriteString(total.row("all"))
	for _, f := range families {
		for _, detail := range tables[f].details {
			fmt.Fprintf(&got, "%s: %s\n", f, detail)
		}
	}
	t.Log("\n" + got.String())
	if *updateLabelled {
		if err := os.WriteFile(labelledGolden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(labelledGolden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the results changed; where that is meant, run with -update-labelled:\n%s", diff)
	}
}

// tally counts one family.
type tally struct {
	secrets, found, others, wrong int
	details                       []string
}

func (c *tally) add(s snippet, rules []string) {
	switch {
	case s.secret && len(rules) > 0:
		c.secrets++
		c.found++
	case s.secret:
		c.secrets++
		c.details = append(c.details, fmt.Sprintf("line %d is missed", s.line))
	case len(rules) > 0:
		c.others++
		c.wrong++
		c.details = append(c.details, fmt.Sprintf("line %d is no secret, but %s", s.line, strings.Join(rules, ", ")))
	default:
		c.others++
	}
}

func (c *tally) row(name string) string {
	part := func(n, of int) string {
		if of == 0 {
			return "-"
		}
		return fmt.Sprintf("%.0f%%", 100*float64(n)/float64(of))
	}
	return fmt.Sprintf("%-16s %7d %5d %6s %9d %5d %6s %9s\n",
		name, c.secrets, c.found, part(c.found, c.secrets), c.others, c.wrong, "", part(c.found, c.found+c.wrong))
}

// scanSnippets gives the rules that find something in each text, in a file of its
// own.
func scanSnippets(t *testing.T, snippets []snippet) [][]string {
	t.Helper()
	s, err := secrets.New(secrets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var files []scantest.File
	for i, s := range snippets {
		files = append(files, scantest.Text(fmt.Sprintf("%d/%s", i, s.path), s.text+"\n"))
	}
	found := make([][]string, len(snippets))
	for _, res := range scan.Run(t.Context(), scantest.Tree(files...), []scan.Scanner{s}, scan.Options{}) {
		if res.Status != finding.StatusOK {
			t.Fatalf("status %s: %s", res.Status, res.Reason)
		}
		for _, f := range res.Findings {
			number, _, _ := strings.Cut(f.Location.Path, "/")
			i, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			found[i] = append(found[i], f.Rule)
		}
	}
	return found
}

// readLabelled reads all families, in the order of their names.
func readLabelled(t *testing.T) []snippet {
	t.Helper()
	names, err := filepath.Glob("testdata/labelled/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []snippet
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parseLabelled(t, strings.TrimSuffix(filepath.Base(name), ".txt"), data)...)
	}
	for i := range all {
		all[i].text = fill(all[i])
	}
	return all
}

var labelledLine = regexp.MustCompile(`^(secret|none) (?:@(\S+) )?(.*)$`)

func parseLabelled(t *testing.T, family string, data []byte) []snippet {
	t.Helper()
	var out []snippet
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		m := labelledLine.FindStringSubmatch(line)
		more, continued := strings.CutPrefix(line, "  |")
		switch {
		case m != nil:
			path := m[2]
			if path == "" {
				path = "notes.conf"
			}
			out = append(out, snippet{family, path, m[3], m[1] == "secret", n})
		case continued && len(out) > 0:
			out[len(out)-1].text += "\n" + strings.TrimPrefix(more, " ")
		case line != "" && !strings.HasPrefix(line, "#"):
			t.Fatalf("%s:%d: %q is neither a secret nor none", family, n, line)
		}
	}
	return out
}

// alphabets are what made-up texts consist of.
var alphabets = map[string]string{
	"lower": "abcdefghijklmnopqrstuvwxyz0123456789", "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"alpha": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "digit": "0123456789",
	"alnum": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "hex": "0123456789abcdef", "hexh": "0123456789abcdef",
	"urlsafe": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_",
	"b64":     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/",
	"base32":  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "age": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}

var (
	hole      = regexp.MustCompile(`\{\{(lower|upper|alpha|digit|alnum|hexh|hex|urlsafe|b64|base32|age|uuid|BEGIN|lit|base64of|base64twice|hexof|percentof)(?: (.*?))?\}\}`)
	innerHole = regexp.MustCompile(`%(alnum|base32|b64|digit|BEGIN)(\d*)`)
)

// fill makes up what stands in the holes of a text, by nothing but the text.
func fill(s snippet) string {
	seed := fnv.New64a()
	seed.Write([]byte(s.family + s.text))
	rng := rand.New(rand.NewPCG(seed.Sum64(), 1))
	of := func(kind, size string) string {
		n, err := strconv.Atoi(size)
		if err != nil {
			panic(fmt.Sprintf("%s:%d: how many?", s.family, s.line))
		}
		out := make([]byte, n)
		for i := range out {
			out[i] = alphabets[kind][rng.IntN(len(alphabets[kind]))]
		}
		return string(out)
	}
	inner := func(text string) string {
		return strings.ReplaceAll(innerHole.ReplaceAllStringFunc(text, func(h string) string {
			m := innerHole.FindStringSubmatch(h)
			if m[1] == "BEGIN" {
				return m[1]
			}
			return of(m[1], m[2])
		}), "@", "\n")
	}
	return hole.ReplaceAllStringFunc(s.text, func(h string) string {
		m := hole.FindStringSubmatch(h)
		switch m[1] {
		case "BEGIN":
			return m[1]
		case "lit": // cuts a text that the rules would take for a secret here already
			return m[2]
		case "uuid":
			return of("hex", "8") + "-" + of("hex", "4") + "-4" + of("hex", "3") + "-a" + of("hex", "3") + "-" + of("hex", "12")
		case "base64of":
			return base64.StdEncoding.EncodeToString([]byte(inner(m[2])))
		case "base64twice":
			return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(inner(m[2])))))
		case "hexof":
			return hex.EncodeToString([]byte(inner(m[2])))
		case "percentof":
			return url.QueryEscape(inner(m[2]))
		}
		return of(m[1], m[2])
	})
}
