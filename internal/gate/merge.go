package gate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
)

// Part is a run that is to be merged, and what messages call it.
type Part struct {
	Name string
	Run  *report.Run
}

// Merging is what a merge needs beside the runs.
type Merging struct {
	// Expect is how many runs there are to be that are no shards; 0 for any number.
	Expect int
	// Version is the program's: runs of another one are refused, as its rules may be
	// others.
	Version string
	// Commit is the one that is checked out where the merge runs; empty where that is
	// not known.
	Commit string
	// Heads and Baselines are as in Request, of all targets.
	Heads     []Head
	Baselines map[string]*Baseline
	Judging
}

// ErrMismatch says that runs do not belong together.
var ErrMismatch = errors.New("these runs cannot be merged")

// Merge makes one run of those of parallel jobs, and judges it. It depends on the runs
// alone, not on their order. What is missing takes the verdict away; runs that do not
// belong together are an error. Merge keeps parts of the runs and changes none.
func Merge(parts []Part, m Merging) (*report.Run, error) {
	parts = ordered(parts)
	if err := m.check(parts); err != nil {
		return nil, err
	}
	missing := missingRuns(parts, m.Expect)
	run := &report.Run{
		Schema: report.Schema, Tool: report.Tool{Name: "boltseal", Version: m.Version},
		Commit: m.Commit, Findings: []report.Finding{},
	}
	var err error
	if run.Scans, err = mergeScans(parts); err != nil {
		return nil, err
	}
	m.Failures = append(slices.Clone(m.Failures), missing...)
	failed := make(map[string]bool)
	for _, p := range parts {
		run.Change = cmp.Or(run.Change, p.Run.Change)
		run.Commit = cmp.Or(run.Commit, p.Run.Commit)
		run.Packages = append(run.Packages, p.Run.Packages...)
		for _, f := range p.Run.Judged.Failures {
			if !failed[f] {
				failed[f] = true
				m.Failures = append(m.Failures, f)
			}
		}
	}
	run.Images = byTarget(parts, func(r *report.Run) []report.Image { return r.Images }, func(i report.Image) string { return i.Target })
	run.Drifts = byTarget(parts, func(r *report.Run) []report.Drift { return r.Drifts }, func(d report.Drift) string { return d.Target })
	slices.SortStableFunc(run.Packages, inventory.Compare)
	run.Packages = slices.CompactFunc(run.Packages, func(a, b inventory.Package) bool { return inventory.Compare(a, b) == 0 })
	run.Database = mergeDatabases(parts)
	run.Findings = mergeFindings(parts)
	byPlace := func(a, b report.Finding) int { return finding.Compare(a.Finding, b.Finding) }
	slices.SortStableFunc(run.Findings, byPlace) // the example that is told is the first
	m.tellLoosened(run)
	slices.SortStableFunc(run.Findings, byPlace)
	m.Warnings = append(slices.Clone(m.Warnings), differentDatabases(parts)...)
	if len(missing) == 0 { // the rest may match what nothing matches here
		m.Warnings = append(m.Warnings, tellNew(run, m.Baselines, m.mask)...)
	}
	Judge(run, m.Judging)
	return run, nil
}

// ordered sorts runs by what they hold, durations aside.
func ordered(parts []Part) []Part {
	type keyed struct {
		Part
		key []byte
	}
	all := make([]keyed, len(parts))
	for i, p := range parts {
		plain := *p.Run
		plain.Scans = slices.Clone(plain.Scans)
		for s := range plain.Scans {
			plain.Scans[s].DurationMS = 0
		}
		key, err := json.Marshal(plain)
		if err != nil { // of a run that was read there is none
			key = []byte(p.Name)
		}
		all[i] = keyed{p, key}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(index(a.Run), index(b.Run)), bytes.Compare(a.key, b.key))
	})
	out := make([]Part, len(all))
	for i, k := range all {
		out[i] = k.Part
	}
	return out
}

// noShard stands for a run that is none: it comes after all shards.
const noShard = MaxShards + 1

// index is that of a shard, or noShard.
func index(run *report.Run) int {
	if run.Shard == nil {
		return noShard
	}
	return run.Shard.Index
}

