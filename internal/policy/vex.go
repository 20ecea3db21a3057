package policy

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/vex"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Claim is what an exception says of a vulnerability to others, as a VEX statement.
type Claim struct {
	// Status is the word of OpenVEX.
	Status vex.Status `json:"status"`
	// Justification is one of vex.Justifications, of status not_affected only.
	Justification string `json:"justification,omitempty"`
}

func readClaim(v yamlpos.Value) *Claim {
	var c Claim
	v.Map(
		"vex",
		yamlpos.Need("status", yamlpos.Into(&c.Status, func(v yamlpos.Value) vex.Status {
			return vex.Status(v.OneOf(string(vex.NotAffected), string(vex.Affected), string(vex.Fixed), string(vex.UnderInvestigation)))
		})),
		yamlpos.May("justification", yamlpos.Into(&c.Justification, func(v yamlpos.Value) string { return v.OneOf(vex.Justifications()...) })),
	)
	switch {
	case c.Status == vex.NotAffected && c.Justification == "":
		v.Fail("add justification: one of "+strings.Join(vex.Justifications(), ", "), "not_affected wants a reason")
	case c.Status != vex.NotAffected && c.Status != "" && c.Justification != "":
		v.Fail("take it out", "a justification is for not_affected only")
	}
	return &c
}

func (c *Claim) yaml() string {
	var f flow
	f.text("status", string(c.Status))
	f.text("justification", c.Justification)
	return f.String()
}

// maxVEX bounds the documents that a policy names.
const maxVEX = 100

func readVEX(v yamlpos.Value, p *Policy) {
	v.Map(
		"vex",
		yamlpos.May("files", func(v yamlpos.Value) {
			items := v.OneOrMore()
			if len(items) > maxVEX {
				v.Fail("", "%d files, more than the %d allowed", len(items), maxVEX)
				return
			}
			for _, item := range items {
				p.VEXFiles = append(p.VEXFiles, readFile(item))
			}
		}),
		yamlpos.May("products", func(v yamlpos.Value) { p.Products = list(v, readLine) }),
	)
}

// statements are VEX statements ready for many findings.
type statements struct {
	byID     map[string][]*vex.Statement
	products []string
}

func newStatements(p *Policy) *statements {
	x := &statements{products: p.Products}
	for i := range p.VEX {
		s := &p.VEX[i]
		for _, id := range s.IDs {
			if x.byID == nil {
				x.byID = make(map[string][]*vex.Statement)
			}
			x.byID[id] = append(x.byID[id], s)
		}
	}
	return x
}

// stated is the decision of the VEX statements about a finding: of those that match
// the newest counts, of equals the one that promises least.
func (j *judge) stated(s *subject) (Decision, bool) {
	if j.statements.byID == nil || s.Advisory == nil {
		return Decision{}, false
	}
	best := j.statements.find(s)
	if best == nil || promise(best.Status) == 0 {
		return Decision{}, false
	}
	reason := "the vendor says " + string(best.Status)
	if why := cmp.Or(best.Justification, best.Impact); why != "" {
		reason += " (" + oneLine(why) + ")"
	}
	return Decision{Action: Suppress, By: "vex", Reason: fmt.Sprintf("%s: %s%s", reason, best.From, j.where)}, true
}

func (x *statements) find(s *subject) *vex.Statement {
	var best *vex.Statement
	for _, id := range s.upperIDs() {
		for _, st := range x.byID[id] {
			if st == best || !slices.ContainsFunc(st.Products, func(p vex.Product) bool { return x.about(&p, s, st.Status) }) {
				continue
			}
			if best == nil || st.Time.After(best.Time) || st.Time.Equal(best.Time) && promise(st.Status) < promise(best.Status) {
				best = st
			}
		}
	}
	return best
}

// promise is how much a status promises; 0 for what accepts nothing.
func promise(s vex.Status) int {
	switch s {
	case vex.NotAffected:
		return 2
	case vex.Fixed:
		return 1
	}
	return 0
}

// about says whether a product of a statement is where a finding is. Who speaks of
// parts of a product must mean this product, and one of these parts. Who says that a
// package is fixed must say in which version: it was found in one that is not.
func (x *statements) about(p *vex.Product, s *subject, status vex.Status) bool {
	if s.Package == nil {
		return false
	}
	same := func(id string) bool { return samePackage(id, s.Package.PURL, status == vex.Fixed) }
	scanned := func(id string) bool { return x.scanned(id, s) }
	if len(p.Components) > 0 {
		return slices.ContainsFunc(p.IDs, scanned) && slices.ContainsFunc(p.Components, same)
	}
	return slices.ContainsFunc(p.IDs, same) || slices.ContainsFunc(p.IDs, scanned)
}

// scanned says whether a name is that of what was scanned: the policy says so, or it
// is the image's. A name with a tag or digest is that of one image only; a finding
// does not know of which.
func (x *statements) scanned(id string, s *subject) bool {
	if slices.Contains(x.products, id) {
		return true
	}
	if !s.inImage || s.Location.Image == "" {
		return false
	}
	if id == s.Location.Image {
		return true
	}
	name, query, _ := strings.Cut(id, "?")
	name, oci := strings.CutPrefix(name, "pkg:oci/")
	if !oci || strings.Contains(name, "@") {
		return false
	}
	values, err := url.ParseQuery(query)
	if err != nil || len(values) > 1 || len(values) == 1 && !values.Has("repository_url") {
		return false
	}
	if repository := values.Get("repository_url"); repository != "" {
		return repository == s.Location.Image
	}
	return name == s.Location.Image
}

// samePackage says whether a statement's package URL covers a package: without a
// version it covers all of them, unless it must have one, and qualifiers that it has
// must be the package's.
func samePackage(stated, purl string, versioned bool) bool {
	if !strings.HasPrefix(stated, "pkg:") || purl == "" {
		return false
	}
	a, b := cutPURL(stated), cutPURL(purl)
	if a.name != b.name || a.version != b.version && (versioned || a.version != "") {
		return false
	}
	for key, values := range a.qualifiers {
		if !slices.Equal(values, b.qualifiers[key]) {
			return false
		}
	}
	return true
}

type parts struct {
	name, version string
	qualifiers    url.Values
}

// cutPURL cuts a package URL into what is compared: escapes resolved, subpath dropped
// (https://github.com/package-url/purl-spec). What it cannot read equals only itself.
func cutPURL(s string) parts {
	s, _, _ = strings.Cut(s, "#")
	rest, query, _ := strings.Cut(s, "?")
	rest = normalPURL(rest)
	name, _ := cutVersion(rest)
	p := parts{name: name, version: strings.TrimPrefix(rest[len(name):], "@")}
	var err error
	if p.qualifiers, err = url.ParseQuery(query); err != nil {
		p.qualifiers = url.Values{"": {query}}
	}
	if plain, err := url.PathUnescape(p.name); err == nil {
		p.name = plain
	}
	if plain, err := url.PathUnescape(p.version); err == nil {
		p.version = plain
	}
	return p
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxFilled {
		s = strings.ToValidUTF8(s[:maxFilled], "") + "…"
	}
	return s
}
