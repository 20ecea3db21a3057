package dockerfile

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/builtfrom"
	"github.com/boltseal/boltseal/internal/scan"
)

// Recipes reads what the Dockerfiles of trees do, for comparing it with the history
// of images. It lints nothing: its results say nothing, and are to be dropped. It is
// one for all targets of a run; targets are scanned one after the other.
type Recipes struct {
	files func(path string) bool
	found map[string][]builtfrom.Recipe
}

// NewRecipes makes one that takes the same files as a linter of the options.
func NewRecipes(opt Options) *Recipes {
	return &Recipes{files: opt.Files, found: make(map[string][]builtfrom.Recipe)}
}

// Recipes makes one that takes the same files as the linter.
func (s *Scanner) Recipes() *Recipes { return NewRecipes(s.opt) }

// Name is told nowhere.
func (*Recipes) Name() string { return "recipes" }

// CacheKey is empty, as the linter's is.
func (*Recipes) CacheKey() string { return "" }

// Begin starts a pass over a tree.
func (r *Recipes) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	if t.Kind != scan.KindTree {
		return nil, nil //nolint:nilnil // the contract: no business with such targets
	}
	return &recipePass{pass{native: &Native{}, files: r.files}, r}, nil
}

// Of gives the recipes of a target, by path; of a link what it leads to is given under
// the link's path too.
func (r *Recipes) Of(target string) []builtfrom.Recipe { return r.found[target] }

// recipePass wants what the linter wants.
type recipePass struct {
	pass
	to *Recipes
}

// File implements scan.Pass.
func (p *recipePass) File(_ context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	if beside(e.Path) {
		return nil, nil
	}
	recipe := parse(e.Path, c.Bytes()).recipe()
	if len(recipe.Stages) == 0 {
		return nil, nil
	}
	part, err := json.Marshal(recipe)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return part, nil
}

// Finish implements scan.Pass. It keeps the recipes.
func (p *recipePass) Finish(_ context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	for _, ref := range parts {
		var recipe builtfrom.Recipe
		if ref.Part != nil && json.Unmarshal(ref.Part, &recipe) == nil {
			p.to.found[v.Target().Name] = append(p.to.found[v.Target().Name], recipe)
		}
	}
	return scan.Result{}
}

// recipe is what the file does.
func (f *file) recipe() builtfrom.Recipe {
	r := builtfrom.Recipe{Path: f.path}
	globals, defaults := f.globals(), f.defaults()
	for _, st := range f.stages {
		out := builtfrom.Stage{Name: st.name, Parent: -1, Lines: linesOf(st.from)}
		if st.parent != nil {
			out.Parent = st.parent.index
		} else if base, known := expand(unquote(st.base), globals, f.escape); known {
			out.Base = base
			_, told := expand(unquote(st.base), defaults, f.escape)
			out.Open = !told
		}
		for _, i := range st.instructions {
			if !i.broken {
				out.Steps = append(out.Steps, builtfrom.Step{
					Keyword: i.keyword, Text: i.told(), Vars: strings.Contains(i.text[i.rest:i.end], "$"), Lines: linesOf(i),
				})
			}
		}
		r.Stages = append(r.Stages, out)
	}
	return r
}

func linesOf(i *instruction) builtfrom.Lines {
	return builtfrom.Lines{First: i.line + 1, Last: i.last + 1}
}

// told is what builders write into an image's history of an instruction: the
// arguments, a heredoc as the shell gets it, and of settings the names.
func (i *instruction) told() string {
	switch {
	case i.keyword == "ENV" || i.keyword == "LABEL" || i.keyword == "ARG":
		var keys []string
		for _, p := range i.pairs() {
			keys = append(keys, unquote(p.key))
		}
		return strings.Join(keys, " ")
	case i.exec:
		return strings.Join(i.args(), " ")
	}
	text := i.text[i.rest:i.end]
	if i.keyword != "RUN" || len(i.heredocs) == 0 {
		return text
	}
	if first := i.heredocs[0]; len(i.heredocs) == 1 && strings.Trim(text, `<-"'`) == first.name {
		return i.file.text(first.body)
	}
	var b strings.Builder
	b.WriteString(text)
	for _, h := range i.heredocs {
		b.WriteString("\n" + i.file.text(h.body) + "\n" + h.name)
	}
	return b.String()
}