// check refuses runs of different commits, versions, plans or questions.
func (m *Merging) check(parts []Part) error {
	if len(parts) == 0 {
		return fmt.Errorf("%w: there is none", ErrMismatch)
	}
	var commit, change, plan told
	commit.tell("the checkout", m.Commit)
	var version, asked told
	version.tell("this boltseal", m.Version)
	of := 0
	for _, p := range parts {
		r := p.Run
		commit.tell(p.Name, r.Commit)
		version.tell(p.Name, r.Tool.Version)
		if r.Change != nil {
			change.tell(p.Name, r.Change.Base+" "+r.Change.Head+" "+r.Change.MergeBase)
		}
		asked.tell(p.Name, question(r.Judged))
		if s := r.Shard; s != nil {
			if s.Of < 1 || s.Of > MaxShards || s.Index < 1 || s.Index > s.Of || s.Plan == "" {
				return fmt.Errorf("%w: %s is shard %d of %d", ErrMismatch, p.Name, s.Index, s.Of)
			}
			plan.tell(p.Name, s.Plan)
			if of = cmp.Or(of, s.Of); of != s.Of {
				plan.differs = append(plan.differs, p.Name)
			}
		}
	}
	for _, t := range []struct {
		of string
		told
	}{{"versions of boltseal", version}, {"commits", commit}, {"changes", change}, {"plans (targets, flags or policies)", plan}, {"events, environments or --fail-on", asked}} {
		if len(t.differs) > 0 {
			return fmt.Errorf("%w: they are of different %s: %s and %s", ErrMismatch, t.of, t.by, strings.Join(slices.Compact(t.differs), ", "))
		}
	}
	return nil
}

// MaxShards is how many jobs can share a run.
const MaxShards = 10_000

// told is what runs say that are to say the same, and who differs from the first.
type told struct {
	by, value string
	differs   []string
}

// tell takes what one says; an empty value says nothing.
func (t *told) tell(by, value string) {
	switch {
	case value == "" || value == t.value:
	case t.value == "":
		t.by, t.value = by, value
	default:
		t.differs = append(t.differs, by)
	}
}

// question is what a run was judged by beside policies and the day.
func question(j report.Judged) string {
	failOn := "nothing"
	if j.FailOn != nil {
		failOn = j.FailOn.String()
	}
	return fmt.Sprintf("%s %q %t %s", j.Event, j.Environment, j.DefaultBranch, failOn)
}

// missingRuns says which runs there should be and are not.
func missingRuns(parts []Part, expect int) (missing []string) {
	of, plain := 0, 0
	seen := make(map[int]bool)
	for _, p := range parts {
		if s := p.Run.Shard; s != nil {
			of, seen[s.Index] = s.Of, true
		} else {
			plain++
		}
	}
	var lost []string
	for i := 1; i <= of; i++ {
		if !seen[i] {
			lost = append(lost, fmt.Sprint(i))
		}
	}
	switch {
	case len(lost) == 1:
		missing = append(missing, fmt.Sprintf("shard %s of %d is missing", lost[0], of))
	case len(lost) > 1:
		missing = append(missing, fmt.Sprintf("shards %s of %d are missing", strings.Join(lost, ", "), of))
	}
	if expect > 0 && plain != expect {
		missing = append(missing, fmt.Sprintf("--expect %d: there are %d runs that are no shards", expect, plain))
	}
	return missing
}

type scanKey struct{ target, platform, scanner string }

