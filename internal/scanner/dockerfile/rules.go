package dockerfile

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// A rule is a file that declares it and a page of the same name beside it:
//
//	var _ = declare(rule.Meta{ID: "DL4000", …}, onInstruction(dl4000, "MAINTAINER"))
//
// Checks come in four shapes; a rule may have several. They are called in the
// order of the file, each for what it asked for and nothing else, and keep no
// state outside of their call.

// check is one shape of a rule's check.
type check func(*definition)

// onInstruction looks at each instruction with one of the keywords. A trigger is
// reached through its ONBUILD.
func onInstruction(f func(*report, *instruction), keywords ...string) check {
	return func(d *definition) { d.instruction, d.keywords = f, keywords }
}

// onCommand looks at each simple command that runs one of the programs, wherever
// it stands in a RUN, that of an ONBUILD too. "pip" is "pip3.12" as well.
func onCommand(f func(*report, *command), programs ...string) check {
	return func(d *definition) { d.command, d.programs = f, programs }
}

// onStage looks at a stage as a whole: for what needs to know what came before.
func onStage(f func(*report, *stage)) check { return func(d *definition) { d.stage = f } }

// onFile looks at the whole file.
func onFile(f func(*report, *file)) check { return func(d *definition) { d.file = f } }

// definition is a declared rule with its checks.
type definition struct {
	rule.Meta
	instruction func(*report, *instruction)
	keywords    []string
	command     func(*report, *command)
	programs    []string
	stage       func(*report, *stage)
	file        func(*report, *file)
	// Of shell code: see shellwalk.go.
	nodes  []nodeCheck
	call   func(*report, *shellWalk, *call)
	called []string
	pipe   func(*report, *shellWalk, []*call)
	script func(*report, *shellWalk)
}

// declared are all rules. Package initialisation fills it, in no order that counts.
var declared []*definition

func declare(m rule.Meta, checks ...check) *definition {
	d := &definition{Meta: m}
	d.Scanner = finding.Dockerfile
	for _, c := range checks {
		c(d)
	}
	declared = append(declared, d)
	return d
}

// index finds the rules for what is looked at. Rules are in order of their ids.
type index struct {
	rules       []*definition
	instruction map[string][]*definition // by keyword
	command     map[string][]*definition // by program
	shell       []*definition            // those of shell code
}

var indexed = sync.OnceValue(func() *index {
	x := &index{
		rules:       slices.SortedFunc(slices.Values(declared), func(a, b *definition) int { return strings.Compare(a.ID, b.ID) }),
		instruction: make(map[string][]*definition),
		command:     make(map[string][]*definition),
	}
	for _, d := range x.rules {
		if d.nodes != nil || d.call != nil || d.pipe != nil || d.script != nil {
			x.shell = append(x.shell, d)
		}
		for _, k := range d.keywords {
			x.instruction[k] = append(x.instruction[k], d)
		}
		for _, p := range d.programs {
			x.command[p] = append(x.command[p], d)
		}
	}
	return x
})

//go:embed *.txtar
var pages embed.FS

// Rules gives all rules with their pages, in order of their ids. Pages are built
// in: one that cannot be read is a programming error, and a test's business.
func Rules() []rule.Rule {
	rules := make([]rule.Rule, 0, len(declared))
	for _, d := range indexed().rules {
		page, err := readPage(d.ID)
		if err != nil {
			page = rule.Page{}
		}
		rules = append(rules, rule.Rule{Meta: d.Meta, Page: page})
	}
	return rules
}

// pageName is the name of a rule's page: "dl3007.txtar", "curl-pipe-shell.txtar".
func pageName(id string) string {
	return strings.ToLower(id[strings.LastIndexByte(id, '/')+1:]) + ".txtar"
}

func readPage(id string) (rule.Page, error) {
	data, err := pages.ReadFile(pageName(id))
	if err != nil {
		return rule.Page{}, fmt.Errorf("reading page of %s: %w", id, err)
	}
	page, err := rule.ParsePage(data)
	if err != nil {
		return rule.Page{}, fmt.Errorf("reading page of %s: %w", id, err)
	}
	return page, nil
}
