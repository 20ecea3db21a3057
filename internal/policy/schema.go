package policy

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

//go:embed policy.schema.json
var policySchema []byte

// Schema is the JSON schema of the policy file. It is made from what reads the file;
// `go test -run Schema -update` writes it.
func Schema() []byte { return append([]byte(nil), policySchema...) }

// schemaNode is the part of JSON Schema (https://json-schema.org/draft/2020-12) that is
// needed.
type schemaNode struct {
	Schema      string                 `json:"$schema,omitempty"`
	ID          string                 `json:"$id,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        string                 `json:"type,omitempty"`
	Const       any                    `json:"const,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Format      string                 `json:"format,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	MinLength   int                    `json:"minLength,omitempty"`
	AnyOf       []*schemaNode          `json:"anyOf,omitempty"`
	Items       *schemaNode            `json:"items,omitempty"`
	MinItems    int                    `json:"minItems,omitempty"`
	Properties  map[string]*schemaNode `json:"properties,omitempty"`
	Required    []string               `json:"required,omitempty"`
	Additional  *bool                  `json:"additionalProperties,omitempty"`
}

// patterns are the forms of scalars that a reader looks at by itself, by path.
var patterns = map[string]string{ //nolint:gosec // names of variables
	"rules[].when.epss":            `^>=`,
	"rules[].when.published":       `^(<|>=)`,
	"rules[].grace.for":            `^[1-9][0-9]*d$`,
	"limits.exception-max-age":     `^[1-9][0-9]*d$`,
	"coverage.platforms":           platformPattern,
	"coverage.max-db-age":          `^[1-9][0-9]{0,3}[dh]$`,
	"coverage.db-digest":           digestPattern,
	"report.webhooks[].url":        `^https?://`,
	"report.webhooks[].secret-env": `^BOLTSEAL_WEBHOOK_[A-Z0-9_]+$`,
	"report.defectdojo.url":        `^https?://`,
	"report.defectdojo.token-env":  `^BOLTSEAL_DEFECTDOJO_[A-Z0-9_]+$`,
	"rules[].id":                   `^[A-Za-z0-9][A-Za-z0-9._-]*$`,
	"rules[].when.package":         `^pkg:`,
	"scopes[].packages":            `^pkg:`,
	"exceptions[].match.purl":      `^pkg:`,
	"tests[].finding.package":      `^pkg:`,
}

// generateSchema makes the schema from the reader.
func generateSchema() ([]byte, error) {
	shape := yamlpos.Describe(func(v yamlpos.Value) { readPolicy(v, &Policy{}) })
	root := schemaOf(shape, "")
	root.Schema, root.ID, root.Title = "https://json-schema.org/draft/2020-12/schema", "urn:boltseal:policy:v1", "boltseal policy"
	root.Properties["version"] = &schemaNode{Description: schemaDocs["version"], Const: Version}
	data, err := json.MarshalIndent(root, "", "  ")
	return append(data, '\n'), err
}

func schemaOf(s *yamlpos.Shape, path string) *schemaNode {
	var either []*schemaNode
	if s.Fields != nil {
		either = append(either, mappingSchema(s, path))
	}
	if s.Items != nil {
		list := &schemaNode{Type: "array", MinItems: 1, Items: schemaOf(s.Items, path+"[]")}
		either = append(either, list)
		if s.Single {
			one := schemaOf(s.Items, path)
			one.Description = ""
			either = append(either[:len(either)-1], one, list)
		}
	}
	either = append(either, scalarSchemas(s, path)...)
	n := &schemaNode{AnyOf: either}
	if len(either) == 1 {
		n = either[0]
	}
	n.Description = schemaDocs[path]
	return n
}

func mappingSchema(s *yamlpos.Shape, path string) *schemaNode {
	n := &schemaNode{Type: "object", Properties: make(map[string]*schemaNode), Additional: new(bool)}
	for _, f := range s.Fields {
		at := f.Name
		if path != "" {
			at = path + "." + f.Name
		}
		if f.Shape.Fields != nil && len(f.Shape.Fields) == 0 {
			continue // of a section that has no key yet
		}
		n.Properties[f.Name] = schemaOf(f.Shape, at)
		if f.Required {
			n.Required = append(n.Required, f.Name)
		}
	}
	return n
}

