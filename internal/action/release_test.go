package action

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/boltseal/boltseal/internal/cli"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// goreleaser is .goreleaser.yaml, all of it: a key that is not here is an error.
type goreleaser struct {
	Version     int
	ProjectName string `yaml:"project_name"`
	Builds      []struct {
		ID, Main, Binary string
		Env              []string
		Flags            []string
		LDFlags          []string `yaml:"ldflags"`
		GOOS             []string `yaml:"goos"`
		GOARCH           []string `yaml:"goarch"`
		GOAMD64          []string `yaml:"goamd64"`
		GOARM64          []string `yaml:"goarm64"`
		ModTimestamp     string   `yaml:"mod_timestamp"`
	}
	Archives []struct {
		Formats      []string
		NameTemplate string `yaml:"name_template"`
	}
	Checksum struct {
		NameTemplate string `yaml:"name_template"`
		Algorithm    string
	}
	Changelog, Release struct{ Disable bool }
}

// What goreleaser builds and what .ci/release records are the same: the release workflow
// compares the bytes, this test says so before.
func TestReleasesAreBuiltInOneWay(t *testing.T) {
	var config goreleaser
	if err := yaml.Load([]byte(read(t, ".goreleaser.yaml")), &config, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	script := read(t, ".ci/release")
	if len(config.Builds) != 1 || len(config.Archives) != 1 {
		t.Fatalf("got %+v", config)
	}
	build := config.Builds[0]
	if got, want := array(t, script, "flags"), slices.Concat(build.Flags, []string{"-ldflags"}, strings.Fields(build.LDFlags[0])); !slices.Equal(got, want) {
		t.Errorf("flags of .ci/release are %v, of .goreleaser.yaml %v", got, want)
	}
	for _, flag := range []string{"-trimpath", "-buildvcs=false"} {
		if !slices.Contains(build.Flags, flag) {
			t.Errorf("a build without %s tells where it was made", flag)
		}
	}
	want := slices.Concat(build.Env, []string{"GOAMD64=" + build.GOAMD64[0], "GOARM64=" + build.GOARM64[0]})
	if diff := cmp.Diff(want, array(t, script, "settings")); diff != "" {
		t.Errorf("variables of .goreleaser.yaml and of .ci/release: %s", diff)
	}
	if got := array(t, script, "platforms"); !slices.Equal(got, configured(build.GOOS, build.GOARCH)) {
		t.Errorf("platforms of .ci/release are %v", got)
	}
	if build.Main != "./cmd/boltseal" || config.Checksum.Algorithm != "sha256" || config.Checksum.NameTemplate != "checksums.txt" || !config.Release.Disable {
		t.Errorf("got %+v", config)
	}
	if !slices.Equal(config.Archives[0].Formats, []string{"binary"}) || config.Archives[0].NameTemplate != "{{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}" {
		t.Errorf("programs have another name than in .github/setup/checksums.txt: %+v", config.Archives)
	}
}

// A variable that is empty is one that is not set: go then asks the file of "go env -w".
func TestNoSettingOfTheMachineReachesARelease(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, []byte("GOFLAGS=-gcflags=-N\nGOWORK=/tmp/go.work\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"GOFLAGS", "GOEXPERIMENT", "GOWORK", "GOAMD64", "GOFIPS140"}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"env"}, names...)...)
	cmd.Env = slices.Concat(os.Environ(), []string{"GOENV=" + file}, array(t, read(t, ".ci/release"), "settings"))
	out, err := cmd.Output()
	if want := "\n\noff\nv1\noff\n"; err != nil || string(out) != want {
		t.Errorf("%v are %q, %v; want %q", names, out, err, want)
	}
}

func configured(systems, machines []string) []string {
	var all []string
	for _, s := range systems {
		for _, m := range machines {
			all = append(all, s+"/"+m)
		}
	}
	return all
}

// array gives what an array of the script holds.
func array(t *testing.T, script, name string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(script, "\n"+name+"=(")
	list, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		t.Fatalf(".ci/release has no %s", name)
	}
	return strings.Fields(strings.ReplaceAll(list, "'", ""))
}

// A commit's checksums are those of its own version, or there are none.
func TestRecordedChecksumsAreOfThisVersion(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, ".github/setup/checksums.txt"))
	if strings.HasSuffix(cli.Version, "-dev") {
		if err == nil {
			t.Errorf("version %s is no release, and the action would run another one's program: remove .github/setup/checksums.txt", cli.Version)
		}
		return
	}
	if err != nil {
		t.Log("this is a release that is not recorded yet: .ci/release record")
		return
	}
	var got, want []string
	for line := range strings.Lines(string(data)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(sum) {
			t.Errorf("%q is no line of a checksum", line)
		}
		got = append(got, name)
	}
	for _, p := range array(t, read(t, ".ci/release"), "platforms") {
		name := "boltseal_" + cli.Version + "_" + strings.ReplaceAll(p, "/", "_")
		if strings.HasPrefix(p, "windows/") {
			name += ".exe"
		}
		want = append(want, name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type job struct {
	Needs       []string
	Permissions map[string]string
	Steps       []struct {
		Uses, Run string
		With      map[string]string
	}
}

var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)

func TestOurWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var w struct {
			Permissions map[string]string
			Jobs        map[string]job
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(data, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if w.Permissions == nil || len(w.Permissions) > 0 {
			t.Errorf("%s: permissions of the whole workflow are %v, want none", file, w.Permissions)
		}
		for name, j := range w.Jobs {
			checkJob(t, filepath.Base(file)+" "+name, j)
		}
	}
}

func checkJob(t *testing.T, name string, j job) {
	t.Helper()
	writes := false
	for _, right := range j.Permissions {
		writes = writes || right == "write"
	}
	for _, step := range j.Steps {
		if step.Uses != "" && step.Uses != "./.github/setup" && !pinned.MatchString(step.Uses) {
			t.Errorf("%s: %s is pinned by no commit", name, step.Uses)
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("%s: an expression stands in run: %s", name, step.Run)
		}
		if strings.HasPrefix(step.Uses, "actions/checkout@") && (step.With["persist-credentials"] != "false" || writes) {
			t.Errorf("%s leaves its token in the checkout, or runs what is checked out with a token that writes", name)
		}
	}
}

// recorder is a copy of .ci/release with a version of its own; it builds nothing.
func recorder(t *testing.T, version, recorded string) func(args ...string) (string, bool) {
	t.Helper()
	needsBash(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		".ci/release": read(t, ".ci/release"), "internal/cli/version.go": "const Version = \"" + version + "\"\n",
		".github/setup/checksums.txt": recorded, "dist/checksums.txt": releaseOf(t, "1.2.3"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(args ...string) (string, bool) {
		out, err := exec.CommandContext(t.Context(), "bash", append([]string{filepath.Join(dir, ".ci/release")}, args...)...).CombinedOutput()
		return string(out), err == nil
	}
}

// What lies in the folder from before is of no release.
func TestOnlyWhatIsBuiltIsListed(t *testing.T) {
	run := recorder(t, "1.2.3", "")
	dir := t.TempDir()
	build := "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\necho program >\"$2\"\n"
	for name, text := range map[string]string{"go": build, "out/boltseal_1.2.2_linux_amd64": "older\n", "out/boltseal_1.2.3_plan9_386": "other\n"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if out, ok := run(filepath.Join(dir, "out"), "linux/amd64", "windows/arm64"); !ok {
		t.Fatal(out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "out/checksums.txt"))
	var names []string
	for line := range strings.Lines(string(data)) {
		names = append(names, strings.TrimSpace(line[64:]))
	}
	if diff := cmp.Diff([]string{"boltseal_1.2.3_linux_amd64", "boltseal_1.2.3_windows_arm64.exe"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func releaseOf(t *testing.T, version string) string {
	t.Helper()
	var text strings.Builder
	for _, p := range array(t, read(t, ".ci/release"), "platforms") {
		name := strings.Repeat("0a", 32) + "  boltseal_" + version + "_" + strings.ReplaceAll(p, "/", "_")
		if strings.HasPrefix(p, "windows/") {
			name += ".exe"
		}
		text.WriteString(name + "\n")
	}
	return text.String()
}

func TestOnlyWhatIsRecordedIsReleased(t *testing.T) {
	whole := releaseOf(t, "1.2.3")
	for name, tt := range map[string]struct {
		version, recorded string
		args              []string
		says              string
		ok                bool
	}{
		"the recorded version":          {"1.2.3", whole, []string{"tag", "v1.2.3"}, "", true},
		"a tag of another version":      {"1.2.3", whole, []string{"tag", "v1.2.4"}, "the tag is not v1.2.3", false},
		"nothing recorded":              {"1.2.3", "", []string{"tag", "v1.2.3"}, "there is no .github/setup/checksums.txt", false},
		"another version recorded":      {"1.2.3", releaseOf(t, "1.2.2"), []string{"tag", "v1.2.3"}, "no checksum of 1.2.3 for linux/amd64", false},
		"a version that looks alike":    {"1.2.3", releaseOf(t, "1x2.3"), []string{"tag", "v1.2.3"}, "no checksum of 1.2.3", false},
		"a platform is missing":         {"1.2.3", whole[:strings.LastIndex(whole[:len(whole)-1], "\n")+1], []string{"tag", "v1.2.3"}, "for windows/arm64", false},
		"built as recorded":             {"1.2.3", whole, []string{"check", "dist"}, "6 files are what was recorded", true},
		"built in another order":        {"1.2.3", reversed(whole), []string{"check", "dist"}, "6 files are what was recorded", true},
		"built otherwise":               {"1.2.3", strings.Replace(whole, "0a", "0b", 1), []string{"check", "dist"}, "is not what was recorded", false},
		"built less":                    {"1.2.3", whole + whole[:80] + "\n", []string{"check", "dist"}, "is not what was recorded", false},
		"built and nothing recorded":    {"1.2.3", "", []string{"check", "dist"}, "there is no .github/setup/checksums.txt", false},
		"recording what is no release":  {"1.2.3-dev", "", []string{"record"}, "set the one to be released", false},
		"a folder that is not there":    {"1.2.3", whole, []string{"check", "none"}, "is not what was recorded", false},
		"a version that cannot be read": {"", whole, []string{"tag", "v"}, "has no Version", false},
	} {
		t.Run(name, func(t *testing.T) {
			out, ok := recorder(t, tt.version, tt.recorded)(tt.args...)
			if ok != tt.ok || !strings.Contains(out, tt.says) {
				t.Errorf("ok %v, says %q", ok, out)
			}
		})
	}
}

// reversed turns the lines round.
func reversed(text string) string {
	lines := slices.Collect(strings.Lines(text))
	slices.Reverse(lines)
	return strings.Join(lines, "")
}
