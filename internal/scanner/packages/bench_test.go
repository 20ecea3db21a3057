package packages_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// BenchmarkScan matches the conformance list of 353 packages, put back into the
// files that they come from, with the advisories in memory.
func BenchmarkScan(b *testing.B) {
	root := os.Getenv("BOLTSEAL_CONFORMANCE")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared", "conformance")
	}
	file, err := os.Open(filepath.Join(root, "packages", "app.inventory.tsv"))
	if err != nil {
		b.Skipf("no conformance data: %v (set BOLTSEAL_CONFORMANCE)", err)
	}
	defer file.Close()
	var dpkg, gradle strings.Builder
	files := []scantest.File{scantest.Text("etc/os-release", debian12)}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		row := strings.Split(lines.Text(), "\t")
		switch row[0] {
		case "Debian:12":
			fmt.Fprintf(&dpkg, "Package: %s\nStatus: install ok installed\nVersion: %s\n\n", row[1], row[2])
		case "npm":
			files = append(files, scantest.Text("app/node_modules/"+row[1]+"/package.json", fmt.Sprintf(`{"name":%q,"version":%q}`, row[1], row[2])))
		case "PyPI":
			files = append(files, scantest.Text(fmt.Sprintf("lib/%s-%s.dist-info/METADATA", row[1], row[2]), fmt.Sprintf("Name: %s\nVersion: %s\n", row[1], row[2])))
		case "Maven":
			fmt.Fprintf(&gradle, "%s:%s=runtimeClasspath\n", row[1], row[2])
		}
	}
	files = append(files, scantest.Text("var/lib/dpkg/status", dpkg.String()))
	db, err := vulndb.OpenFolder(filepath.Join(root, "osv"))
	if err != nil {
		b.Fatal(err)
	}
	scanners := []scan.Scanner{packages.New(packages.Options{DB: db})}
	sources := []scan.Source{
		scantest.Image("x", nil, scantest.Layer{Files: files}),
		scantest.Tree(scantest.Text("gradle.lockfile", gradle.String())),
	}
	for _, src := range sources { // read the advisories once
		scan.Run(b.Context(), src, scanners, scan.Options{})
	}
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		found = 0
		for _, src := range sources {
			found += len(scan.Run(b.Context(), src, scanners, scan.Options{})[0].Findings)
		}
	}
	b.ReportMetric(float64(found), "findings")
}
