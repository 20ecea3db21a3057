package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Limits of an expression. The cost is that of the costliest finding there can be,
// and is known when the policy is loaded.
const (
	maxCELText  = 2_000
	maxCELDepth = 50
	maxCELNodes = 500
	maxCELCost  = 200_000
	maxCELRules = 50
	// maxCELString and maxCELList bound what an expression is given: of a finding
	// that has more it cannot be evaluated, and blocks.
	maxCELString = 64 << 10
	maxCELList   = 1_000
	maxCELItem   = 512
)

// celEnv is what expressions can name.
var celEnv = sync.OnceValues(func() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	return cel.NewCustomEnv(
		cel.StdLib(),
		cel.CustomTypeProvider(celTypes{registry}),
		cel.CustomTypeAdapter(celTypes{registry}),
		cel.Variable("finding", types.NewObjectType(celFinding)),
		cel.Variable("event", cel.StringType),
		cel.Variable("environment", cel.StringType),
		cel.ParserRecursionLimit(maxCELDepth),
		cel.ParserExpressionSizeLimit(maxCELText),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
	)
})

// compileCEL checks an expression in every way in which it can be checked without a
// finding.
func compileCEL(text string) (*cel.Env, *cel.Ast, error) {
	if len(text) > maxCELText {
		return nil, nil, fmt.Errorf("it has %d bytes, more than the %d allowed", len(text), maxCELText)
	}
	env, err := celEnv()
	if err != nil {
		return nil, nil, err
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, nil, firstIssue(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, nil, fmt.Errorf("it gives %s, and true or false is wanted", checked.OutputType())
	}
	if err := checkWhole(checked); err != nil {
		return nil, nil, err
	}
	cost, err := env.EstimateCost(checked, celSizes{})
	if err != nil {
		return nil, nil, err
	}
	if cost.Max > maxCELCost {
		return nil, nil, fmt.Errorf("it can cost more than the %d steps allowed for a finding: compare fewer long texts, nest no loops", maxCELCost)
	}
	return env, checked, nil
}

// firstIssue is the first fault, with its column in the expression.
func firstIssue(issues *cel.Issues) error {
	errs := issues.Errors()
	if len(errs) == 0 {
		return issues.Err()
	}
	first := errs[0]
	message := strings.Join(strings.Fields(first.Message), " ")
	if first.Location.Line() < 1 {
		return errors.New(message)
	}
	return fmt.Errorf("at %d:%d of it: %s", first.Location.Line(), first.Location.Column()+1, message)
}

// checkWhole counts what an expression is made of, and refuses one that takes a
// finding, or a part that has fields, as a value.
func checkWhole(checked *cel.Ast) error {
	nodes := 0
	var bad error
	ast.PreOrderVisit(ast.NavigateAST(checked.NativeRep()), ast.NewExprVisitor(func(e ast.Expr) {
		nodes++
		n, ok := e.(ast.NavigableExpr)
		if !ok || n.Type() == nil || n.Type().Kind() != types.StructKind {
			return
		}
		if parent, has := n.Parent(); !has || parent.Kind() != ast.SelectKind {
			bad = errors.New("a finding, package, advisory or layer is no value: name one of its fields")
		}
	}))
	if nodes > maxCELNodes {
		return fmt.Errorf("it has %d parts, more than the %d allowed", nodes, maxCELNodes)
	}
	return bad
}

// celSizes says how large what an expression is given can be.
type celSizes struct{}

// EstimateSize is for what the expression itself does not say.
func (celSizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	path := element.Path()
	switch {
	case len(path) == 0 || path[0] != "finding" && path[0] != "event" && path[0] != "environment":
		return nil // of a loop's own list: that is for whoever counts to know
	case path[len(path)-1] == "@items":
		return &checker.SizeEstimate{Max: maxCELItem}
	case element.Type().Kind() == types.ListKind:
		return &checker.SizeEstimate{Max: maxCELList}
	}
	return &checker.SizeEstimate{Max: maxCELString}
}

// EstimateCallCost knows nothing beyond what the library knows of itself.
func (celSizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// readCEL reads an expression that is true or false of a finding.
func readCEL(v yamlpos.Value) string {
	text := strings.TrimSpace(v.Text())
	if text == "" {
		return ""
	}
	if _, _, err := compileCEL(text); err != nil {
		v.Fail("it may name finding.rule, finding.package.name and the like: see the README", "cel: %v", err)
		return ""
	}
	return text
}

// celCache keeps expressions that are ready, by their text: making one so takes longer
// than judging a finding, and to explain one the policies are asked for many days.
type celCache map[string]compiledCEL

type compiledCEL struct {
	program cel.Program
	broken  error // why it could not be made ready
}

func (c celCache) get(text string) compiledCEL {
	made, ok := c[text]
	if ok {
		return made
	}
	env, checked, err := compileCEL(text)
	if err == nil {
		options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
		if loops(checked) {
			options = append(options, cel.CostLimit(maxCELCost))
		}
		made.program, err = env.Program(checked, options...)
	}
	made.broken = err
	c[text] = made
	return made
}

// celProgram is an expression ready for the findings of one run.
type celProgram struct {
	compiledCEL
	run *Input
	// Of the finding that was looked at last.
	at  *subject
	err error
}

// newProgram gives nil for no expression.
func newProgram(text string, run *Input) *celProgram {
	if text == "" {
		return nil
	}
	if run.programs == nil {
		run.programs = make(celCache)
	}
	return &celProgram{compiledCEL: run.programs.get(text), run: run}
}

// loops says whether an expression has loops. Their cost is measured as well: that is
// slow, and where the estimate could be wrong.
func loops(checked *cel.Ast) bool {
	found := false
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.ComprehensionKind
	}))
	return found
}

// pathFields are the fields of a finding that another path changes.
var pathFields = []string{"path", "paths", "fingerprint"}

// celTellsPaths says whether an expression looks at where a finding is. One that is
// broken blocks everywhere.
func celTellsPaths(text string) bool {
	if !slices.ContainsFunc(pathFields, func(field string) bool { return strings.Contains(text, field) }) {
		return false
	}
	_, checked, err := compileCEL(text)
	if err != nil {
		return true
	}
	found := false
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.SelectKind && slices.Contains(pathFields, e.AsSelect().FieldName())
	}))
	return found
}

// matches says whether the expression holds of a finding. One that cannot be
// evaluated does: see fault.
func (p *celProgram) matches(s *subject) bool {
	p.at, p.err = s, p.broken
	if p.err != nil {
		return true
	}
	out, _, err := p.program.Eval(celVariables{s, p.run})
	if err != nil {
		p.err = err
		return true
	}
	return out == types.True
}

// fault says why the expression could not be evaluated for a finding that it has
// just been asked about.
func (p *celProgram) fault(s *subject) error {
	if p.at != s {
		p.matches(s)
	}
	return p.err
}
