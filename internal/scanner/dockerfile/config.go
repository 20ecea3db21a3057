package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// File is a configuration file of hadolint's, by the name that messages call it.
type File struct {
	Name string
	Text []byte
}

// Variable is an environment variable of hadolint's that is set. Key is the key of
// the file that it stands for, "override.error" for one below another.
type Variable struct{ Name, Key, Value string }

// maxConfig bounds a configuration file, in bytes; maxNotes what is told of it.
const (
	maxConfig = 256 << 10
	maxNotes  = 20
)

// configLevels are hadolint's severities, worst first.
var configLevels = []struct {
	name     string
	severity finding.Severity
}{
	{"error", finding.High}, {"warning", finding.Medium}, {"info", finding.Low}, {"style", finding.Info},
}

// labelTypes are what a label can be held to; one without a type is text.
var labelTypes = []string{
	string(LabelText), string(LabelURL), string(LabelTime), string(LabelVersion), string(LabelLicence), string(LabelCommit), string(LabelEmail),
}

// NewNative reads hadolint's own configuration: first the variables, then the file
// over them, as hadolint does. Lists add up; of all else the last word counts. Keys
// that hadolint does not know are noted, as it passes them over; what is wrong in
// the file is a yamlpos.Errors.
func NewNative(variables []Variable, file *File) (Native, error) {
	c := config{rules: make(map[string]bool, len(declared))}
	for _, d := range declared {
		c.rules[d.ID] = true
	}
	for _, v := range variables {
		if err := c.variable(v); err != nil {
			return Native{}, fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	if file != nil {
		if err := c.file(*file); err != nil {
			return Native{}, err
		}
	}
	c.judgement()
	return c.native, nil
}

// config is a configuration that is being read.
type config struct {
	native Native
	rules  map[string]bool // that there are
	source string          // what is being read
	// threshold and noFail are what hadolint makes its exit code of, with who says so.
	threshold, thresholdBy string
	noFail                 bool
	noFailBy               string
}

func (c *config) file(f File) error {
	if blank(f.Text) {
		return nil
	}
	doc, err := yamlpos.Parse(f.Name, f.Text, yamlpos.Limits{Bytes: maxConfig, Depth: 20})
	if err != nil {
		return err
	}
	c.source = f.Name
	var unknown yamlpos.Errors
	doc.Root().Map(
		"hadolint's configuration",
		yamlpos.May("ignored", optional(c.readIgnored)),
		yamlpos.May("override", optional(func(v yamlpos.Value) { c.readOverride(v, &unknown) })),
		yamlpos.May("trustedRegistries", optional(func(v yamlpos.Value) { c.trust(texts(v)) })),
		yamlpos.May("label-schema", optional(c.readLabels)),
		yamlpos.May("strict-labels", optional(yamlpos.Into(&c.native.StrictLabels, yamlpos.Value.Bool))),
		yamlpos.May("disable-ignore-pragma", optional(yamlpos.Into(&c.native.DisablePragmas, yamlpos.Value.Bool))),
		yamlpos.May("failure-threshold", optional(func(v yamlpos.Value) { c.fails(v.OneOf(thresholds()...)) })),
		yamlpos.May("no-fail", optional(func(v yamlpos.Value) { c.never(v.Bool()) })),
		yamlpos.May("format", c.idle("format", "write reports with -f")),
		yamlpos.May("formats", c.idle("formats", "write reports with -f")),
		yamlpos.May("no-color", c.idle("no-color", "set NO_COLOR")),
		yamlpos.May("verbose", c.idle("verbose", "give -v")),
		yamlpos.Tolerate(&unknown),
	)
	for _, u := range unknown {
		c.note("%s:%d:%d: %s; %s; it is passed over", u.File, u.Line, u.Col, u.Msg, u.Hint)
	}
	return doc.Err()
}

// blank says whether a file holds nothing but comments.
func blank(text []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && string(line) != "---" && string(line) != "..." {
			return false
		}
	}
	return true
}

// optional passes a key without value over.
func optional(read func(yamlpos.Value)) func(yamlpos.Value) {
	return func(v yamlpos.Value) {
		if !v.Null() {
			read(v)
		}
	}
}

// texts is a list of strings, which may be empty.
func texts(v yamlpos.Value) []string {
	if v.EmptyList() {
		return nil
	}
	var out []string
	for _, item := range v.Items() {
		if s := item.Text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (c *config) readIgnored(v yamlpos.Value) { c.ignore(texts(v)) }

func (c *config) readOverride(v yamlpos.Value, unknown *yamlpos.Errors) {
	fields := []yamlpos.Field{yamlpos.Tolerate(unknown)}
	for _, l := range configLevels {
		fields = append(fields, yamlpos.May(l.name, optional(func(v yamlpos.Value) { c.override(l.severity, texts(v)) })))
	}
	v.Map("override", fields...)
}

func (c *config) readLabels(v yamlpos.Value) {
	v.Each("label-schema", func(name string, v yamlpos.Value) {
		if text, ok := v.Scalar(); v.Null() || ok && text == "" {
			c.label(name, LabelText)
			return
		}
		if t := v.OneOf(labelTypes...); t != "" {
			c.label(name, LabelType(t))
		}
	})
}

// idle takes a key that has no meaning here, whatever its value.
func (c *config) idle(key, instead string) func(yamlpos.Value) {
	return func(yamlpos.Value) { c.note("%s: %s has no meaning here: %s", c.source, key, instead) }
}

func (c *config) note(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if len(c.native.Notes) < maxNotes && !slices.Contains(c.native.Notes, note) {
		c.native.Notes = append(c.native.Notes, note)
	}
}

// variable reads a variable. Its lists are cut at commas.
func (c *config) variable(v Variable) error {
	c.source = v.Name
	var list []string
	for item := range strings.SplitSeq(v.Value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	for _, l := range configLevels {
		if v.Key == "override."+l.name {
			c.override(l.severity, list)
			return nil
		}
	}
	var err error
	switch v.Key {
	case "ignored":
		c.ignore(list)
	case "trustedRegistries":
		c.trust(list)
	case "label-schema":
		return c.labels(list)
	case "strict-labels":
		c.native.StrictLabels, err = truth(v.Value)
	case "disable-ignore-pragma":
		c.native.DisablePragmas, err = truth(v.Value)
	case "no-fail":
		var no bool
		no, err = truth(v.Value)
		c.never(no)
	case "failure-threshold":
		word := strings.ToLower(strings.TrimSpace(v.Value))
		if err = oneOf(word, thresholds()); err == nil {
			c.fails(word)
		}
	default:
		err = errors.New("not a variable of hadolint's")
	}
	return err
}

// labels reads "name:type" pairs; a name alone is of any text.
func (c *config) labels(list []string) error {
	for _, item := range list {
		name, kind, _ := strings.Cut(item, ":")
		kind = strings.TrimSpace(kind)
		if name = strings.TrimSpace(name); name == "" {
			return fmt.Errorf("%q: want label:type", item)
		}
		if kind == "" {
			kind = string(LabelText)
		}
		if err := oneOf(kind, labelTypes); err != nil {
			return err
		}
		c.label(name, LabelType(kind))
	}
	return nil
}

func oneOf(word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	if near := nearest.Word(word, words); near != "" {
		return fmt.Errorf("%q is not one of %s: did you mean %q?", word, strings.Join(words, ", "), near)
	}
	return fmt.Errorf("%q is not one of %s", word, strings.Join(words, ", "))
}

func truth(value string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "1", "true", "yes", "on", "y":
		return true, nil
	case "0", "false", "no", "off", "n":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", value)
}

func (c *config) ignore(ids []string) {
	for _, id := range ids {
		c.known(id)
		if c.native.Ignored == nil {
			c.native.Ignored = make(map[string]string)
		}
		c.native.Ignored[id] = c.source
	}
}

// override sets a severity; of several for one rule the worst stands.
func (c *config) override(s finding.Severity, ids []string) {
	for _, id := range ids {
		c.known(id)
		if c.native.Severities == nil {
			c.native.Severities = make(map[string]finding.Severity)
		}
		c.native.Severities[id] = max(c.native.Severities[id], s)
	}
}

func (c *config) trust(registries []string) {
	c.native.TrustedRegistries = append(c.native.TrustedRegistries, registries...)
}

func (c *config) label(name string, t LabelType) {
	if c.native.Labels == nil {
		c.native.Labels = make(map[string]LabelType)
	}
	c.native.Labels[name] = t
}

// isShellCode says whether an id is one of ShellCheck's.
func isShellCode(id string) bool {
	digits, ok := strings.CutPrefix(id, "SC")
	return ok && len(digits) == 4 && strings.Trim(digits, "0123456789") == ""
}

// known notes an id that no rule has: codes are case-sensitive, as hadolint reads
// them. ShellCheck has more codes than we.
func (c *config) known(id string) {
	if c.rules[id] || isShellCode(id) || len(c.native.Notes) >= maxNotes {
		return
	}
	ids := make([]string, 0, len(declared))
	for _, d := range indexed().rules {
		ids = append(ids, d.ID)
	}
	hint := ""
	if near := nearest.Word(id, ids); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	c.note("%s: there is no rule %s%s", c.source, quote(id), hint)
}

// thresholds are what failure-threshold can be.
func thresholds() []string {
	words := make([]string, 0, len(configLevels)+2)
	for _, l := range configLevels {
		words = append(words, l.name)
	}
	return append(words, "ignore", "none")
}

func (c *config) fails(threshold string) {
	if threshold != "" {
		c.threshold, c.thresholdBy = threshold, c.source
	}
}

func (c *config) never(fail bool) { c.noFail, c.noFailBy = fail, c.source }

// judgement makes of hadolint's exit code what it is here: the policy decides what
// blocks, and findings can only ask not to.
func (c *config) judgement() {
	n := &c.native
	if c.noFail {
		n.NoFail, n.SparedBy = true, "no-fail in "+c.noFailBy
		c.note("%s: what hadolint's codes find does not block (no-fail)", c.noFailBy)
		return
	}
	for _, l := range configLevels {
		if l.name == c.threshold && l.severity > finding.Info {
			n.Threshold, n.SparedBy = l.severity, "failure-threshold in "+c.thresholdBy
			c.note("%s: what hadolint's codes find below %s (%s) does not block; what does is the policy's to say (failure-threshold)", c.thresholdBy, l.name, l.severity)
		}
	}
}
