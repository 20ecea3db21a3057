package report

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/vex"
)

// See https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.
type vexDocument struct {
	Context    string         `json:"@context"`
	ID         string         `json:"@id"`
	Author     string         `json:"author"`
	Timestamp  string         `json:"timestamp"`
	Version    int            `json:"version"`
	Tooling    string         `json:"tooling"`
	Statements []vexStatement `json:"statements"`
}

type vexStatement struct {
	Vulnerability vexVulnerability `json:"vulnerability"`
	Products      []vexProduct     `json:"products"`
	Status        vex.Status       `json:"status"`
	StatusNotes   string           `json:"status_notes,omitempty"`
	Justification string           `json:"justification,omitempty"`
	Action        string           `json:"action_statement,omitempty"`
}

type vexVulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

type vexProduct struct {
	ID            string         `json:"@id"`
	Subcomponents []vexComponent `json:"subcomponents"`
}

type vexComponent struct {
	ID string `json:"@id"`
}

// writeOpenVEX states what the exceptions that have a "vex" key say, of the products
// and packages of which they accepted a finding. A package without a package URL is
// left out: who leaves the part out speaks of the whole.
func writeOpenVEX(w io.Writer, run *Run, _ Options) error {
	doc := vexDocument{
		Context: "https://openvex.dev/ns/v0.2.0", Author: vexAuthor(run), Timestamp: run.Judged.On + "T00:00:00Z", Version: 1,
		Tooling: "boltseal " + run.Tool.Version, Statements: vexStatements(run),
	}
	statements, err := json.Marshal(doc.Statements)
	if err != nil {
		return err
	}
	doc.ID = "urn:uuid:" + uuidOf(sha256.Sum256(append([]byte(doc.Author+"\n"+doc.Timestamp+"\n"), statements...)))
	return encodeJSON(w, doc)
}

// vexAuthor names the policies, whose statements these are.
func vexAuthor(run *Run) string {
	var paths []string
	for _, p := range run.Policies {
		paths = append(paths, Plain(p.Path))
	}
	return "boltseal policy " + strings.Join(paths, ", ")
}

func vexStatements(run *Run) []vexStatement {
	type key struct {
		name, status, justification, reason, product string
	}
	out := []vexStatement{}
	at := make(map[key]int)
	for i := range run.Findings {
		f := &run.Findings[i]
		claim := f.Decision.VEX
		if claim == nil || f.Advisory == nil || f.Package == nil || f.Package.PURL == "" {
			continue
		}
		component, product := vexComponent{f.Package.PURL}, vexProductID(f)
		k := key{f.Rule, string(claim.Status), claim.Justification, f.Decision.Reason, product}
		if n, ok := at[k]; ok {
			if p := &out[n].Products[0]; !slices.Contains(p.Subcomponents, component) {
				p.Subcomponents = append(p.Subcomponents, component)
			}
			continue
		}
		at[k] = len(out)
		s := vexStatement{
			Vulnerability: vexVulnerability{Name: f.Rule}, Status: claim.Status, Justification: claim.Justification,
			Products: []vexProduct{{ID: product, Subcomponents: []vexComponent{component}}},
		}
		for _, id := range f.IDs() {
			if id != f.Rule {
				s.Vulnerability.Aliases = append(s.Vulnerability.Aliases, id)
			}
		}
		if claim.Status == vex.Affected {
			s.Action = f.Decision.Reason
		} else {
			s.StatusNotes = f.Decision.Reason
		}
		out = append(out, s)
	}
	return out
}

// vexProductID is a URI for what was scanned: an image's package URL, else the target.
func vexProductID(f *Finding) string {
	if image := f.Location.Image; image != "" {
		name := image[strings.LastIndexByte(image, '/')+1:]
		return "pkg:oci/" + url.PathEscape(name) + "?repository_url=" + url.QueryEscape(image)
	}
	scheme, path, _ := strings.Cut(f.Target, ":")
	return (&url.URL{Scheme: scheme, Opaque: (&url.URL{Path: path}).EscapedPath()}).String()
}
