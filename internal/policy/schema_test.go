package policy

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

func TestSchemaIsMadeFromTheReader(t *testing.T) {
	got, err := generateSchema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("policy.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(got), string(Schema())); diff != "" {
		t.Errorf("policy.schema.json is out of date; -update writes it:\n%s", diff)
	}
}

// Every key is described, and nothing else is.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var paths []string
	var walk func(s *yamlpos.Shape, path string)
	walk = func(s *yamlpos.Shape, path string) {
		for _, f := range s.Fields {
			at := strings.TrimPrefix(path+"."+f.Name, ".")
			if f.Shape.Fields != nil && len(f.Shape.Fields) == 0 {
				continue
			}
			paths = append(paths, at)
			walk(f.Shape, at)
		}
		if s.Items != nil {
			walk(s.Items, path+"[]")
		}
	}
	walk(yamlpos.Describe(func(v yamlpos.Value) { readPolicy(v, &Policy{}) }), "")
	for _, p := range paths {
		// Days by severity need no more words.
		if schemaDocs[p] == "" && !strings.Contains(p, "grace.for.") && !strings.Contains(p, "exception-max-age.") {
			t.Errorf("%s is not described", p)
		}
	}
	for p := range schemaDocs {
		if !slices.Contains(paths, p) {
			t.Errorf("there is no key %s", p)
		}
	}
	for p := range patterns {
		if !slices.Contains(paths, p) {
			t.Errorf("there is no key %s", p)
		}
	}
}

func compiledSchema(t *testing.T) *validator.Schema {
	t.Helper()
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document reads YAML as an editor does, for which a date is a text.
func document(t *testing.T, data string) any {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(data), &node); err != nil {
		return nil
	}
	var plain func(n *yaml.Node)
	plain = func(n *yaml.Node) {
		if n.ShortTag() == "!!timestamp" {
			n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
		}
		for _, c := range n.Content {
			plain(c)
		}
	}
	plain(&node)
	var v any
	if err := node.Decode(&v); err != nil {
		return nil
	}
	return v
}

func TestSchemaTakesWhatLoads(t *testing.T) {
	s := compiledSchema(t)
	for name, data := range map[string]string{
		"full": full, "default": defaultText, "least": "version: 1\n",
		"days": "version: 1\nlimits: {exception-max-age: 30d}\nrules: [{id: a, action: block, grace: {since: published, for: {high: 7d}}}]\n",
	} {
		if _, err := Load(name, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(document(t, data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Faults of form are the schema's to find; what keys say of each other, and what
// patterns mean, is not.
func TestSchemaRefusesFaultsOfForm(t *testing.T) {
	s := compiledSchema(t)
	refused := 0
	for name, test := range loadErrors {
		v := document(t, test.data)
		if v == nil {
			continue
		}
		err := s.Validate(v)
		ofForm := strings.Contains(test.want, "unknown key") || strings.Contains(test.want, " needs \"") || strings.Contains(test.want, "is not one of") ||
			strings.Contains(test.want, "does not belong in") || strings.Contains(test.want, "not supported yet")
		if err == nil && ofForm {
			t.Errorf("%s: the schema takes it", name)
		}
		if err != nil {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("only %d are refused", refused)
	}
}
