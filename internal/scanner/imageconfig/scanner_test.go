package imageconfig_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
)

// quiet is a configuration about which no rule has anything to say.
func quiet() *v1.ConfigFile {
	return &v1.ConfigFile{OS: "linux", Config: v1.Config{
		User: "1000", Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "x"}},
		Labels: map[string]string{"org.opencontainers.image.source": "https://example.com", "org.opencontainers.image.revision": "1"},
	}}
}

func mode(path string, mode fs.FileMode) scantest.File {
	return scantest.File{Entry: scan.Entry{Path: path, Mode: mode, Size: 10}, Err: errors.New("was read")}
}

func TestTreesAreNoneOfItsBusiness(t *testing.T) {
	res := scanOne(t.Context(), scantest.Tree(scantest.Text("etc/passwd", "root::0:0:::\n")))
	if res.Status != finding.StatusNothing || len(res.Findings) > 0 {
		t.Errorf("got %s, %v", res.Status, res.Findings)
	}
}

func TestAFindingNamesLayerAndInstruction(t *testing.T) {
	config := quiet()
	config.Config.ExposedPorts = map[string]struct{}{"22/tcp": {}}
	config.History = []v1.History{{CreatedBy: "/bin/sh -c #(nop)  EXPOSE 22"}, {CreatedBy: "COPY . /"}}
	src := scantest.Image("app", config,
		scantest.Layer{Digest: "sha256:1", Instruction: "ADD rootfs"},
		scantest.Layer{Digest: "sha256:2", Instruction: "COPY tool", Files: []scantest.File{mode("opt/tool", 0o755|fs.ModeSetuid)}},
	)
	got := scanOne(t.Context(), src)
	want := []finding.Finding{
		{
			Rule: "image/exposed-management-port", Scanner: "imageconfig", Severity: finding.Medium, SeverityFrom: "rule",
			Message:  "image exposes port 22 (SSH)",
			Location: finding.Location{Image: "app", Instruction: "EXPOSE 22"},
			Identity: finding.ImageIdentity("app", "22"),
		},
		{
			Rule: "image/setuid-file", Scanner: "imageconfig", Severity: finding.Medium, SeverityFrom: "rule",
			Message:  "/opt/tool runs as root, whoever starts it (setuid)",
			Location: finding.Location{Image: "app", Path: "opt/tool", Layer: "sha256:2", Instruction: "COPY tool"},
			Identity: finding.ImageIdentity("app", "opt/tool"),
		},
	}
	for i := range got.Findings {
		if got.Findings[i].Remediation == "" || len(got.Findings[i].Controls) == 0 {
			t.Errorf("finding %d says not what to do or which control", i)
		}
		got.Findings[i].Remediation, got.Findings[i].Controls = "", nil
	}
	if diff := cmp.Diff(want, got.Findings); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const comparing = 4 // rules that have nothing to say without an older image
	if got.RulesAssessed != len(imageconfig.Rules())-comparing {
		t.Errorf("%d rules assessed", got.RulesAssessed)
	}
}

func TestNothingButSmallFilesIsRead(t *testing.T) {
	res := scanOne(t.Context(), scantest.Image("app", quiet(), scantest.Layer{Files: []scantest.File{
		mode("opt/tool", 0o4755|fs.ModeSetuid), mode("srv/open", 0o666), mode("var/cache/apk/x", 0o644), mode("a/.git/HEAD", 0o644),
		mode("usr/sbin/sshd", 0o755), mode("other", 0o644),
		scantest.Text("etc/passwd", "root:x:0:0:::\n"), scantest.Text("etc/shadow", "root:*:1:::::\n"),
	}}))
	if res.Status != finding.StatusOK || res.Files != 2 {
		t.Errorf("status %s (%s), %d files read", res.Status, res.Reason, res.Files)
	}
	if len(res.Findings) != 5 {
		t.Errorf("findings: %q", lines(res))
	}
}

func TestAnEmptyImageIsAssessed(t *testing.T) {
	res := scanOne(t.Context(), scantest.Image("app", nil))
	want := []string{
		"image/no-healthcheck :0 low image has no HEALTHCHECK: a hanging service looks healthy",
		"image/no-source-labels :0 info image has no label org.opencontainers.image.source and no label org.opencontainers.image.revision",
		"image/root-user :0 medium image runs as root: it sets no USER",
	}
	if diff := cmp.Diff(want, lines(res)); diff != "" || res.Status != finding.StatusOK {
		t.Errorf("status %s (-want +got)\n%s", res.Status, diff)
	}
}

