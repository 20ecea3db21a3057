package secrets

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mitchellh/mapstructure"
	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/regexp"
)

// Bounds of a configuration file and of all that one load reads together. Memory
// follows them: an instruction of a compiled expression takes about 40 bytes, a
// byte of a stop word or keyword 2 KiB in the engine's table.
const (
	maxTOML       = 1 << 20
	maxTOMLValues = 200_000
	maxTOMLRules  = 10_000
	maxTOMLWords  = 64 << 10
	maxTOMLWord   = 1000 // the engine's table takes its square in time
	maxTOMLNotes  = 50
	maxKeyParts   = 16
	maxTableKeys  = 5000 // with those of tables inside; the decoder takes their square in time
)

// extendDepth is how many files deep the engine follows [extend].
const extendDepth = 2

// loadTOML reads a configuration in gitleaks' form as the engine's command does,
// but with nothing of the process changed: the engine reads it through globals
// that make every load after the first one wrong. The text is the file called
// name, which stands in messages and is not scanned. The path of [extend] goes to
// files as it is written, with slashes and cleaned: the engine takes it from the
// working directory, so files must take it from where the user would run that
// (the root of the repository) and refuse what leads out of there.
//
// The notes are what the engine passes over in silence. Beyond the engine's own
// errors these are errors: a configuration without any rule, one key written
// twice in different case, a quoted key with a dot, and whatever breaks a bound.
func loadTOML(name string, text []byte, files func(path string) ([]byte, error)) (config.Config, []string, error) {
	base, err := loadDefault()
	if err != nil {
		return config.Config{}, nil, err
	}
	l := &tomlLoader{files: files, base: base, exprs: knownExprs(base), budget: maxExprTotal, words: maxTOMLWords}
	f, err := l.read(name, text, 0)
	if err != nil {
		return config.Config{}, nil, err
	}
	if err := l.finish(f); err != nil {
		return config.Config{}, nil, err
	}
	if l.dropped > 0 {
		l.notes = append(l.notes, fmt.Sprintf("and %d more notes", l.dropped))
	}
	return f.cfg, l.notes, nil
}

// tomlConfig and what it holds have the form of config.ViperConfig, whose parts
// have no names outside the engine.
type tomlConfig struct {
	Title       string
	Description string
	Extend      config.Extend
	Rules       []tomlRule
	AllowList   *tomlGlobalAllowlist
	Allowlists  []*tomlGlobalAllowlist
	MinVersion  string
}

type tomlRule struct {
	ID          string
	Description string
	Path        string
	Regex       string
	SecretGroup int
	Entropy     float64
	Keywords    []string
	Tags        []string
	AllowList   *tomlAllowlist
	Allowlists  []*tomlAllowlist
	Required    []*tomlRequired
	SkipReport  bool
}

type tomlRequired struct {
	ID            string
	WithinLines   *int `mapstructure:"withinLines"`
	WithinColumns *int `mapstructure:"withinColumns"`
}

type tomlAllowlist struct {
	Description string
	Condition   string
	Commits     []string
	Paths       []string
	RegexTarget string
	Regexes     []string
	StopWords   []string
}

type tomlGlobalAllowlist struct {
	TargetRules   []string
	tomlAllowlist `mapstructure:",squash"`
}

// tomlLoader is one load: a file and the files that it extends.
type tomlLoader struct {
	files func(string) ([]byte, error)
	base  config.Config
	exprs map[string]*regexp.Regexp

	budget  int // what expressions may still cost
	words   int // bytes of words that may still come
	rules   int
	lists   int
	notes   []string
	dropped int
}

// tomlFile is one file while it is read: as written and as the engine has it.
type tomlFile struct {
	name string
	text tomlConfig
	at   *tomlPlace
	cfg  config.Config
	// ruleAt is where each rule stands, targets are the allowlists that name rules.
	ruleAt  map[string]*tomlPlace
	targets []tomlTarget
}

type tomlTarget struct {
	rule string
	at   *tomlPlace
	list *config.Allowlist
}

// errorf makes an error that says where it is. The place may be nil.
func (f *tomlFile) errorf(at *tomlPlace, format string, args ...any) error {
	return fmt.Errorf("%s: %w", f.spot(at), fmt.Errorf(format, args...))
}

func (f *tomlFile) spot(at *tomlPlace) string {
	if at == nil || at.line == 0 {
		return f.name
	}
	return fmt.Sprintf("%s:%d:%d", f.name, at.line, at.column)
}

func (l *tomlLoader) notef(f *tomlFile, at *tomlPlace, format string, args ...any) {
	if len(l.notes) == maxTOMLNotes {
		l.dropped++
		return
	}
	l.notes = append(l.notes, f.spot(at)+": "+fmt.Sprintf(format, args...))
}

