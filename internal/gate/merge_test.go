package gate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// part is a run of one finding, which change then says more of.
func part(name string, change func(*report.Run)) Part {
	run := &report.Run{
		Schema: report.Schema, Tool: report.Tool{Name: "boltseal", Version: "1"}, Commit: "c",
		Scans: []report.Scan{{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusOK, Files: 2}},
		Findings: []report.Finding{{Subject: policy.Subject{Finding: finding.Finding{
			Fingerprint: "v1:1", Rule: "r", Scanner: finding.Secrets, Target: "dir:.", Severity: finding.High, Message: "m",
		}}}},
	}
	if change != nil {
		change(run)
	}
	return Part{name, run}
}

func shardOf(index, of int) func(*report.Run) {
	return func(r *report.Run) { r.Shard = &report.Shard{Index: index, Of: of, Plan: "sha256:p"} }
}

func merging() Merging {
	return Merging{Version: "1", Judging: Judging{Policies: []*policy.Policy{policy.Default()}, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}}
}

func TestMergeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*report.Run)
		says   string
	}{
		"another commit":         {func(r *report.Run) { r.Commit = "d" }, "different commits"},
		"another version":        {func(r *report.Run) { r.Tool.Version = "2" }, "different versions"},
		"another --fail-on":      {func(r *report.Run) { r.Judged.FailOn = new(finding.Low) }, "different events"},
		"another environment":    {func(r *report.Run) { r.Judged.Environment = "x" }, "different events"},
		"a shard that cannot be": {shardOf(3, 2), "shard 3 of 2"},
		"a shard of nothing":     {shardOf(0, 0), "shard 0 of 0"},
		"other content":          {func(r *report.Run) { r.Scans[0].Digest = "sha256:2" }, "was sha256:"},
	} {
		t.Run(name, func(t *testing.T) {
			first := part("a.json", func(r *report.Run) { r.Scans[0].Digest = "sha256:1" })
			_, err := Merge([]Part{first, part("b.json", test.change)}, merging())
			if !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := Merge(nil, merging()); !errors.Is(err, ErrMismatch) {
		t.Errorf("nothing: %v", err)
	}
	other := func(r *report.Run) { r.Shard = &report.Shard{Index: 2, Of: 2, Plan: "sha256:q"} }
	if _, err := Merge([]Part{part("a", shardOf(1, 2)), part("b", other)}, merging()); err == nil || !strings.Contains(err.Error(), "different plans") {
		t.Errorf("another plan: %v", err)
	}
}

// platformOf is a run of an image for one platform.
func platformOf(platform, layer string) func(*report.Run) {
	const target = "registry:acme/app:1"
	return func(r *report.Run) {
		p := inventory.Package{Target: target, Ecosystem: "npm", Name: "lodash", Version: "4.17.15", Layer: layer}
		r.Scans = []report.Scan{{Scanner: finding.Packages, Target: target, Platform: platform, Digest: "sha256:" + platform, Status: finding.StatusOK}}
		r.Packages = []inventory.Package{p}
		r.Images = []report.Image{{Target: target, Name: "acme/app", Layers: []report.ImageLayer{{Digest: layer}}}}
		r.Drifts = []report.Drift{{Target: target, Old: platform}}
		r.Findings[0].Target, r.Findings[0].Package = target, &p
	}
}

// TestMergeKeepsPlatformsApart: what one job found of an image's platform is not another
// platform's.
func TestMergeKeepsPlatformsApart(t *testing.T) {
	amd, arm := part("amd.json", platformOf("linux/amd64", "sha256:a")), part("arm.json", platformOf("linux/arm64", "sha256:b"))
	unopened := part("s390x.json", func(r *report.Run) {
		r.Scans = []report.Scan{{Scanner: finding.Packages, Target: "registry:acme/app:1", Status: finding.StatusFailed, Reason: "no such platform"}}
		r.Findings = nil
	})
	before := amd.Run.Packages[0]
	run, err := Merge(PlatformsApart([]Part{arm, amd, unopened}), merging())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range run.Scans {
		got = append(got, "scan "+s.Target+" "+s.Digest)
	}
	for _, i := range run.Images {
		got = append(got, "image "+i.Target+" "+i.Layers[0].Digest)
	}
	for _, d := range run.Drifts {
		got = append(got, "drift "+d.Target+" "+d.Old)
	}
	for _, p := range run.Packages {
		got = append(got, "package "+p.Target+" "+p.Layer)
	}
	for _, f := range run.Findings {
		got = append(got, "finding "+f.Target+" "+f.Package.Target)
	}
	const app = "registry:acme/app:1"
	want := []string{
		"scan " + app + " ", "scan " + app + " linux/amd64 sha256:linux/amd64", "scan " + app + " linux/arm64 sha256:linux/arm64",
		"image " + app + " linux/amd64 sha256:a", "image " + app + " linux/arm64 sha256:b",
		"drift " + app + " linux/amd64 linux/amd64", "drift " + app + " linux/arm64 linux/arm64",
		"package " + app + " linux/amd64 sha256:a", "package " + app + " linux/arm64 sha256:b",
		"finding " + app + " linux/amd64 " + app + " linux/amd64", "finding " + app + " linux/arm64 " + app + " linux/arm64",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, amd.Run.Packages[0]); diff != "" || amd.Run.Findings[0].Package.Target != app {
		t.Errorf("the run itself was changed: %s", diff)
	}
}

// TestOnePlatformKeepsItsName: so do runs of one platform, and one that tells of several
// under one name, which nobody can tell apart.
func TestOnePlatformKeepsItsName(t *testing.T) {
	amd := part("amd.json", platformOf("linux/amd64", "sha256:a"))
	mixed := part("mixed.json", func(r *report.Run) {
		platformOf("linux/amd64", "sha256:a")(r)
		r.Scans = append(r.Scans, report.Scan{Scanner: finding.Secrets, Target: r.Scans[0].Target, Platform: "linux/arm64"})
	})
	named := part("named.json", func(r *report.Run) {
		platformOf("linux/arm64", "sha256:b")(r)
		r.Scans[0].Target += " linux/arm64"
	})
	for name, parts := range map[string][]Part{"twice the same": {amd, amd}, "a run of several": {mixed}, "and another": {mixed, amd}, "one with its platform": {named, amd}} {
		for i, p := range PlatformsApart(parts) {
			if p.Run != parts[i].Run {
				t.Errorf("%s: %s was renamed", name, p.Name)
			}
		}
	}
}

// TestMergeKeepsTheStricter: of a shard that ran twice, and of a finding that two jobs
// tell, the one counts that lets less through.
func TestMergeKeepsTheStricter(t *testing.T) {
	old := func(r *report.Run) {
		r.Findings[0].New = new(false)
		r.Findings[0].Ignored = "a comment"
	}
	failed := func(r *report.Run) { r.Scans[0].Status, r.Scans[0].Reason = finding.StatusFailed, "no disk" }
	none := func(r *report.Run) { r.Findings = []report.Finding{} }
	other := func(r *report.Run) {
		for _, id := range []string{"v1:2", "v1:3"} {
			f := r.Findings[0]
			f.Fingerprint = id
			r.Findings = append(r.Findings, f)
		}
		r.Findings = r.Findings[1:]
	}
	both := func(changes ...func(*report.Run)) func(*report.Run) {
		return func(r *report.Run) {
			for _, c := range changes {
				c(r)
			}
		}
	}
	for name, test := range map[string]struct {
		parts    []Part
		status   policy.VerdictStatus
		findings int
		reason   string
	}{
		"a finding that one knows as old":        {[]Part{part("a", old), part("b", nil)}, policy.Blocked, 1, ""},
		"the same the other way round":           {[]Part{part("a", nil), part("b", old)}, policy.Blocked, 1, ""},
		"a job that failed beside one that not":  {[]Part{part("a", none), part("b", both(none, failed))}, policy.None, 0, "no disk"},
		"a shard that failed and ran again":      {[]Part{part("a", both(none, shardOf(1, 1))), part("b", both(none, failed, shardOf(1, 1)))}, policy.None, 0, "no disk"},
		"a shard that found more":                {[]Part{part("a", both(none, shardOf(1, 1))), part("b", shardOf(1, 1))}, policy.Blocked, 1, ""},
		"a shard that is made up to be stricter": {[]Part{part("a", shardOf(1, 1)), part("b", both(other, failed, shardOf(1, 1)))}, policy.Blocked, 3, "no disk"},
		"a shard that is missing":                {[]Part{part("a", both(none, shardOf(2, 3)))}, policy.None, 0, "shards 1, 3 of 3 are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := Merge(test.parts, merging())
			if err != nil {
				t.Fatal(err)
			}
			if run.Verdict.Status != test.status || len(run.Findings) != test.findings || !strings.Contains(strings.Join(run.Verdict.Reasons, "\n"), test.reason) {
				t.Errorf("%+v, %d findings", run.Verdict, len(run.Findings))
			}
		})
	}
}

func TestMergeJoinsRows(t *testing.T) {
	row := func(status finding.Status, reason string, n int64) func(*report.Run) {
		return func(r *report.Run) {
			r.Scans[0] = report.Scan{Scanner: finding.Secrets, Target: "dir:.", Status: status, Reason: reason, Files: n, Skipped: map[string]int64{"ignored": 4}}
		}
	}
	var parts []Part
	for i, change := range []func(*report.Run){row(finding.StatusNothing, "", 0), row(finding.StatusPartial, "a", 2), row(finding.StatusPartial, "b", 3), row(finding.StatusPartial, "a", 5)} {
		p := part("x", change)
		shardOf(i+1, 4)(p.Run)
		parts = append(parts, p)
	}
	run, err := Merge(parts, merging())
	if err != nil {
		t.Fatal(err)
	}
	want := []report.Scan{{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusPartial, Reason: "a; b", Files: 10, Skipped: map[string]int64{"ignored": 4}}}
	if diff := cmp.Diff(want, run.Scans); diff != "" {
		t.Error(diff)
	}
}

// TestMergeCountsADoubledShardOnce: what ran twice has not looked at more files.
func TestMergeCountsADoubledShardOnce(t *testing.T) {
	files := func(index int, n int64) Part {
		return part("x", func(r *report.Run) {
			shardOf(index, 2)(r)
			r.Scans[0].Files = n
		})
	}
	run, err := Merge([]Part{files(2, 7), files(1, 4), files(1, 5), files(2, 7)}, merging())
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Scans) != 1 || run.Scans[0].Files != 12 || len(run.Findings) != 1 {
		t.Errorf("%+v, %d findings", run.Scans, len(run.Findings))
	}
}