func TestHardLinks(t *testing.T) {
	setuid := fs.FileMode(0o755) | fs.ModeSetuid
	first := scantest.Layer{Files: []scantest.File{
		mode("opt/a", setuid),
		{Entry: scan.Entry{Path: "opt/b", Kind: scan.Hardlink, Link: "opt/a", Mode: setuid}},
	}}
	whiteout := scantest.Layer{Files: []scantest.File{{Entry: scan.Entry{Path: "opt/a", Kind: scan.Whiteout}}}}
	for name, tt := range map[string]struct {
		layers []scantest.Layer
		want   []string
	}{
		"both names":                     {[]scantest.Layer{first}, []string{"opt/a", "opt/b"}},
		"the link outlives the original": {[]scantest.Layer{first, whiteout}, []string{"opt/b"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range scanOne(t.Context(), scantest.Image("app", quiet(), tt.layers...)).Findings {
				got = append(got, f.Location.Path)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// kept is a cache in memory.
type kept struct{ values sync.Map }

func (k *kept) Get(key string) ([]byte, bool) {
	value, ok := k.values.Load(key)
	data, _ := value.([]byte)
	return data, ok
}

func (k *kept) Put(key string, value []byte) { k.values.Store(key, value) }

// unread is an image whose layers cannot be read.
type unread struct{ scan.Source }

func (u unread) Units() []scan.Unit {
	units := slices.Clone(u.Source.Units())
	for i := range units {
		units[i].Walk = func(context.Context, scan.Visitor) error { return errors.New("was read") }
	}
	return units
}

// TestFileCapabilitiesAreThoseOfTheFile wants every name of a file told of that was given
// some, and the last name of it where its own is gone; from the cache the same.
func TestFileCapabilitiesAreThoseOfTheFile(t *testing.T) {
	set := &filecap.Set{Permitted: filecap.Setuid, Effective: true}
	tool := mode("opt/a", 0o755)
	tool.Capabilities = set
	link := scantest.File{Entry: scan.Entry{Path: "opt/b", Kind: scan.Hardlink, Link: "opt/a", Mode: 0o755}}
	named := link
	named.Capabilities = set
	whiteout := scantest.Layer{Files: []scantest.File{{Entry: scan.Entry{Path: "opt/a", Kind: scan.Whiteout}}}}
	plain := scantest.Layer{Files: []scantest.File{mode("opt/a", 0o755)}}
	for name, tt := range map[string]struct {
		layers []scantest.Layer
		want   []string
	}{
		"a link that says nothing":       {[]scantest.Layer{{Files: []scantest.File{tool, link}}}, []string{"opt/a"}},
		"a link that says it as well":    {[]scantest.Layer{{Files: []scantest.File{tool, named}}}, []string{"opt/a", "opt/b"}},
		"the link outlives the original": {[]scantest.Layer{{Files: []scantest.File{tool, link}}, whiteout}, []string{"opt/b"}},
		"copied without them":            {[]scantest.Layer{{Files: []scantest.File{tool}}, plain}, nil},
		"given to a link alone":          {[]scantest.Layer{plain, {Files: []scantest.File{named}}}, []string{"opt/b"}},
	} {
		t.Run(name, func(t *testing.T) {
			opt := scan.Options{Cache: &kept{}}
			src := scantest.Image("app", quiet(), tt.layers...)
			scanners := []scan.Scanner{imageconfig.New(options())}
			cold, warm := scan.Run(t.Context(), src, scanners, opt)[0], scan.Run(t.Context(), unread{src}, scanners, opt)[0]
			var got []string
			for _, f := range cold.Findings {
				got = append(got, f.Location.Path)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(lines(cold), lines(warm)); diff != "" || warm.Status != finding.StatusOK {
				t.Errorf("with a warm cache: status %s, %s (-cold +warm)\n%s", warm.Status, warm.Reason, diff)
			}
		})
	}
}

func TestAccountFilesThatCannotBeRead(t *testing.T) {
	huge := scantest.Text("etc/passwd", strings.Repeat("x", 1<<20+1))
	broken := scantest.Text("etc/shadow", "x")
	broken.Err = errors.New("bad sector")
	floods := scantest.Text("etc/passwd", strings.Repeat("\n", 20_001))
	last := scantest.Layer{Files: []scantest.File{
		scantest.Text("etc/passwd", "root::0:0:::\n"),
		{Entry: scan.Entry{Path: "etc/shadow", Kind: scan.Whiteout}},
		mode("opt/tool", 0o755|fs.ModeSetuid),
	}}
	for name, tt := range map[string]struct {
		first  []scantest.File
		reason string
	}{
		"too large":      {[]scantest.File{huge}, "etc/passwd: file too large"},
		"too many lines": {[]scantest.File{floods}, "etc/passwd: more than"},
		"unreadable":     {[]scantest.File{broken}, "etc/shadow: bad sector"},
	} {
		t.Run(name, func(t *testing.T) {
			res := scanOne(t.Context(), scantest.Image("app", quiet(), scantest.Layer{Files: tt.first}))
			if res.Status != finding.StatusPartial || !strings.Contains(res.Reason, tt.reason) {
				t.Errorf("got %s: %s", res.Status, res.Reason)
			}
			res = scanOne(t.Context(), scantest.Image("app", quiet(), scantest.Layer{Files: tt.first}, last))
			if res.Status != finding.StatusOK || len(res.Findings) != 2 {
				t.Errorf("hidden by a later layer: got %s (%s), %q", res.Status, res.Reason, lines(res))
			}
		})
	}
}

func TestABrokenLayerIsPartial(t *testing.T) {
	res := scanOne(t.Context(), scantest.Image("app", quiet(),
		scantest.Layer{Files: []scantest.File{mode("opt/tool", 0o755|fs.ModeSetuid)}},
		scantest.Layer{Files: []scantest.File{mode("opt/other", 0o755|fs.ModeSetuid)}, Err: errors.New("unexpected EOF")},
	))
	if res.Status != finding.StatusPartial || len(res.Findings) != 2 {
		t.Errorf("got %s (%s), %q", res.Status, res.Reason, lines(res))
	}
}

func TestHostileNames(t *testing.T) {
	res := scanOne(t.Context(), scantest.Image("app", quiet(), scantest.Layer{Files: []scantest.File{
		mode("opt/\x1b[31m\n::error::", 0o755|fs.ModeSetuid), scantest.Text("etc/passwd", "a\x1b\xff::0:0:::\n"),
	}}))
	for _, f := range res.Findings {
		if strings.ContainsAny(f.Message, "\x1b\n") || !utf8.ValidString(f.Message) {
			t.Errorf("message %q", f.Message)
		}
	}
	if len(res.Findings) != 3 {
		t.Errorf("findings: %q", lines(res))
	}
}

func TestTheCacheKeyNamesTheRules(t *testing.T) {
	if a, b := imageconfig.New(imageconfig.Options{}).CacheKey(), imageconfig.New(options()).CacheKey(); a != b || a == "" {
		t.Errorf("%q, then %q", a, b)
	}
}

// TestEveryPageHasARule finds pages that were left behind.
func TestEveryPageHasARule(t *testing.T) {
	names, err := fs.Glob(os.DirFS("."), "*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		id := "image/" + strings.TrimSuffix(name, ".txtar")
		if !slices.ContainsFunc(imageconfig.Rules(), func(r rule.Rule) bool { return r.ID == id }) {
			t.Errorf("page %s has no rule", name)
		}
	}
}

// BenchmarkManyEntries is about as many as a large image has.
func BenchmarkManyEntries(b *testing.B) {
	var files []scantest.File
	for i := range 125_000 {
		f := scantest.Text(fmt.Sprintf("usr/lib/node_modules/p%d/lib/f%d.js", i%997, i), "")
		if i%100 == 0 {
			f.Mode |= 0o002
		}
		files = append(files, f)
	}
	src := scantest.Image("app", quiet(), scantest.Layer{Files: files})
	b.ReportAllocs()
	for b.Loop() {
		if res := scanOne(b.Context(), src); len(res.Findings) != 1250 {
			b.Fatalf("%d findings", len(res.Findings))
		}
	}
}

// BenchmarkManyEntriesAlone is what the runner takes for itself.
func BenchmarkManyEntriesAlone(b *testing.B) {
	var files []scantest.File
	for i := range 125_000 {
		files = append(files, scantest.Text(fmt.Sprintf("usr/lib/node_modules/p%d/lib/f%d.js", i%997, i), ""))
	}
	src := scantest.Image("app", quiet(), scantest.Layer{Files: files})
	for b.Loop() {
		scan.Run(b.Context(), src, nil, scan.Options{})
	}
}

func FuzzImage(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/sh\n", "root::1:0:9:7:::\n", `{"User":"0","ExposedPorts":{"22-23/tcp":{}}}`, "EXPOSE 22")
	f.Add(":::::::\n\x00:\n", "+", `{"Healthcheck":{"Test":[]}}`, "#(nop) ")
	f.Fuzz(func(t *testing.T, passwd, shadow, config, history string) {
		c := quiet()
		if json.Unmarshal([]byte(config), &c.Config) != nil {
			t.Skip()
		}
		c.History = []v1.History{{CreatedBy: history}}
		res := scanOne(t.Context(), scantest.Image("app", c, scantest.Layer{Files: []scantest.File{
			scantest.Text("etc/passwd", passwd), scantest.Text("etc/shadow", shadow),
		}}))
		if strings.Contains(res.Reason, "panic") || res.Status == finding.StatusFailed {
			t.Errorf("%s: %s", res.Status, res.Reason)
		}
	})
}
