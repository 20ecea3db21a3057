package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// conformance gives a file of the conformance data, which lies beside the project
// where it is developed and not beside a clone.
func conformance(t *testing.T, elem ...string) string {
	t.Helper()
	root := os.Getenv("BOLTSEAL_CONFORMANCE")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "conformance")
	}
	if _, err := os.Stat(root); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no conformance data: set BOLTSEAL_CONFORMANCE to its folder")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

func TestPublishedFilesAreValid(t *testing.T) {
	type published struct{ file, schema string }
	files := []published{
		{"../../action.yml", "github-action.json"},
		{"../../.github/setup/action.yml", "github-action.json"},
		{"../../templates/boltseal.yml", "gitlab-ci.json"},
	}
	for _, pattern := range []string{"../../.github/workflows/*.yml", "../../examples/github/*.yml"} {
		workflows, err := filepath.Glob(pattern)
		if err != nil || len(workflows) < 2 {
			t.Fatal(pattern, workflows, err)
		}
		for _, w := range workflows {
			files = append(files, published{w, "github-workflow.json"})
		}
	}
	for _, test := range files {
		t.Run(filepath.Base(test.file), func(t *testing.T) {
			schema, err := jsonschema.NewCompiler().Compile(conformance(t, "ci", test.schema))
			if err != nil {
				t.Fatal(err)
			}
			var document any
			if test.schema == "gitlab-ci.json" {
				var spec any // the schema describes the header alone, or the jobs alone
				readYAML(t, test.file, &spec, &document)
				if err := schema.Validate(spec); err != nil {
					t.Errorf("header: %v", err)
				}
			} else {
				readYAML(t, test.file, &document)
			}
			if err := schema.Validate(document); err != nil {
				t.Error(err)
			}
		})
	}
}
