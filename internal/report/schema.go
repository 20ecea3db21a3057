package report

import _ "embed"

//go:embed run.schema.json
var runSchema []byte

// RunSchema is the JSON schema of the run file. It is made from the Go types and
// their comments; `go test -run TestSchema -update` writes it.
func RunSchema() []byte { return append([]byte(nil), runSchema...) }
