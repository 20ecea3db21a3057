// Package builtfrom says which lines of which Dockerfile an image was built from. It
// compares what the image's history says of each step with the instructions of
// Dockerfiles that were scanned beside it. Both are text that anybody can write: the
// answer shows people a line, and says where to look for a base, which digests then
// prove or do not.
//
//	history  ──parse──> steps    ╮
//	                             ├─align──> the Dockerfile that explains the end best
//	Dockerfile ─chain─> steps    ╯          and what stands before it, again
package builtfrom

import (
	"cmp"
	"slices"
	"strings"
)

// Recipe is a Dockerfile, as far as the history of an image could speak of it.
type Recipe struct {
	Path   string  `json:"path"`
	Stages []Stage `json:"stages"`
}

// Stage is a FROM and what follows it.
type Stage struct {
	Name string `json:"name,omitempty"`
	// Base is the image that FROM names, with the defaults of build arguments filled
	// in; empty where it names a stage.
	Base string `json:"base,omitempty"`
	// Open says that an argument without a default is part of it: what a build gives for
	// that can make any other image of it.
	Open bool `json:"open,omitempty"`
	// Parent is the index of the stage that FROM names; -1 for an image.
	Parent int    `json:"parent"`
	Lines  Lines  `json:"lines"`
	Steps  []Step `json:"steps,omitempty"`
}

// Step is an instruction behind FROM.
type Step struct {
	Keyword string `json:"k"`
	// Text is what stands behind the keyword and its flags. What a variable stands for
	// is not known here: Vars says that $NAME and ${NAME} are such.
	Text  string `json:"t,omitempty"`
	Vars  bool   `json:"v,omitempty"`
	Lines Lines  `json:"lines"`
}

// Lines are those of an instruction, counted from 1, the last one included.
type Lines struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// Entry is one of an image's history, oldest first.
type Entry struct {
	CreatedBy string
	// Empty says that no layer came of it.
	Empty bool
}

// Place is where something stands.
type Place struct {
	Path string
	Lines
}

// Lineage is what is known of the steps of an image.
type Lineage struct {
	// Places are those of the history's entries; a zero one is not known. What came
	// with a base that no Dockerfile explains stands at the FROM that names it.
	Places []Place
	// From is the FROM of the stage that was built last; zero where no Dockerfile
	// explains the image. Stage is that stage's name, and Last says that none follows
	// it.
	From  Place
	Stage string
	Last  bool
	// Base is what the first FROM below it names, and Open as of that stage. A history
	// proves nothing.
	Base string
	Open bool
}

// The bounds of what is compared. An image chooses its history.
const (
	maxEntries = 500
	maxSteps   = 500
	maxText    = 8 << 10
	// maxWork is how many bytes are compared for one image, stepWork what it takes to
	// look at a stage or a step at all.
	maxWork  = 256 << 20
	stepWork = 64
	// maxAncestors is how many Dockerfiles explain one image, one upon the other.
	maxAncestors = 5
)

// Trace finds the Dockerfiles that explain a history. It gives the same for the same
// recipes in any order.
func Trace(history []Entry, recipes []Recipe) Lineage {
	out := Lineage{Places: make([]Place, len(history))}
	cut := max(len(history)-maxEntries, 0)
	steps := make([]step, 0, len(history)-cut)
	for _, e := range history[cut:] {
		steps = append(steps, parseEntry(e))
	}
	work := maxWork
	recipes = slices.Clone(recipes)
	slices.SortStableFunc(recipes, func(a, b Recipe) int { return strings.Compare(a.Path, b.Path) })
	end := len(steps)
	used := make(map[[2]int]bool)
	for range maxAncestors {
		best, ok := explain(steps[:end], recipes, used, &work)
		if !ok {
			break
		}
		used[[2]int{best.recipe, best.stage}] = true
		for h, place := range best.places {
			out.Places[cut+h] = place
		}
		from := best.from(recipes)
		if out.From == (Place{}) {
			out.From, out.Last = from, best.final
			out.Stage = recipes[best.recipe].Stages[best.stage].Name
			first := best.firstStage(recipes)
			out.Base, out.Open = first.Base, first.Open
		}
		for h := range best.first {
			out.Places[cut+h] = best.root(recipes)
		}
		for h := range cut {
			out.Places[h] = best.root(recipes)
		}
		if best.first == 0 || best.first == end {
			break
		}
		end = best.first
	}
	return out
}

// match is how a stage of a recipe explains the end of a history.
type match struct {
	recipe, stage int
	places        map[int]Place // by index in the history
	first         int           // the first entry that is explained
	score         float64
	final         bool
}

// from is the FROM of the stage, root that of the first stage below it.
func (m *match) from(recipes []Recipe) Place {
	r := &recipes[m.recipe]
	return Place{r.Path, r.Stages[m.stage].Lines}
}

func (m *match) root(recipes []Recipe) Place {
	r := &recipes[m.recipe]
	return Place{r.Path, r.Stages[r.rootOf(m.stage)].Lines}
}

// firstStage is the first stage below it.
func (m *match) firstStage(recipes []Recipe) *Stage {
	r := &recipes[m.recipe]
	return &r.Stages[r.rootOf(m.stage)]
}

// BaseIn is what the first FROM below the same stage of the same file names in other
// recipes: those of another commit, where the rest of the file may be different. A stage
// is the same by its name, and one without a name where it is the last. It is empty
// where there is none.
func (l *Lineage) BaseIn(recipes []Recipe) string {
	for i := range recipes {
		r := &recipes[i]
		if l.From.Path == "" || r.Path != l.From.Path || len(r.Stages) == 0 {
			continue
		}
		at := slices.IndexFunc(r.Stages, func(s Stage) bool { return l.Stage != "" && strings.EqualFold(s.Name, l.Stage) })
		if at < 0 && l.Last {
			at = len(r.Stages) - 1
		}
		if at >= 0 {
			return r.Stages[r.rootOf(at)].Base
		}
	}
	return ""
}

// rootOf follows parents, which stand before their children.
func (r *Recipe) rootOf(stage int) int {
	for p := r.Stages[stage].Parent; p >= 0 && p < stage; p = r.Stages[stage].Parent {
		stage = p
	}
	return stage
}

// enough is the part of a stage that must be found again: a Dockerfile may have
// changed a little since the image was built.
const enough = 0.6

// explain finds the one stage of all recipes that explains the end of a history best.
// Two that do so equally well explain nothing, unless they are stages of one file:
// then it is the last of them. A stage that was used is not built upon itself.
func explain(history []step, recipes []Recipe, used map[[2]int]bool, work *int) (match, bool) {
	var best match
	found, tied := false, false
	for r := range recipes {
		for s := range recipes[r].Stages {
			if used[[2]int{r, s}] {
				continue
			}
			m, ok := align(history, &recipes[r], s, work)
			if !ok {
				continue
			}
			m.recipe, m.stage, m.final = r, s, s == len(recipes[r].Stages)-1
			switch order := cmp.Compare(m.score, best.score); {
			case !found || order > 0:
				best, found, tied = m, true, false
			case order == 0 && best.recipe == r:
				best = m
			case order == 0:
				tied = true
			}
		}
	}
	return best, found && !tied
}
