package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"

	gocmp "github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// Made-up tokens, put together here so that no file holds them.
var (
	githubToken = "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	otherToken  = "gh" + "p_" + strings.Repeat("Pz3Lw8QnV2", 3) + "Ye5bUc"
	awsKey      = "AK" + "IA" + "ZQ3DRSTUV5W7XY2B"
)

// line is what a test says of a finding.
type line struct {
	Rule, Path, Masked, Region, Layer string
	Deleted                           bool
	Ignored                           string
}

func lines(findings []finding.Finding) []line {
	var out []line
	for _, f := range findings {
		l := line{Rule: f.Rule, Path: f.Location.Path, Layer: f.Location.Layer, Deleted: f.Location.Deleted, Ignored: f.Ignored}
		if f.Secret != nil {
			l.Masked = f.Secret.Masked
		}
		r := f.Location
		l.Region = fmt.Sprintf("%d:%d-%d:%d", r.StartLine, r.StartColumn, r.EndLine, r.EndColumn)
		out = append(out, l)
	}
	return out
}

func TestTree(t *testing.T) {
	n := len(githubToken)
	tests := map[string]struct {
		file scantest.File
		want []line
		note string
	}{
		"a token on the second line": {
			file: scantest.Text("a.txt", "x\n  "+githubToken+"\n"),
			want: []line{{Rule: "github-pat", Path: "a.txt", Masked: "ghp_…", Region: fmt.Sprintf("2:3-2:%d", 3+n)}},
		},
		"at the very beginning, without a newline": {
			file: scantest.Text("a.txt", githubToken),
			want: []line{{Rule: "github-pat", Path: "a.txt", Masked: "ghp_…", Region: fmt.Sprintf("1:1-1:%d", 1+n)}},
		},
		"Windows line ends": {
			file: scantest.Text("a.txt", "x\r\n\r\n"+awsKey+"\r\ny"),
			want: []line{{Rule: "aws-access-token", Path: "a.txt", Masked: "AKIA…", Region: "3:1-3:21"}},
		},
		"what is not UTF-8": {
			file: scantest.Text("a.txt", "\xff\xfe\x80 "+awsKey+" \xe9\n"),
			want: []line{{Rule: "aws-access-token", Path: "a.txt", Masked: "AKIA…", Region: "1:5-1:25"}},
		},
		"between NUL bytes": {
			file: scantest.Text("a.dat", strings.Repeat("\x00", 300_000)+awsKey+strings.Repeat("\x00", 300_000)),
			want: []line{{Rule: "aws-access-token", Path: "a.dat", Masked: "AKIA…", Region: "1:300001-1:300021"}},
		},
		"beside an encoded byte it is told once": {
			file: scantest.Text("a.txt", "x "+awsKey+"%20\n"),
			want: []line{{Rule: "aws-access-token", Path: "a.txt", Masked: "AKIA…", Region: "1:3-1:23"}},
		},
		"in the middle of a line of 5 MB": {
			file: scantest.Text("a.min", strings.Repeat("x,", 2_500_000)+awsKey+strings.Repeat(",y", 1000)),
			want: []line{{Rule: "aws-access-token", Path: "a.min", Masked: "AKIA…", Region: "1:5000001-1:5000021"}},
		},
		"an executable is left out": {
			file: scantest.Text("a", "\x7fELF\x02\x01\x01\x00"+strings.Repeat("\x00", 60)+awsKey),
			note: "1 file left out as binary",
		},
		"text that begins like an executable is not": {
			file: scantest.Text("a.txt", "MZ is a prefix\n"+awsKey+"\n"),
			want: []line{{Rule: "aws-access-token", Path: "a.txt", Masked: "AKIA…", Region: "2:1-2:21"}},
		},
		"text with an archive's name is not": {
			file: scantest.Text("a.browser.js", awsKey),
			want: []line{{Rule: "aws-access-token", Path: "a.browser.js", Masked: "AKIA…", Region: "1:1-1:21"}},
		},
		"the rules leave some paths out": {
			file: scantest.Text("web/node_modules/a.js", awsKey),
			note: "1 file left out by the path allowlist of the rules",
		},
		"an allow comment": {
			file: scantest.Text("a.txt", awsKey+" # gitleaks:allow\n"),
			want: []line{{Rule: "aws-access-token", Path: "a.txt", Masked: "AKIA…", Region: "1:1-1:21", Ignored: "a gitleaks:allow comment"}},
		},
		"a name alone, told once": {
			file: scantest.Text("certs/a.p12", strings.Repeat("text of a key store\n", 20_000)),
			want: []line{{Rule: "pkcs12-file", Path: "certs/a.p12", Region: "0:0-0:0"}},
		},
		"a name alone, of a binary": {
			file: scantest.Text("certs/a.pfx", "PK\x03\x04\x00\x00 zipped"),
			want: []line{{Rule: "pkcs12-file", Path: "certs/a.pfx", Region: "0:0-0:0"}},
			note: "1 file left out as binary",
		},
		"an empty file": {file: scantest.Text("a.p12", "")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res := scanAll(t, scantest.Tree(tt.file), newScanner(t))
			if diff := gocmp.Diff(tt.want, lines(res.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if notes := strings.Join(res.Notes, "; "); notes != tt.note {
				t.Errorf("notes %q, want %q", notes, tt.note)
			}
			if res.Status == finding.StatusPartial || res.Status == finding.StatusFailed {
				t.Errorf("status %s: %s", res.Status, res.Reason)
			}
		})
	}
}

// TestStreamed scans a file that is too large to be held.
func TestStreamed(t *testing.T) {
	var b bytes.Buffer
	for i := range 300_000 {
		if i == 123_456 {
			fmt.Fprintf(&b, "here: %s\n", githubToken)
		}
		fmt.Fprintf(&b, "just another line %d\n", i)
	}
	res := scanAll(t, scantest.Tree(scantest.Text("big.log", b.String())), newScanner(t))
	want := []line{{Rule: "github-pat", Path: "big.log", Masked: "ghp_…", Region: fmt.Sprintf("123457:7-123457:%d", 7+len(githubToken))}}
	if diff := gocmp.Diff(want, lines(res.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestMultiLineMatchBeginsWhereTheEngineSays(t *testing.T) {
	secret := "k9Q2vB" + "zT7w1Xb5" + "mLp0Rj"
	res := scanAll(t, scantest.Tree(scantest.Text("a.yaml", "a: b\napi_token:\n  "+secret+"\nc: d\n")), newScanner(t))
	want := []line{{Rule: "generic-api-key", Path: "a.yaml", Masked: "…", Region: fmt.Sprintf("2:1-3:%d", 3+len(secret))}}
	if diff := gocmp.Diff(want, lines(res.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestSecretTwiceInOneFileIsCounted(t *testing.T) {
	data := "a " + githubToken + "\nb " + githubToken + "\nc " + otherToken + "\n"
	res := scanAll(t, scantest.Tree(scantest.Text("a.txt", data)), newScanner(t))
	sealed := finding.Seal(res.Findings, nil)
	if len(sealed) != 3 {
		t.Fatalf("%d findings", len(sealed))
	}
	if sealed[1].Fingerprint != sealed[0].Fingerprint+"#2" || sealed[2].Fingerprint == sealed[0].Fingerprint {
		t.Errorf("fingerprints %s, %s, %s", sealed[0].Fingerprint, sealed[1].Fingerprint, sealed[2].Fingerprint)
	}
}

func TestIdentityKnowsNoLine(t *testing.T) {
	s := newScanner(t)
	one := scanAll(t, scantest.Tree(scantest.Text("a.txt", githubToken)), s)
	two := scanAll(t, scantest.Tree(scantest.Text("a.txt", "\n\n   "+githubToken+" moved\n")), s)
	if diff := gocmp.Diff(finding.Seal(one.Findings, nil)[0].Fingerprint, finding.Seal(two.Findings, nil)[0].Fingerprint); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryHunk(t *testing.T) {
	f := scantest.Text("a.txt", "x\n"+githubToken+"\n")
	f.Commit, f.Line = "c0ffee", 40
	src := &history{scantest.Tree(f)}
	res := scanAll(t, src, newScanner(t))
	if len(res.Findings) != 1 || res.Findings[0].Location.StartLine != 41 || res.Findings[0].Location.Commit != "c0ffee" {
		t.Errorf("got %+v", res.Findings)
	}
}

type history struct{ scan.Source }

func (h *history) Target() scan.Target { return scan.Target{Kind: scan.KindHistory, Name: "git:."} }

func gone(path string) scantest.File {
	return scantest.File{Entry: scan.Entry{Path: path, Kind: scan.Whiteout}}
}

func TestImageLayers(t *testing.T) {
	data := "k " + githubToken + "\n"
	layers := func(l ...scantest.Layer) scan.Source {
		for i := range l {
			l[i].Digest, l[i].Instruction = fmt.Sprintf("sha256:%d", i), fmt.Sprintf("COPY %d", i)
		}
		return scantest.Image("acme/app", nil, l...)
	}
	region := fmt.Sprintf("1:3-1:%d", 3+len(githubToken))
	tests := map[string]struct {
		src  scan.Source
		want []line
	}{
		"deleted by a later layer": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("root/.env", data)}}, scantest.Layer{Files: []scantest.File{gone("root/.env")}}),
			[]line{{Rule: "github-pat", Path: "root/.env", Masked: "ghp_…", Region: region, Layer: "sha256:0", Deleted: true}},
		},
		"overwritten by a later layer": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("a", data)}}, scantest.Layer{Files: []scantest.File{scantest.Text("a", "clean")}}),
			[]line{{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: region, Layer: "sha256:0", Deleted: true}},
		},
		"the same in two layers: the one that is seen": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("a", data)}}, scantest.Layer{Files: []scantest.File{scantest.Text("a", data)}}),
			[]line{{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: region, Layer: "sha256:1"}},
		},
		"the same in two layers and deleted: the newest": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("a", data)}}, scantest.Layer{Files: []scantest.File{scantest.Text("a", "x\n"+data)}}, scantest.Layer{Files: []scantest.File{gone("a")}}),
			[]line{{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: fmt.Sprintf("2:3-2:%d", 3+len(githubToken)), Layer: "sha256:1", Deleted: true}},
		},
		"twice in a file stays twice": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("a", data+data)}}),
			[]line{
				{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: region, Layer: "sha256:0"},
				{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: "2:" + region[2:4] + "2:" + region[6:], Layer: "sha256:0"},
			},
		},
		"a hard link keeps it": {
			layers(scantest.Layer{Files: []scantest.File{
				scantest.Text("a", data), {Entry: scan.Entry{Path: "b", Kind: scan.Hardlink, Link: "a"}},
			}}, scantest.Layer{Files: []scantest.File{gone("a")}}),
			[]line{{Rule: "github-pat", Path: "b", Masked: "ghp_…", Region: region, Layer: "sha256:0"}},
		},
		"an allow comment in one layer says nothing of another": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("a", data)}}, scantest.Layer{Files: []scantest.File{scantest.Text("a", "k "+githubToken+" # gitleaks:allow")}}),
			[]line{
				{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: region, Layer: "sha256:0", Deleted: true},
				{Rule: "github-pat", Path: "a", Masked: "ghp_…", Region: region, Layer: "sha256:1", Ignored: "a gitleaks:allow comment"},
			},
		},
		"a git folder is looked at": {
			layers(scantest.Layer{Files: []scantest.File{scantest.Text("src/.git/config", data)}}),
			[]line{{Rule: "github-pat", Path: "src/.git/config", Masked: "ghp_…", Region: region, Layer: "sha256:0"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res := scanAll(t, tt.src, newScanner(t))
			if diff := gocmp.Diff(tt.want, lines(res.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range res.Findings {
				if f.Location.Image != "acme/app" || !strings.HasPrefix(f.Location.Instruction, "COPY ") {
					t.Errorf("location %+v", f.Location)
				}
			}
		})
	}
}

// What identifies a secret in an image is the image, the path and the secret: not
// the layer, which a rebuild changes, nor how often it is listed.
func TestASecretInTwoLayersIsOneFinding(t *testing.T) {
	data := "k " + githubToken + "\n"
	with, other := []scantest.File{scantest.Text("a", data)}, []scantest.File{scantest.Text("b", "x")}
	moved := []scantest.File{scantest.Text("a", "\n\n"+data), scantest.Text("c", "x")}
	hides := []scantest.File{gone("a")}
	tests := map[string]struct {
		layers  [][]scantest.File // equal ones are the same layer
		unit    int
		deleted bool
	}{
		"one layer":                              {[][]scantest.File{with}, 0, false},
		"above another layer":                    {[][]scantest.File{other, with}, 1, false},
		"the same layer twice":                   {[][]scantest.File{with, with}, 0, false},
		"two layers":                             {[][]scantest.File{with, moved}, 1, false},
		"two layers, then deleted":               {[][]scantest.File{with, moved, hides}, 1, true},
		"deleted between":                        {[][]scantest.File{with, hides, moved}, 2, false},
		"the same layer again after it is gone":  {[][]scantest.File{with, hides, with}, 2, false},
		"the same layer again, and gone at last": {[][]scantest.File{with, hides, with, hides}, 2, true},
	}
	prints := make(map[string]string)
	for name, tt := range tests {
		var layers []scantest.Layer
		for i, files := range tt.layers {
			layers = append(layers, scantest.Layer{Files: files, Instruction: fmt.Sprintf("COPY %d", i)})
		}
		src := scantest.Image("acme/app", nil, layers...)
		sealed := finding.Seal(scanAll(t, src, newScanner(t)).Findings, nil)
		if len(sealed) != 1 {
			t.Errorf("%s: told %d times: %+v", name, len(sealed), lines(sealed))
			continue
		}
		f := sealed[0]
		at := src.Target().Image.Layers[tt.unit]
		if f.Location.Layer != at.Digest || f.Location.Instruction != at.Instruction || f.Location.Deleted != tt.deleted {
			t.Errorf("%s: location %+v, want layer %d, deleted %v", name, f.Location, tt.unit, tt.deleted)
		}
		prints[f.Fingerprint] = name
	}
	if len(prints) != 1 {
		t.Errorf("fingerprints differ: %v", prints)
	}
}

func TestImageConfiguration(t *testing.T) {
	config := &v1.ConfigFile{
		Config: v1.Config{
			Env:    []string{"PATH=/bin", "GH=" + githubToken},
			Labels: map[string]string{"deploy": awsKey, "a": "b"},
		},
		History: []v1.History{
			{CreatedBy: "ENV GH=" + githubToken},
			{CreatedBy: "RUN |1 T=" + otherToken + " /bin/sh -c true"},
		},
	}
	res := scanAll(t, scantest.Image("acme/app", config), newScanner(t))
	var got []string
	prints := make(map[string]bool)
	for _, f := range finding.Seal(res.Findings, nil) {
		_, where, _ := strings.Cut(f.Message, "; ")
		got = append(got, f.Rule+" "+f.Secret.Masked+" "+where)
		prints[f.Fingerprint] = true
	}
	slices.Sort(got)
	want := []string{
		`aws-access-token AKIA… it stands in the label "deploy" of the image`,
		`github-pat ghp_… it stands in step 2 of the build history of the image`,
		`github-pat ghp_… it stands in the environment variable "GH" of the image`,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if len(prints) != 3 || res.Status != finding.StatusOK {
		t.Errorf("%d fingerprints, status %s", len(prints), res.Status)
	}
}

// TestNothingLeaks plants a secret of every rule everywhere and looks for each in
// all that leaves the scanner.
func TestNothingLeaks(t *testing.T) {
	s := newScanner(t)
	planted := fakes(t, 21, 1)
	if len(planted) < 200 {
		t.Fatalf("only %d fakes", len(planted))
	}
	var files []scantest.File
	config := &v1.ConfigFile{Config: v1.Config{Labels: map[string]string{}}}
	for i, f := range planted {
		files = append(files, scantest.Text(fmt.Sprintf("d%d/%s", i, f.path), "a\n"+f.text+"\nb\n"))
		config.Config.Env = append(config.Config.Env, fmt.Sprintf("V%d=%s", i, f.text))
		config.Config.Labels[fmt.Sprint("l", i)] = f.text
		config.History = append(config.History, v1.History{CreatedBy: "RUN echo " + f.text})
	}
	image := scantest.Image("app", config,
		scantest.Layer{Files: files, Instruction: "RUN echo " + githubToken + " > /a # and " + planted[0].text})
	var out bytes.Buffer
	for name, src := range map[string]scan.Source{"tree": scantest.Tree(files...), "image": image} {
		watched := &watcher{Scanner: s}
		res := scan.Run(t.Context(), src, []scan.Scanner{watched}, scan.Options{})[0]
		if len(res.Findings) < len(planted) {
			t.Errorf("%s: %d findings of %d", name, len(res.Findings), len(planted))
		}
		if err := json.NewEncoder(&out).Encode([]any{res.Findings, res.Notes, res.Errors, res.Reason, watched.parts}); err != nil {
			t.Fatal(err)
		}
		for _, f := range res.Findings {
			fmt.Fprintln(&out, f)
		}
	}
	plain := strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(out.String())
	for _, f := range planted {
		if strings.Contains(plain, f.secret) || strings.Contains(plain, strings.TrimSpace(f.text)) {
			t.Errorf("a secret of %s leaks", f.rule)
		}
	}
}

// watcher keeps the parts that a scanner makes.
type watcher struct {
	*Scanner
	mu    sync.Mutex
	parts []string
}

func (w *watcher) Begin(ctx context.Context, t scan.Target) (scan.Pass, error) {
	p, err := w.Scanner.Begin(ctx, t)
	return &watchedPass{p, w}, err
}

type watchedPass struct {
	scan.Pass
	w *watcher
}

func (p *watchedPass) File(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	part, err := p.Pass.File(ctx, e, c)
	p.w.mu.Lock()
	p.w.parts = append(p.w.parts, string(part))
	p.w.mu.Unlock()
	return part, err
}

func TestConcurrentPasses(t *testing.T) {
	s := newScanner(t)
	files := []scantest.File{}
	n := 40
	if testing.Short() {
		n = 8
	}
	for i := range n {
		files = append(files, scantest.Text(fmt.Sprintf("f%d.txt", i), strings.Repeat("api line\n", i*100)+githubToken+"%20 "+awsKey+"\n"))
	}
	var first []finding.Finding
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			res := scan.Run(t.Context(), scantest.Tree(files...), []scan.Scanner{s}, scan.Options{Workers: 4})[0]
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = res.Findings
			}
			if diff := gocmp.Diff(first, res.Findings); diff != "" || len(res.Findings) != 2*n {
				t.Errorf("%d findings, another pass differs: %s", len(res.Findings), diff)
			}
		})
	}
	wg.Wait()
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := newScanner(t).Begin(ctx, scan.Target{Kind: scan.KindTree})
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("key " + githubToken)
	_, err = p.File(ctx, &scan.Entry{Path: "a", Size: int64(len(data))}, scan.NewContent(data))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestTooManyAndUnreadable(t *testing.T) {
	var b strings.Builder
	for i := range maxHits + 500 {
		fmt.Fprintf(&b, "gh"+"p_%s%06d\n", strings.Repeat("x7Kq9ZtR4m", 3), i)
	}
	broken := scantest.Text("broken", "x")
	broken.Err = errors.New("no permission")
	large := scantest.Text("large", "x")
	large.Size = maxFile + 1
	res := scanAll(t, scantest.Tree(scantest.Text("many", b.String()), broken, large), newScanner(t))
	if len(res.Findings) != maxHits || res.Status != finding.StatusPartial {
		t.Errorf("%d findings, status %s", len(res.Findings), res.Status)
	}
	for _, part := range []string{"many: more than 10000 secrets", "broken: no permission", "large: file too large"} {
		if !strings.Contains(strings.Join(res.Errors, "\n"), part) {
			t.Errorf("errors %q lack %q", res.Errors, part)
		}
	}
}