func scalarSchemas(s *yamlpos.Shape, path string) []*schemaNode {
	var all []*schemaNode
	pattern, ok := patterns[path]
	if !ok {
		pattern = patterns[path[:max(strings.LastIndexByte(path, '.'), 0)]] // days by severity
	}
	switch {
	case s.Date:
		all = append(all, &schemaNode{Type: "string", Format: "date"})
	case s.Truth:
		all = append(all, &schemaNode{Type: "boolean"})
	case s.Number:
		all = append(all, &schemaNode{Type: "integer"})
	case s.Text && s.Words != nil:
		all = append(all, &schemaNode{Type: "string", Enum: s.Words})
	case s.Text, s.Any && pattern != "":
		all = append(all, &schemaNode{Type: "string", MinLength: 1, Pattern: pattern})
	case s.Any:
		all = append(all, &schemaNode{Type: "number"})
	}
	return all
}

// schemaDocs say what each key is for; editors show it.
var schemaDocs = map[string]string{
	"version":                        "the version of the file's form",
	"extends":                        "policies that judge beside this one; what they say can only be tightened, except for their relaxable",
	"extends[].ref":                  "a file of the repository, git+https://HOST/PATH@COMMIT#FILE, or oci://HOST/NAME@sha256:DIGEST",
	"relaxable":                      "ids of rules about whose decisions the exceptions, scopes and excludes of children count",
	"rules":                          "what is done about findings; the first that matches decides, then those of the built-in default",
	"rules[].id":                     "names the rule in reasons; unique",
	"rules[].scanner":                "only findings of these scanners",
	"rules[].rule":                   "only findings of these rules or advisories; globs",
	"rules[].when":                   "conditions that must all hold",
	"rules[].when.severity":          "high is exactly high, >=high that and worse",
	"rules[].when.rule":              "rules or advisories; globs",
	"rules[].when.path":              "paths of the repository; globs. Never a path inside an image, unless image is given",
	"rules[].when.image":             "names of images without tag; globs",
	"rules[].when.package":           "package URLs; * and ** are wildcards, without a version every version",
	"rules[].when.fix":               "whether there is a fix",
	"rules[].when.new":               "whether the change brought the finding",
	"rules[].when.kev":               "whether CISA lists the vulnerability as exploited",
	"rules[].when.malware":           "whether the package is known malware",
	"rules[].when.epss":              "the least probability of exploitation, as >=0.1",
	"rules[].when.origin":            "whether the package came with the base image",
	"rules[].when.published":         "the age of the advisory, as <7d or >=30d; an unknown date is old",
	"rules[].when.event":             "what caused the run",
	"rules[].when.environment":       "where what is scanned is to run",
	"rules[].cel":                    "an expression in CEL that must hold as well; one that cannot be evaluated blocks",
	"rules[].action":                 "what is done",
	"rules[].until":                  "the last day of the action; then says what comes after it",
	"rules[].then":                   "the action after until",
	"rules[].grace":                  "holds a block back after an advisory was published about what was there before",
	"rules[].grace.since":            "from when days are counted",
	"rules[].grace.for":              "days, as 7d, for all severities or by severity",
	"rules[].message":                "the reason to give; {rule}, {package}, {fixed} and others stand for what was found",
	"scopes":                         "bounds on actions in some places; secrets, malware and exploited vulnerabilities only by name",
	"scopes[].paths":                 "paths of the repository; globs",
	"scopes[].images":                "names of images without tag; globs",
	"scopes[].rules":                 "rules or advisories; globs",
	"scopes[].packages":              "package URLs; globs",
	"scopes[].scanners":              "scanners; secrets only where they are named here",
	"scopes[].kev":                   "about exploited vulnerabilities, and these alone",
	"scopes[].malware":               "about malware, and that alone",
	"scopes[].action-max":            "the strictest action",
	"exceptions":                     "what is accepted, why, by whom and until when",
	"exceptions[].match":             "what is accepted: of each key one value must match",
	"exceptions[].match.cve":         "advisories, by any alias",
	"exceptions[].match.purl":        "package URLs; globs",
	"exceptions[].match.rule":        "rules or advisories; globs",
	"exceptions[].match.path":        "paths of the repository; globs",
	"exceptions[].match.image":       "names of images without tag; globs",
	"exceptions[].match.fingerprint": "fingerprints, as reports show them",
	"exceptions[].reason":            "why it is accepted",
	"exceptions[].owner":             "who looks after it",
	"exceptions[].approved-by":       "who approved it",
	"exceptions[].created":           "the day on which it begins",
	"exceptions[].expires":           "its last day",
	"exceptions[].vex":               "what it says of the vulnerability to others: -f openvex",
	"exceptions[].vex.status":        "the status of OpenVEX",
	"exceptions[].vex.justification": "why what has it is not affected",
	"limits":                         "bounds on exceptions",
	"limits.exception-max-age":       "how old an exception may become, as 30d, for all severities or by severity",
	"limits.on-expired":              "whether what an expired exception accepted blocks, where it is new or on the default branch",
	"limits.on-unmatched":            "whether an exception that matches nothing is a warning or takes the verdict away",
	"coverage":                       "what must have been scanned for there to be a verdict",
	"coverage.require":               "scanners that must have run",
	"coverage.platforms":             "platforms for which every image must have been scanned, as linux/amd64",
	"coverage.on-scanner-error":      "for a scanner that failed",
	"coverage.on-partial":            "for a scanner that gave up on something",
	"coverage.on-nothing-scanned":    "for a run that found nothing to look at",
	"coverage.max-db-age":            "how old advisories may be, as 5d or 36h; KEV and EPSS too, where a rule asks them",
	"coverage.on-stale-db":           "for advisories that are older",
	"coverage.db-digest":             "digests of the manifests of databases that count in a change, as boltseal db status prints them",
	"severity":                       "how severities compare",
	"severity.unknown":               "the severity as which an unknown one compares",
	"dockerfile":                     "what is a Dockerfile",
	"dockerfile.files":               "paths that are Dockerfiles whatever they are called; globs",
	"targets":                        "what is scanned",
	"targets.exclude":                "paths whose findings are suppressed; globs",
	"targets.trusted-bases":          "images that others may be built upon, as FROM names them; globs. Without a list all may",
	"targets.signed-bases":           "whether images that others are built upon must have a signature in their registry",
	"trust":                          "whom the policy believes beside itself",
	"trust.head-may":                 "whether the policy of a change is judged beside this one",
	"trust.native-ignores":           "whether comments and ignore files of other tools are heeded, count as warnings, or are refused",
	"trust.branches":                 "branches that bring a policy of their own; globs",
	"trust.may-set":                  "flags that may loosen in a change",
	"new":                            "what tells new findings from old ones",
	"new.compare-to":                 "what is compared with",
	"new.baseline":                   "the file of known findings",
	"report":                         "where results of CI jobs are sent",
	"report.webhooks":                "addresses that get a report by POST",
	"report.webhooks[].url":          "the address, over https; results are sent nowhere else",
	"report.webhooks[].format":       "the report",
	"report.webhooks[].secret-env":   "the variable with the key of the signature; without one nothing is signed",
	"report.webhooks[].events":       "what caused the runs that it hears of; all where it is left out",
	"report.webhooks[].required":     "whether a job fails that could not send it",
	"report.defectdojo":              "the test in DefectDojo that holds the findings of the default branch",
	"report.defectdojo.url":          "the server, without /api/v2",
	"report.defectdojo.token-env":    "the variable with a token of the API",
	"report.defectdojo.product":      "the product's name",
	"report.defectdojo.engagement":   "the engagement's name",
	"report.defectdojo.test":         "the test's title; boltseal where it is left out",
	"report.defectdojo.product-type": "makes what is missing there, in this type of product",
	"report.defectdojo.required":     "whether a job fails that could not send it",
	"vex":                            "what vendors state",
	"vex.files":                      "VEX documents of this repository: OpenVEX, CSAF, CycloneDX",
	"vex.products":                   "the names by which they call what is scanned here",
	"tests":                          "what the policy must decide; boltseal policy test runs them",
	"tests[].name":                   "names the test",
	"tests[].finding":                "the finding that is decided about",
	"tests[].event":                  "what caused the run",
	"tests[].environment":            "where what is scanned is to run",
	"tests[].default-branch":         "whether the run is about the default branch",
	"tests[].on":                     "the day; today where it is left out",
	"tests[].expect":                 "the action that is expected",
	"tests[].finding.scanner":        "the scanner that found it",
	"tests[].finding.rule":           "its rule or advisory",
	"tests[].finding.severity":       "its severity",
	"tests[].finding.cve":            "other ids of its advisory",
	"tests[].finding.path":           "its path",
	"tests[].finding.image":          "the image's name",
	"tests[].finding.package":        "its package URL",
	"tests[].finding.fix":            "whether there is a fix",
	"tests[].finding.new":            "whether the change brought it; left out where nothing was compared",
	"tests[].finding.kev":            "whether it is known to be exploited",
	"tests[].finding.malware":        "whether it is malware",
	"tests[].finding.epss":           "the probability of exploitation",
	"tests[].finding.origin":         "where its package came from",
	"tests[].finding.published":      "the day on which its advisory was published",
	"tests[].finding.fingerprint":    "its fingerprint",
}
