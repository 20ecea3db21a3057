// Package vex reads VEX documents: statements about whether products are affected by
// vulnerabilities, as OpenVEX, CSAF and CycloneDX write them.
package vex

import "time"

// Status is what a statement says of its products.
type Status string

// The statuses, as OpenVEX names them
// (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md#status-labels).
const (
	NotAffected        Status = "not_affected"
	Affected           Status = "affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// Statuses lists them all.
func Statuses() []Status { return []Status{NotAffected, Affected, Fixed, UnderInvestigation} }

// Justifications lists the words in which OpenVEX gives the reason of not_affected.
func Justifications() []string {
	return []string{
		"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
	}
}

// Statement says of some products how they stand to one vulnerability.
type Statement struct {
	// IDs are the vulnerability's, all aliases, in capitals.
	IDs []string
	// Products are what it is about; never empty.
	Products []Product
	Status   Status
	// Justification and Impact say why a product is not affected: a word, a text.
	Justification, Impact string
	// Time is when it was made; the zero time where the document does not say.
	Time time.Time
	// From names the document and the place in it, for people.
	From string
}

// Product is what a statement is about.
type Product struct {
	// IDs are the ways in which the document names the product: package URLs, and
	// names that mean something to whoever wrote it.
	IDs []string
	// Components are package URLs of the parts of it that the statement is about;
	// none for all of it.
	Components []string
}
