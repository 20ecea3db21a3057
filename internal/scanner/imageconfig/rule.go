package imageconfig

import (
	"debug/elf"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

// check is a rule and how it looks.
type check struct {
	rule.Meta
	look
}

// look is what a rule looks at.
type look struct {
	// file picks entries by path, kind, mode and owner; nil picks none.
	file func(e *scan.Entry) bool
	// find looks at the image and the files that were picked and are shown.
	find func(img *image) []issue
	// config says that the rule is about the configuration, the history or the
	// layers, of which an unpacked root file system has none.
	config bool
	// older says that the rule compares with an older image, and has nothing to say
	// without one.
	older bool
}

// image is what rules see of an image.
type image struct {
	*scan.Image
	// files are those that the rule picked, as a container sees them, by path. The
	// slice is the caller's.
	files          []file
	passwd, shadow accountFile
	// sudoers are the files that say who may become whom.
	sudoers []sudoersFile
	// distro is what os-release says, release the file that it stands in.
	distro  inventory.Distro
	release *file
	// machines are what programs are made for.
	machines map[scan.At]elf.Machine
	view     *scan.View
	opt      Options
	// older is the image that this one is compared with; nil for none.
	older *snapshot
}

// file is one that a container sees.
type file struct {
	path  string
	entry *scan.Entry
	at    scan.At // its unit is the layer that brought it
}

// issue is what a rule has to say.
type issue struct {
	// message is as in finding.Finding.
	message string
	// severity is the rule's when it is Unknown.
	severity finding.Severity
	// subject identifies the issue beside rule and image; the path when empty.
	subject string
	path    string
	line    int
	// at is the file to which it is due: it names layer and instruction. Where
	// there is none, instruction can be given.
	at          *file
	instruction string
}

// shown writes a path into a message; one that holds more than plain text, quoted.
func shown(path string) string {
	path = "/" + path
	if quoted := strconv.Quote(path); len(quoted) != len(path)+2 {
		return quoted
	}
	return path
}

// shownPaths is how many of many paths a message names.
const shownPaths = 3

// some writes the first of many paths into a message.
func some(files []file) string {
	var text strings.Builder
	for i, f := range files[:min(len(files), shownPaths)] {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(shown(f.path))
	}
	if n := len(files) - shownPaths; n > 0 {
		fmt.Fprintf(&text, " and %d more", n)
	}
	return text.String()
}

// plural writes a number of things.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// declared are all rules, in no order.
var declared []check

// declare adds a rule. Each rule's file calls it once, as the value of a variable
// without a name, so that a new rule is a new file and no list changes.
func declare(m rule.Meta, l look) struct{} {
	m.Scanner = finding.ImageConfig
	declared = append(declared, check{m, l})
	return struct{}{}
}

// sorted gives the rules by id.
func sorted() []check {
	checks := slices.Clone(declared)
	slices.SortFunc(checks, func(a, b check) int { return strings.Compare(a.ID, b.ID) })
	return checks
}

//go:embed *.txtar
var pages embed.FS

// Rules are all rules with their pages, by id. A page that is missing or cannot be
// read is an empty one; the package's test fails then.
func Rules() []rule.Rule {
	var rules []rule.Rule
	for _, c := range sorted() {
		page, err := readPage(c.ID)
		if err != nil {
			page = rule.Page{}
		}
		rules = append(rules, rule.Rule{Meta: c.Meta, Page: page})
	}
	return rules
}

func readPage(id string) (rule.Page, error) {
	name := strings.TrimPrefix(id, "image/") + ".txtar"
	data, err := pages.ReadFile(name)
	if err != nil {
		return rule.Page{}, fmt.Errorf("rule %s has no page: %w", id, err)
	}
	page, err := rule.ParsePage(data)
	if err != nil {
		return rule.Page{}, fmt.Errorf("reading page %s: %w", name, err)
	}
	return page, nil
}
