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
	for _, test := range []struct{ file, schema string }{
		{"../../action.yml", "github-action.json"},
		{"../../templates/boltseal.yml", "gitlab-ci.json"},
		{"../../.github/workflows/ci.yml", "github-workflow.json"},
		{"../../examples/github/pull-request.yml", "github-workflow.json"},
		{"../../examples/github/matrix.yml", "github-workflow.json"},
		{"../../examples/github/fork-publish.yml", "github-workflow.json"},
	} {
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