// TestMergeTakesNoFindingForAnother: a finding that only says it is another one does not
// stand in for it.
func TestMergeTakesNoFindingForAnother(t *testing.T) {
	for name, change := range map[string]func(*finding.Finding){
		"another rule":    func(f *finding.Finding) { f.Rule = "q" },
		"another scanner": func(f *finding.Finding) { f.Scanner = finding.Dockerfile },
		"another path":    func(f *finding.Finding) { f.Location.Path = "testdata/x" },
		"another image":   func(f *finding.Finding) { f.Location.Image = "x" },
		"another package": func(f *finding.Finding) { f.Package = &inventory.Package{PURL: "pkg:npm/x@1"} },
	} {
		t.Run(name, func(t *testing.T) {
			forged := part("b", func(r *report.Run) {
				f := &r.Findings[0].Finding
				f.Severity = finding.Critical
				change(f)
			})
			run, err := Merge([]Part{part("a", nil), forged}, merging())
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Findings) != 2 {
				t.Errorf("%+v", run.Findings)
			}
		})
	}
}

func TestMergeTellsTheOldestAdvisories(t *testing.T) {
	with := func(digest, asOf string) func(*report.Run) {
		return func(r *report.Run) {
			r.Database = &report.Database{Digest: digest, Sources: []report.DatabaseSource{{Ecosystem: "npm", AsOf: asOf}}}
		}
	}
	run, err := Merge([]Part{part("a", with("sha256:1", "2026-11-30T00:00:00Z")), part("b", with("sha256:2", "2026-11-01T00:00:00Z"))}, merging())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&report.Database{Sources: []report.DatabaseSource{{Ecosystem: "npm", AsOf: "2026-11-01T00:00:00Z"}}}, run.Database); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(strings.Join(run.Verdict.Reasons, "\n"), "2 different vulnerability databases") {
		t.Errorf("%q", run.Verdict.Reasons)
	}
}

// TestMergeTellsTheOldestLists holds that of KEV and EPSS the older ones count, and none
// of a run that never opened its database.
func TestMergeTellsTheOldestLists(t *testing.T) {
	with := func(kevAsOf, epssAsOf string) Part {
		return Part{Run: &report.Run{Database: &report.Database{KEV: "2026-11-01", EPSS: "2026-11-01", KEVAsOf: kevAsOf, EPSSAsOf: epssAsOf, Sources: []report.DatabaseSource{{Ecosystem: "npm"}}}}}
	}
	const older, newer = "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"
	want := [4]string{"2026-11-01", "2026-11-01", older, older}
	one, two, unasked := with(older, newer), with(newer, older), Part{Run: &report.Run{Database: &report.Database{}}}
	for name, parts := range map[string][]Part{
		"two":                       {one, two},
		"none asked at the front":   {unasked, one, two},
		"none asked in between":     {one, unasked, two},
		"none asked at the back":    {two, one, unasked},
		"none asked at either side": {unasked, two, unasked, one},
	} {
		t.Run(name, func(t *testing.T) {
			d := mergeDatabases(parts)
			if diff := cmp.Diff(want, [4]string{d.KEV, d.EPSS, d.KEVAsOf, d.EPSSAsOf}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
