package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper" //nolint:depguard // the comparison is with what the engine itself does, in a process of its own
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/logging"
	"github.com/zricethezav/gitleaks/v8/regexp"
)

// loaded is a configuration in a form that compares.
type loaded struct {
	Error      string `json:",omitempty"`
	Title      string
	MinVersion string
	About      string
	Extend     config.Extend
	Order      []string
	Keywords   []string
	Allowlists []loadedAllowlist
	Rules      map[string]loadedRule
}

type loadedRule struct {
	ID, Description, Regex, Path string
	Entropy                      float64
	Group                        int
	Tags, Keywords               []string
	Allowlists                   []loadedAllowlist
	Required                     []*config.Required
	SkipReport                   bool
}

type loadedAllowlist struct {
	Description, Condition, Target     string
	Commits, StopWords, Paths, Regexes []string
}

func expressions(all []*regexp.Regexp) (out []string) {
	for _, re := range all {
		out = append(out, re.String())
	}
	return out
}

func dumpAllowlists(all []*config.Allowlist) []loadedAllowlist {
	var out []loadedAllowlist
	for _, a := range all {
		out = append(out, loadedAllowlist{
			Description: a.Description, Condition: a.MatchCondition.String(), Target: a.RegexTarget,
			Commits: slices.Sorted(slices.Values(a.Commits)), StopWords: slices.Sorted(slices.Values(a.StopWords)),
			Paths: expressions(a.Paths), Regexes: expressions(a.Regexes),
		})
	}
	return out
}

func dump(c config.Config) loaded {
	text := func(re *regexp.Regexp) string {
		if re == nil {
			return "<none>"
		}
		return re.String()
	}
	out := loaded{
		Title: c.Title, About: c.Description, MinVersion: c.MinVersion, Extend: c.Extend,
		Order: slices.Clone(c.OrderedRules), Keywords: slices.Sorted(maps.Keys(c.Keywords)),
		Allowlists: dumpAllowlists(c.Allowlists), Rules: map[string]loadedRule{},
	}
	for id, r := range c.Rules {
		out.Rules[id] = loadedRule{
			ID: r.RuleID, Description: r.Description, Regex: text(r.Regex), Path: text(r.Path),
			Entropy: r.Entropy, Group: r.SecretGroup, Tags: r.Tags, Keywords: r.Keywords,
			Allowlists: dumpAllowlists(r.Allowlists), Required: r.RequiredRules, SkipReport: r.SkipReport,
		}
	}
	// As it comes out on the other side of the process: nil and empty are one.
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(out); err != nil {
		panic(err)
	}
	var back loaded
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		panic(err)
	}
	return back
}

// libraryLoad is what the engine's command does with a configuration file.
func libraryLoad(v *viper.Viper, read func() error) (out loaded) {
	defer func() {
		if r := recover(); r != nil {
			out = loaded{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	if err := read(); err != nil {
		return loaded{Error: err.Error()}
	}
	var vc config.ViperConfig
	if err := v.Unmarshal(&vc); err != nil {
		return loaded{Error: err.Error()}
	}
	c, err := vc.Translate()
	if err != nil {
		return loaded{Error: err.Error()}
	}
	return dump(c)
}

const libraryChild = "BOLTSEAL_TEST_LIBRARY_LOAD"

// TestLibraryLoadInAProcessOfItsOwn is no test: it is started by the one below in
// a folder with the files of one case.
func TestLibraryLoadInAProcessOfItsOwn(t *testing.T) {
	out := os.Getenv(libraryChild)
	if out == "" {
		return
	}
	logging.Logger = logging.Logger.Output(io.Discard)
	viper.SetConfigType("toml")
	viper.SetConfigFile(".gitleaks.toml")
	text, err := json.Marshal(libraryLoad(viper.GetViper(), viper.ReadInConfig))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func loadInLibrary(t *testing.T, files map[string]string) loaded {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLibraryLoadInAProcessOfItsOwn$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), libraryChild+"="+out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var l loaded
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// reader gives the files of a case.
func reader(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
}

func TestLoadsWhatTheLibraryLoads(t *testing.T) {
	for name, c := range tomlCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := loadInLibrary(t, c.files)
			cfg, notes, err := loadTOML(".gitleaks.toml", []byte(c.files[".gitleaks.toml"]), reader(c.files))
			if c.differs != "" {
				if (want.Error == "") == (err == nil) && (err != nil || cmp.Equal(want, dump(cfg))) {
					t.Errorf("no difference any more (%s): library %q, ours %v", c.differs, want.Error, err)
				}
			} else if (want.Error != "") != (err != nil) {
				t.Fatalf("the library says %q, we %v", want.Error, err)
			}
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) {
					t.Errorf("error\n got %v\nwant %s…", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("error %v, the library says %q", err, want.Error)
			}
			if d := cmp.Diff(want, dump(cfg)); d != "" && c.differs == "" {
				t.Errorf("ours differs (-library +ours):\n%s", d)
			}
			for _, n := range c.notes {
				if !slices.ContainsFunc(notes, func(s string) bool { return strings.HasPrefix(s, n) }) {
					t.Errorf("no note %q in %q", n, notes)
				}
			}
			if len(notes) != len(c.notes) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

func TestLoadsAgainAndAgain(t *testing.T) {
	files := tomlCases["everything over the default rules"].files
	var first loaded
	var digest string
	for i := range 4 {
		cfg, _, err := loadTOML(".gitleaks.toml", []byte(files[".gitleaks.toml"]), reader(files))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first, digest = dump(cfg), digestOf(cfg)
		}
		if d := cmp.Diff(first, dump(cfg)); d != "" {
			t.Errorf("load %d differs:\n%s", i+1, d)
		}
		if got := digestOf(cfg); got != digest {
			t.Errorf("load %d: digest %s, not %s", i+1, got, digest)
		}
	}
	base, err := loadDefault()
	if err != nil {
		t.Fatal(err)
	}
	if len(base.Rules) != 222 || base.Rules["aws-access-token"].Description == "changed" {
		t.Error("a load changed the default rules")
	}
}

// FuzzLoadTOML loads any text without [extend], alone and in the library: what we
// take, the library takes, and makes the same of it.
func FuzzLoadTOML(f *testing.F) {
	for _, c := range tomlCases {
		f.Add([]byte(c.files[".gitleaks.toml"]))
	}
	if _, err := loadDefault(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 || bytes.Contains(bytes.ToLower(text), []byte("extend")) || bytes.Contains(text, []byte(`\`)) {
			_, _, _ = loadTOML("x.toml", text, func(string) ([]byte, error) { return text, nil })
			return
		}
		cfg, _, err := loadTOML("x.toml", text, func(string) ([]byte, error) { return nil, errors.New("none") })
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x.toml:") {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		v := viper.New()
		v.SetConfigType("toml")
		want := libraryLoad(v, func() error { return v.ReadConfig(bytes.NewReader(text)) })
		if d := cmp.Diff(want, dump(cfg)); d != "" {
			t.Fatalf("ours differs (-library +ours):\n%s", d)
		}
	})
}