// mergeScans makes one row of those of one scanner on one target. What several runs say
// of one shard is joined first: they have looked at the same files.
func mergeScans(parts []Part) ([]report.Scan, error) {
	type key struct {
		scanKey
		shard int
	}
	var order []key
	own := make(map[key]report.Scan) // by shard
	by := make(map[key]Part)
	for _, p := range parts {
		for _, s := range p.Run.Scans {
			k := key{scanKey{s.Target, s.Platform, s.Scanner}, index(p.Run)}
			if _, ok := own[k]; !ok {
				order, by[k] = append(order, k), p
			}
			if err := addRow(own, k, s, p, false); err != nil {
				return nil, err
			}
		}
	}
	rows := make(map[scanKey]report.Scan)
	for _, k := range order {
		if err := addRow(rows, k.scanKey, own[k], by[k], k.shard != noShard); err != nil {
			return nil, err
		}
	}
	names := ScannerNames()
	scans := slices.Collect(maps.Values(rows))
	slices.SortFunc(scans, func(a, b report.Scan) int {
		return cmp.Or(strings.Compare(a.Target, b.Target), strings.Compare(a.Platform, b.Platform),
			cmp.Compare(slices.Index(names, a.Scanner), slices.Index(names, b.Scanner)), strings.Compare(a.Scanner, b.Scanner))
	})
	if scans == nil {
		scans = []report.Scan{}
	}
	return scans, nil
}

// addRow joins a row to those of its key.
func addRow[K comparable](rows map[K]report.Scan, key K, s report.Scan, of Part, shards bool) error {
	before, ok := rows[key]
	if !ok {
		rows[key] = s
		return nil
	}
	if before.Digest != "" && s.Digest != "" && before.Digest != s.Digest {
		return fmt.Errorf("%w: %s was %s for one and %s for %s", ErrMismatch, s.Target, before.Digest, s.Digest, of.Name)
	}
	rows[key] = joined(before, s, shards)
	return nil
}

// joined is what two jobs say of one scanner and target. Shards have looked at different
// files, others at the same.
func joined(a, b report.Scan, shards bool) report.Scan {
	out := a
	out.Status = a.Status.Worse(b.Status)
	out.Reason = bothReasons(a, b, out.Status)
	out.Digest = cmp.Or(a.Digest, b.Digest)
	out.Files, out.Bytes = max(a.Files, b.Files), max(a.Bytes, b.Bytes)
	if shards {
		out.Files, out.Bytes = a.Files+b.Files, a.Bytes+b.Bytes
	}
	// What the source leaves out it leaves out for everybody.
	out.Skipped = maps.Clone(a.Skipped)
	for why, n := range b.Skipped {
		if out.Skipped == nil {
			out.Skipped = make(map[string]int64)
		}
		out.Skipped[why] = max(out.Skipped[why], n)
	}
	out.Errors = union(a.Errors, b.Errors)
	out.Errors = out.Errors[:min(len(out.Errors), scan.MaxErrors)]
	out.Notes = union(a.Notes, b.Notes)
	out.Notes = out.Notes[:min(len(out.Notes), scan.MaxErrors)]
	out.DurationMS = a.DurationMS + b.DurationMS
	out.RulesAssessed = max(a.RulesAssessed, b.RulesAssessed)
	return out
}

// maxReason bounds what is told of many shards.
const maxReason = 2000