// read makes the configuration of one file, with what it extends merged in and
// not yet checked as a whole.
func (l *tomlLoader) read(name string, text []byte, depth int) (*tomlFile, error) {
	f := &tomlFile{name: name, ruleAt: make(map[string]*tomlPlace)}
	if err := l.decode(f, text); err != nil {
		return nil, err
	}
	f.cfg = config.Config{
		Title: f.text.Title, Description: f.text.Description, Extend: f.text.Extend, MinVersion: f.text.MinVersion,
		Path: name, Rules: make(map[string]config.Rule), Keywords: make(map[string]struct{}),
	}
	if err := l.readRules(f); err != nil {
		return nil, err
	}
	l.noteVersion(f)
	if err := l.readAllowlists(f); err != nil {
		return nil, err
	}
	return f, l.extend(f, depth)
}

// decode reads the text into f.text and finds where everything stands.
func (l *tomlLoader) decode(f *tomlFile, text []byte) error {
	if len(text) > maxTOML {
		return fmt.Errorf("%s: the configuration is larger than %d bytes: split it with [extend]", f.name, maxTOML)
	}
	at, err := findPlaces(text)
	if err != nil {
		return f.syntaxError(text, err)
	}
	f.at = at
	var values map[string]any
	if err := toml.Unmarshal(text, &values); err != nil {
		return f.syntaxError(text, err)
	}
	if err := l.checkKeys(f, f.at, tomlSchema); err != nil {
		return err
	}
	pruneEmpty(values)
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: &f.text, WeaklyTypedInput: true, DecodeHook: mapstructure.StringToSliceHookFunc(","),
	})
	if err != nil {
		return fmt.Errorf("reading %q: %w", f.name, err)
	}
	if err := decoder.Decode(values); err != nil {
		return f.typeError(err)
	}
	return nil
}

// syntaxError says where TOML is wrong.
func (f *tomlFile) syntaxError(text []byte, err error) error {
	at := &tomlPlace{}
	message := err.Error()
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		at.line, at.column = d.Position()
		message = strings.TrimPrefix(message, "toml: ")
	} else if p, ok := errors.AsType[*tomlPlaceError](err); ok {
		at.line, at.column = newTOMLLines(text).position(p.offset)
	}
	message = shorten(message)
	if strings.Contains(message, "escape") {
		message += ": write expressions as '''literal strings''', in which a backslash stands for itself"
	}
	return f.errorf(at, "%s", message)
}

// typeError says where a value has the wrong type. The decoder names it by a path
// in the first quotation marks, and the value after that, which is left out.
func (f *tomlFile) typeError(err error) error {
	message := err.Error()
	if m, ok := errors.AsType[*mapstructure.Error](err); ok && len(m.Errors) > 0 {
		message = m.Errors[0]
	}
	message, _, _ = strings.Cut(message, ", value:")
	message, _, _ = strings.Cut(message, ": strconv.")
	var at *tomlPlace
	if parts := strings.SplitN(message, "'", 3); len(parts) == 3 {
		at = f.at.find(parts[1])
	}
	return f.errorf(at, "value of the wrong type: %s", shorten(message))
}

// pruneEmpty takes out tables that hold nothing, as the engine's reader does where
// tables stand in tables (not in arrays): an empty [allowlist] is none. It says
// whether nothing is left.
func pruneEmpty(values map[string]any) bool {
	for k, v := range values {
		if sub, ok := v.(map[string]any); ok && pruneEmpty(sub) {
			delete(values, k)
		}
	}
	return len(values) == 0
}

// finish checks the whole, once everything is merged.
func (l *tomlLoader) finish(f *tomlFile) error {
	if len(f.cfg.Rules) == 0 {
		return fmt.Errorf(`%s: no rule is left, nothing would be found: add "[extend]" with "useDefault = true", or rules of your own`, f.name)
	}
	ids := slices.Clone(f.cfg.OrderedRules)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		r := f.cfg.Rules[id]
		if err := f.checkRule(&r); err != nil {
			return err
		}
	}
	l.noteRequired(f, slices.Compact(ids))
	for _, t := range f.targets {
		r, ok := f.cfg.Rules[t.rule]
		if !ok {
			return f.errorf(t.at, "allowlist for rule %q, which does not exist: see the rules' ids, and disabledRules", t.rule)
		}
		r.Allowlists = append(slices.Clip(r.Allowlists), t.list)
		f.cfg.Rules[t.rule] = r
	}
	return nil
}

// shorten shortens what comes from a file for a message.
func shorten(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
