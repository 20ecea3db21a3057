package scan

import "github.com/boltseal/boltseal/internal/inventory"

// Listed is the software that a document lists, made elsewhere.
type Listed struct {
	// Packages are in the order of the document; each has the document's path.
	Packages []inventory.Package
	// Lines are those of the packages in the document; 0 where it is not known.
	Lines []int
	// Notes are lines worth knowing that change no status.
	Notes []string
	// Problems say what could not be read, "path:line: why".
	Problems []string
}

// maxProblems is more than anybody reads.
const maxProblems = 10_000

// Problem keeps what could not be read, the first of many.
func (l *Listed) Problem(text string) {
	if len(l.Problems) < maxProblems {
		l.Problems = append(l.Problems, text)
	}
}
