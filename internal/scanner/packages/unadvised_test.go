package packages_test

import (
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// TestUnadvised wants packages that nobody warns of listed, and the scan to say so: that
// nothing was found says nothing.
func TestUnadvised(t *testing.T) {
	const pods = "PODS:\n  - Alamofire (5.8.1)\n  - SDWebImage (5.18.10)\n\nCOCOAPODS: 1.15.2\n"
	const note = "2 packages of kinds that OSV publishes no advisories for, not checked: CocoaPods (2)"
	locked := scantest.Text("ios/Podfile.lock", pods)
	gem := scantest.Text("Gemfile.lock", "GEM\n  specs:\n    rake (13.0.6)\n")
	for name, c := range map[string]struct {
		files  []scantest.File
		opt    packages.Options
		status finding.Status
		notes  []string
		errors []string
	}{
		"alone":                      {[]scantest.File{locked}, packages.Options{DB: advisories(t)}, finding.StatusPartial, nil, []string{note}},
		"alone, without a database":  {[]scantest.File{locked}, packages.Options{}, finding.StatusPartial, nil, []string{note}},
		"alone, only listed":         {[]scantest.File{locked}, packages.Options{ListOnly: true}, finding.StatusOK, []string{"packages are listed, and not compared with advisories"}, nil},
		"beside others":              {[]scantest.File{locked, scantest.Text("requirements.txt", "a==1\n")}, packages.Options{DB: advisories(t)}, finding.StatusPartial, []string{noKEV}, []string{note}},
		"beside what is not checked": {[]scantest.File{locked, gem}, packages.Options{DB: only{advisories(t), "npm"}}, finding.StatusPartial, nil, []string{note, "the database has no advisories for RubyGems (1 package not checked)"}},
		"beside others, no database": {[]scantest.File{locked, gem}, packages.Options{}, finding.StatusFailed, nil, []string{note}},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(c.files...), c.opt)
			same(t, "status", c.status, res.Status)
			same(t, "notes", c.notes, res.Notes)
			same(t, "errors", c.errors, res.Errors)
			same(t, "a package", inventory.Package{
				Target: res.Target.Name, Ecosystem: "CocoaPods", Name: "Alamofire", Version: "5.8.1", PURL: "pkg:cocoapods/Alamofire@5.8.1", Paths: []string{"ios/Podfile.lock"},
			}, res.Packages[0])
		})
	}
}

// TestDistributionThatCallsItselfUnadvised wants no image to get off by its name.
func TestDistributionThatCallsItselfUnadvised(t *testing.T) {
	res := run(t, scantest.Image("x", nil, layer("1", scantest.Text("etc/os-release", "ID=CocoaPods\n"),
		scantest.Text("var/lib/dpkg/status", read(t, "image/dpkg-status")))), packages.Options{DB: advisories(t)})
	same(t, "errors", []string{"the database has no advisories for CocoaPods (4 packages not checked): OSV publishes none"}, res.Errors)
	same(t, "status", finding.StatusPartial, res.Status)
}
