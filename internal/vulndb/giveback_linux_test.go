package vulndb

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/inventory"
)

// TestPagesAreGivenBack holds that after a query no page of the database counts as
// memory of the process, whether it lies in a folder or in a tar file.
func TestPagesAreGivenBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	if err := buildFrom(t, folderOf(t, sampleAdvisories(t))).Install(dir); err != nil {
		t.Fatal(err)
	}
	tar := dir + ".tar"
	if _, err := Export(t.Context(), dir, tar); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, tar} {
		db, err := OpenDatabase(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if resident(t, path) == 0 {
			t.Fatalf("%s: no page of it is in memory before a query: what is measured here?", path)
		}
		for range 2 {
			matches, err := db.Query(t.Context(), []inventory.Package{npmPackage})
			if err != nil || len(matches[0].Advisories) == 0 {
				t.Fatalf("%+v, %v", matches, err)
			}
			if n := resident(t, path); n > 0 {
				t.Errorf("%s: %d mappings of it still hold pages", path, n)
			}
		}
	}
}

// resident is how many mappings of files at a path have pages in memory.
func resident(t *testing.T, path string) (n int) {
	t.Helper()
	file, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skipf("the system does not say: %v", err)
	}
	defer file.Close()
	ours := false
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		first, _, _ := strings.Cut(line, " ")
		switch {
		case !strings.HasSuffix(first, ":"):
			ours = strings.Contains(line, " "+path)
		case ours && first == "Rss:" && !strings.HasSuffix(line, " 0 kB"):
			n++
		}
	}
	return n
}