func TestBadPartIsPartial(t *testing.T) {
	for _, bad := range []string{"{", `{"secrets":[{"r":"no such rule"}]}`, `{"secrets":[{"r":"github-pat","m":"` + "a clear text" + `"}]}`} {
		p, err := newScanner(t).Begin(t.Context(), scan.Target{Kind: scan.KindTree})
		if err != nil {
			t.Fatal(err)
		}
		res := p.Finish(t.Context(), &scan.View{}, []scan.Ref{{Entry: &scan.Entry{Path: "a"}, Part: scan.Part(bad)}})
		if res.Status != finding.StatusPartial || len(res.Findings) != 0 {
			t.Errorf("%s: status %s", bad, res.Status)
		}
	}
}

func TestCacheKeyKnowsTheKey(t *testing.T) {
	one, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if two := newScanner(t); one.CacheKey() == two.CacheKey() || strings.Contains(two.CacheKey(), string(testHasher.Key)) {
		t.Errorf("keys %q and %q", one.CacheKey(), two.CacheKey())
	}
	comparing, err := New(Options{Compare: testHasher})
	if err != nil {
		t.Fatal(err)
	}
	if key := comparing.CacheKey(); key != "" {
		t.Errorf("parts of one run alone are kept under %q", key)
	}
}

func TestOtherTargets(t *testing.T) {
	p, err := newScanner(t).Begin(t.Context(), scan.Target{Kind: scan.KindSBOM})
	if p != nil || err != nil {
		t.Errorf("pass %v, error %v", p, err)
	}
}

