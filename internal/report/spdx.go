package report

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/licence"
)

// Words of SPDX.
const (
	spdxUnknown = "NOASSERTION"
	// spdxNoDay stands for a day that the run does not say: the form wants one.
	spdxNoDay = "1970-01-01T00:00:00Z"
)

// writeSPDX writes the packages as SPDX 2.3 in JSON: a package for every target, which
// contains what was found in it. Files are told in words, as a file of SPDX wants
// checksums that the run does not have.
func writeSPDX(w io.Writer, run *Run, _ Options) error {
	list, err := softwareOf(run)
	if err != nil {
		return err
	}
	doc := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: "boltseal", DocumentNamespace: homepage + "/spdx/" + hex.EncodeToString(list.digest[:]),
		DocumentComment: strings.Join(scanLines(run), "\n"),
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: strings.TrimSuffix("boltseal-"+run.Tool.Version, "-")}},
			Created:  list.created,
		},
	}
	if list.created == "" {
		doc.CreationInfo.Created, doc.CreationInfo.CreatorComment = spdxNoDay, "The run does not say its day."
	}
	if len(list.targets) == 1 {
		doc.DocumentName = cmp.Or(list.targets[0].name, unnamed)
	}
	if len(list.targets) == 0 {
		doc.DocumentComment = strings.TrimSpace("Nobody looked for packages: this list is incomplete.\n" + doc.DocumentComment)
	}
	seen := newNames()
	for i := range list.targets {
		t := &list.targets[i]
		root := spdxTarget(t, i)
		doc.Packages = append(doc.Packages, root)
		doc.Relationships = append(doc.Relationships, related("DOCUMENT", common.TypeRelationshipDescribe, root.PackageSPDXIdentifier))
		ids := make([]common.ElementID, 0, len(t.packages))
		for _, p := range t.packages {
			found := spdxPackage(t, p, seen)
			doc.Packages = append(doc.Packages, found)
			doc.Relationships = append(doc.Relationships, related(root.PackageSPDXIdentifier, common.TypeRelationshipContains, found.PackageSPDXIdentifier))
			ids = append(ids, found.PackageSPDXIdentifier)
		}
		for i, needs := range t.needs() {
			for _, to := range needs {
				doc.Relationships = append(doc.Relationships, related(ids[i], common.TypeRelationshipDependsOn, ids[to]))
			}
		}
	}
	return encodeJSON(w, doc)
}

func related(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.DocElementID{ElementRefID: from}, RefB: common.DocElementID{ElementRefID: to}, Relationship: kind,
	}
}

func spdxTarget(t *subject, number int) *spdx.Package {
	p := &spdx.Package{
		PackageName: cmp.Or(t.name, unnamed), PackageSPDXIdentifier: common.ElementID(fmt.Sprintf("target-%d", number+1)), PackageVersion: t.digest,
		PackageDownloadLocation: spdxUnknown, PackageLicenseConcluded: spdxUnknown, PackageLicenseDeclared: spdxUnknown,
		PackageCopyrightText: spdxUnknown, PrimaryPackagePurpose: "APPLICATION",
	}
	if t.image {
		p.PrimaryPackagePurpose = "CONTAINER"
	}
	if !t.complete {
		p.PackageComment = "This list is incomplete: not everything could be scanned."
	}
	return p
}

func spdxPackage(t *subject, p *inventory.Package, seen *names) *spdx.Package {
	declared, comment := spdxLicence(p.Licenses)
	out := &spdx.Package{
		PackageName: cmp.Or(p.Name, unnamed), PackageSPDXIdentifier: common.ElementID(packageID(p, seen)), PackageVersion: p.Version,
		PackageDownloadLocation: spdxUnknown, PackageLicenseConcluded: spdxUnknown, PackageLicenseDeclared: declared, PackageLicenseComments: comment,
		PackageCopyrightText: spdxUnknown, PackageSourceInfo: spdxSource(t, p),
	}
	if url := packageURL(p); url != "" {
		out.PackageExternalReferences = []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: "purl", Locator: url}}
	}
	return out
}

// spdxSource says in words where a package was found and what brought it.
func spdxSource(t *subject, p *inventory.Package) string {
	var lines []string
	for _, fact := range []struct{ name, value string }{
		{"found in", strings.Join(p.Paths, ", ")},
		{"built from", namedSource(p)},
		{"layer", p.Layer},
		{"layer built by", t.instruction(p.Layer)},
		{"which stands at", t.built(p.Layer)},
		{"origin", p.Origin},
	} {
		if fact.value != "" {
			lines = append(lines, fact.name+": "+fact.value)
		}
	}
	return strings.Join(lines, "\n")
}

// spdxLicence gives one expression of SPDX as it is, and everything else as a comment:
// what several licences mean together is not known. A reference to a licence that
// stands in some other document says nothing in this one.
func spdxLicence(all []string) (declared, comment string) {
	all = slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "" })
	if len(all) == 1 && !strings.Contains(all[0], "Ref-") {
		if expression, ok := licence.Canonical(all[0]); ok {
			return expression, ""
		}
	}
	if len(all) > 0 {
		comment = "named by the package: " + strings.Join(all, "; ")
	}
	return spdxUnknown, comment
}
