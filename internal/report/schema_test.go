package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	generator "github.com/google/jsonschema-go/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// conformance gives a file of the conformance data, or skips the test.
func conformance(t *testing.T, name ...string) string {
	t.Helper()
	root := os.Getenv("BOLTSEAL_CONFORMANCE")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "conformance")
	}
	file := filepath.Join(append([]string{root}, name...)...)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("conformance data is not there (set BOLTSEAL_CONFORMANCE): %v", err)
	}
	return file
}

// validate checks a document against a schema, formats included.
func validate(t *testing.T, schema, document []byte) {
	t.Helper()
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := validator.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(got); err != nil {
		t.Error(err)
	}
}

func TestSchemaIsMadeFromTheTypes(t *testing.T) {
	got := generated(t)
	if *update {
		if err := os.WriteFile("run.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(got), string(RunSchema())); diff != "" {
		t.Errorf("run.schema.json is out of date; -update writes it:\n%s", diff)
	}
}

func TestRunFileIsValidByItsSchema(t *testing.T) {
	validate(t, RunSchema(), write(t, "json", fixture(), Options{}))
	validate(t, RunSchema(), write(t, "json", &Run{Schema: Schema, Verdict: fixture().Verdict}, Options{}))
}

func TestSchemaRefusesWhatReadRefuses(t *testing.T) {
	c := validator.NewCompiler()
	parsed, err := validator.UnmarshalJSON(bytes.NewReader(RunSchema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := string(write(t, "json", fixture(), Options{}))
	for name, change := range changes {
		text := change.make(valid)
		if text == valid {
			t.Fatalf("%s: nothing changed", name)
		}
		document, err := validator.UnmarshalJSON(strings.NewReader(text))
		if err != nil || change.schemaTakes {
			continue
		}
		if compiled.Validate(document) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// generated is the schema: the types' shape, the words that their types know, and
// their comments.
func generated(t *testing.T) []byte {
	t.Helper()
	types := make(map[reflect.Type]*generator.Schema)
	for kind, known := range words {
		s := &generator.Schema{Type: "string"}
		for _, w := range known {
			s.Enum = append(s.Enum, w)
		}
		types[kind] = s
	}
	s, err := generator.For[Run](&generator.ForOptions{TypeSchemas: types})
	if err != nil {
		t.Fatal(err)
	}
	describeType(s, reflect.TypeFor[Run](), comments(t))
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.ID = "urn:boltseal:run:v1"
	s.Title = "boltseal run file"
	s.Properties["schema"].Const = generator.Ptr[any](Schema)
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// describeType sets descriptions from comments, and takes out the nulls: a run file
// leaves empty fields out.
func describeType(s *generator.Schema, kind reflect.Type, docs map[string]string) {
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case s.Items != nil:
		describeType(s.Items, kind.Elem(), docs)
	case kind.Kind() == reflect.Struct:
		for _, f := range reflect.VisibleFields(kind) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if p := s.Properties[name]; p != nil && !f.Anonymous {
				p.Description = docs[owner(kind, f)+"."+f.Name]
				describeType(p, f.Type, docs)
			}
		}
	}
}

// owner is the struct that declares a field, which may be embedded in kind.
func owner(kind reflect.Type, f reflect.StructField) string {
	for _, i := range f.Index[:len(f.Index)-1] {
		kind = kind.Field(i).Type
	}
	return filepath.Base(kind.PkgPath()) + "." + kind.Name()
}

// comments reads the comments of all struct fields that stand in a run file.
func comments(t *testing.T) map[string]string {
	t.Helper()
	docs := make(map[string]string)
	for _, pkg := range []string{"finding", "inventory", "policy", "report"} {
		files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				if s, ok := spec.Type.(*ast.StructType); ok {
					fieldComments(docs, pkg+"."+spec.Name.Name, s)
				}
				return true
			})
		}
	}
	return docs
}

func fieldComments(docs map[string]string, owner string, s *ast.StructType) {
	last := ""
	for _, f := range s.Fields.List {
		text := strings.Join(strings.Fields(f.Doc.Text()), " ")
		for _, n := range f.Names {
			// A comment over several fields names them: "StartLine, EndLine …".
			if text == "" && strings.Contains(last, n.Name) {
				text = last
			}
			docs[owner+"."+n.Name] = text
		}
		if text != "" {
			last = text
		}
	}
}