func TestCatalogue(t *testing.T) {
	all := Rules()
	if len(all) != 222+len(credRules) {
		t.Errorf("%d rules", len(all))
	}
	severities := make(map[string]finding.Severity)
	for _, r := range all {
		severities[r.ID] = r.Severity
		if r.Title == "" || strings.HasSuffix(r.Title, ".") || r.Remediation == "" || len(r.Page.Text) < 200 || len(r.Page.Cases) > 0 {
			t.Errorf("rule %s: %+v", r.ID, r.Meta)
		}
	}
	for id, want := range map[string]finding.Severity{
		"private-key": finding.Critical, "aws-access-token": finding.Critical, "gcp-api-key": finding.Critical,
		"generic-api-key": finding.Medium, "github-pat": finding.High, "stripe-access-token": finding.High,
	} {
		if severities[id] != want {
			t.Errorf("%s is %s, want %s", id, severities[id], want)
		}
	}
}

// TestNoSharedState makes scanners again and again: the rules are loaded once.
func TestNoSharedState(t *testing.T) {
	for range 3 {
		s := newScanner(t)
		if len(s.plain.rules.rules) != 222 {
			t.Fatalf("%d rules", len(s.plain.rules.rules))
		}
		for _, r := range s.plain.rules.all().Config.Rules {
			if cap(r.Tags) != len(r.Tags) {
				t.Fatalf("tags of %s have room to be written to", r.RuleID)
			}
		}
	}
}

// TestPanicLosesOneRuleOnly breaks the engine.
func TestPanicLosesOneRuleOnly(t *testing.T) {
	cfg, err := loadDefault()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := newRuleSet(cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	rules.byID["aws-access-token"].one = func() *detect.Detector { return nil }
	text := awsKey + "\n" + filler(0, 150_000) + "\nx=%41%42 " + githubToken + "\n"
	var hits []hit
	d := detection{rules: rules, path: "a", report: func(h hit) { hits = append(hits, h) }}
	err = d.run(t.Context(), newChunker([]byte(text), regionSizes))
	if !errors.Is(err, errPanic) || strings.Contains(err.Error(), awsKey) {
		t.Errorf("error %v", err)
	}
	if len(hits) != 1 || hits[0].secret != githubToken {
		t.Errorf("%d hits", len(hits))
	}
}

// TestOwnSourceIsClean scans this package: fakes are never written down.
func TestOwnSourceIsClean(t *testing.T) {
	paths, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	var files []scantest.File
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			continue // a folder
		}
		files = append(files, scantest.Text(p, string(data)))
	}
	res := scanAll(t, scantest.Tree(files...), newScanner(t))
	for _, l := range lines(res.Findings) {
		t.Errorf("found %+v", l)
	}
}
