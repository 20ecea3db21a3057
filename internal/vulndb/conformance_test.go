package vulndb

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/inventory"
)

// conformance gives a folder of the conformance data, or skips the test.
func conformance(tb testing.TB, name string) string {
	tb.Helper()
	root := os.Getenv("BOLTSEAL_CONFORMANCE")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "conformance")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("no conformance data: %v (set BOLTSEAL_CONFORMANCE)", err)
	}
	return path
}

func readRows(tb testing.TB, path string) [][]string {
	tb.Helper()
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	var rows [][]string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return rows
}

func readInventory(tb testing.TB, path string) []inventory.Package {
	tb.Helper()
	var packages []inventory.Package
	for _, row := range readRows(tb, path) {
		version := row[2]
		if version == "(devel)" {
			version = ""
		}
		packages = append(packages, inventory.Package{Ecosystem: row[0], Name: row[1], Version: version})
	}
	return packages
}

// TestConformance compares what affects real package lists with what a peer says
// on the same advisories. Every difference is in testdata/NAME.differences.tsv,
// with its reason: "+" is ours alone, "-" the peer's alone.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("reading 100 MB of advisories takes most of a minute under the race detector: run without -short")
	}
	for _, name := range []string{"app", "alpine"} {
		t.Run(name, func(t *testing.T) {
			lists := conformance(t, "packages")
			db, err := openFolder(conformance(t, "osv"), defaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			packages := readInventory(t, filepath.Join(lists, name+".inventory.tsv"))
			matches, err := db.Query(t.Context(), packages)
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string]bool)
			for i, p := range packages {
				if matches[i].Err != nil {
					t.Errorf("%s %s %s: %v", p.Ecosystem, p.Name, p.Version, matches[i].Err)
				}
				told := make(map[string]bool)
				for _, a := range matches[i].Advisories {
					told[a.ID] = true
					for _, id := range a.Aliases {
						told[id] = true
					}
				}
				for _, id := range affecting(t, db, &p) {
					got[strings.Join([]string{p.Ecosystem, p.Name, p.Version, id}, "\t")] = true
					if !told[id] {
						t.Errorf("%s %s: record %s affects it and is in no advisory", p.Name, p.Version, id)
					}
				}
			}
			compareExpected(t, name, got, readRows(t, filepath.Join(lists, name+".expected.tsv")))
		})
	}
}

func compareExpected(t *testing.T, name string, got map[string]bool, expected [][]string) {
	t.Helper()
	explained := make(map[string]bool)
	for _, row := range readRows(t, filepath.Join("testdata", name+".differences.tsv")) {
		explained[strings.Join(row[:5], "\t")] = true
	}
	want := make(map[string]bool)
	missed := 0
	for _, row := range expected {
		key := strings.Join(row, "\t")
		want[key] = true
		if !got[key] {
			missed++
			check(t, explained, "-\t"+key)
		}
	}
	ours := 0
	for key := range got {
		if !want[key] {
			ours++
			check(t, explained, "+\t"+key)
		}
	}
	for key := range explained {
		t.Errorf("explained, but there is no such difference: %s", key)
	}
	t.Logf("%s: %d expected, recall %.1f%%, %d of ours alone", name, len(want), 100*float64(len(want)-missed)/float64(len(want)), ours)
}

// affecting lists the records that affect a package, before they are collapsed
// into advisories: that is what the peer lists.
func affecting(t *testing.T, db *folder, p *inventory.Package) []string {
	t.Helper()
	x, err := db.family(inventory.Family(p.Ecosystem))
	if err != nil || x == nil {
		t.Fatalf("no index for %s: %v", p.Ecosystem, err)
	}
	var c *comparator
	if p.Version != "" {
		if c, err = newComparator(p.Ecosystem, p.Version); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := x.lookup(inventory.NormalName(x.family, p.Name), inventory.Release(p.Ecosystem))
	if err != nil {
		t.Fatal(err)
	}
	hits, _ := evaluate(entries, c)
	var ids []string
	for _, h := range hits {
		if h.in {
			ids = append(ids, h.record.id)
		}
	}
	return ids
}

func check(t *testing.T, explained map[string]bool, key string) {
	t.Helper()
	if !explained[key] {
		t.Errorf("unexplained difference: %s", key)
	}
	delete(explained, key)
}