// bothReasons are those of the rows that ended as the whole did, each once.
func bothReasons(a, b report.Scan, status finding.Status) string {
	switch {
	case a.Status != status || a.Reason == "":
		if b.Status == status {
			return b.Reason
		}
		return ""
	case b.Status != status || b.Reason == "" || len(a.Reason)+len(b.Reason) > maxReason || slices.Contains(strings.Split(a.Reason, "; "), b.Reason):
		return a.Reason
	}
	return a.Reason + "; " + b.Reason
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// byTarget takes what runs know of each target once, the first's of equals.
func byTarget[T any](parts []Part, of func(*report.Run) []T, target func(T) string) []T {
	var out []T
	seen := make(map[string]bool)
	for _, p := range parts {
		own := make(map[string]bool)
		for _, v := range of(p.Run) {
			if !seen[target(v)] {
				own[target(v)] = true
				out = append(out, v)
			}
		}
		maps.Copy(seen, own)
	}
	slices.SortStableFunc(out, func(a, b T) int { return strings.Compare(target(a), target(b)) })
	return out
}

// findingKey is what findings have in common that are the same. The fingerprint says it
// all, but a run file can say any: what policies tell findings apart by is looked at too.
type findingKey struct{ target, scanner, rule, fingerprint, path, image, purl string }

func keyOf(f *report.Finding) findingKey {
	key := findingKey{f.Target, f.Scanner, f.Rule, f.Fingerprint, f.Location.Path, f.Location.Image, ""}
	if f.Package != nil {
		key.purl = f.Package.PURL
	}
	return key
}

// mergeFindings takes each finding once. Of two that are the same and differ the one
// stays that is less likely to pass. What a change loosens is told anew, by all findings.
func mergeFindings(parts []Part) []report.Finding {
	out := []report.Finding{}
	at := make(map[findingKey]int)
	for _, p := range parts {
		for _, f := range p.Run.Findings {
			if f.Scanner == finding.Policy && f.Rule == finding.RuleLoosened && strings.HasPrefix(f.Message, loosens) {
				continue
			}
			key := keyOf(&f)
			i, twice := at[key]
			switch {
			case !twice:
				at[key] = len(out)
				out = append(out, f)
			case compareStrictness(f, out[i]) > 0:
				out[i] = f
			}
		}
	}
	return out
}

// compareStrictness orders what two jobs say of one finding.
func compareStrictness(a, b report.Finding) int {
	rank := func(f *report.Finding) []int {
		return []int{
			truth(f.New == nil || *f.New), truth(f.Ignored == ""), truth(f.Spared == ""), int(f.Severity),
			truth(f.Location.Origin != originBase), truth(f.Advisory != nil && f.Advisory.KEV),
		}
	}
	return cmp.Or(slices.Compare(rank(&a), rank(&b)), finding.Compare(b.Finding, a.Finding))
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tellLoosened adds what the policies of a change would let through.
func (m *Merging) tellLoosened(run *report.Run) {
	var subjects []policy.Subject
	for i := range run.Findings {
		subjects = append(subjects, run.Findings[i].Subject)
	}
	for _, f := range finding.Seal(loosened(m.Heads, subjects, m.Now), m.mask) {
		run.Findings = append(run.Findings, report.Finding{Subject: policy.Subject{Finding: f}})
	}
}

// mergeDatabases tells of each ecosystem the oldest advisories that were asked.
func mergeDatabases(parts []Part) *report.Database {
	var out *report.Database
	lists := false // out's are of a run that asked for advisories
	sources := make(map[string]report.DatabaseSource)
	for _, p := range parts {
		d := p.Run.Database
		if d == nil {
			continue
		}
		for _, s := range d.Sources {
			if before, ok := sources[s.Ecosystem]; !ok || compareSources(s, before) < 0 {
				sources[s.Ecosystem] = s
			}
		}
		if out == nil {
			out, lists = new(*d), len(d.Sources) > 0
			continue
		}
		if out.Digest != d.Digest {
			out.Digest = ""
		}
		out.Built = min(out.Built, d.Built)
		switch {
		case len(d.Sources) == 0: // it says nothing of lists that it never opened
		case !lists:
			out.KEV, out.EPSS, out.KEVAsOf, out.EPSSAsOf = d.KEV, d.EPSS, d.KEVAsOf, d.EPSSAsOf
			lists = true
		default:
			out.KEV, out.EPSS = min(out.KEV, d.KEV), min(out.EPSS, d.EPSS)
			out.KEVAsOf, out.EPSSAsOf = min(out.KEVAsOf, d.KEVAsOf), min(out.EPSSAsOf, d.EPSSAsOf)
		}
	}
	if out != nil {
		out.Sources = slices.SortedFunc(maps.Values(sources), func(a, b report.DatabaseSource) int { return strings.Compare(a.Ecosystem, b.Ecosystem) })
	}
	return out
}

// compareSources puts what is older, or worse, first.
func compareSources(a, b report.DatabaseSource) int {
	return cmp.Or(strings.Compare(a.AsOf, b.AsOf), strings.Compare(a.Date, b.Date), cmp.Compare(b.Bad, a.Bad), cmp.Compare(a.Records, b.Records))
}

// differentDatabases warns of runs that asked different advisories.
func differentDatabases(parts []Part) []string {
	digests := make(map[string]bool)
	for _, p := range parts {
		if d := p.Run.Database; d != nil {
			digests[d.Digest] = true
		}
	}
	if len(digests) < 2 {
		return nil
	}
	return []string{fmt.Sprintf("the runs asked %d different vulnerability databases: the oldest is told", len(digests))}
}
