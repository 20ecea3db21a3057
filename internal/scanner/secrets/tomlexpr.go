package secrets

import (
	"errors"
	"fmt"
	stdregexp "regexp"
	"regexp/syntax"
	"strings"

	"github.com/zricethezav/gitleaks/v8/regexp"
)

// Bounds of expressions, in instructions of the compiled form: the costliest
// default rule has 3,000, all of them together 70,000.
const (
	maxExprLength = 32 << 10
	maxExprCost   = 50_000
	maxExprTotal  = 1_000_000
)

// compileOne compiles an expression; an empty one is none.
func (l *tomlLoader) compileOne(f *tomlFile, expr string, at *tomlPlace) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil //nolint:nilnil // no expression is a value of its own
	}
	re, err := l.compile(expr)
	if err != nil {
		return nil, f.errorf(at, "expression: %w", err)
	}
	return re, nil
}

// compileAll compiles the expressions of an allowlist, and tries what the engine
// joins them to: it would panic where that doesn't compile.
func (l *tomlLoader) compileAll(f *tomlFile, exprs []string, at *tomlPlace) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for i, expr := range exprs {
		re, err := l.compile(expr)
		if err != nil {
			return nil, f.errorf(at.item(i), "expression: %w", err)
		}
		out = append(out, re)
	}
	if len(exprs) == 0 {
		return nil, nil
	}
	joined := "(?:" + strings.Join(exprs, "|") + ")"
	if err := l.spend(joined, maxTOML, maxExprTotal); err != nil {
		return nil, f.errorf(at, "the expressions of an allowlist are joined to one, which fails: %w", err)
	}
	if _, err := compileExpr(joined); err != nil {
		return nil, f.errorf(at, "the expressions of an allowlist are joined to one, which fails: %w", err)
	}
	return out, nil
}

func (l *tomlLoader) compile(expr string) (*regexp.Regexp, error) {
	if re := l.exprs[expr]; re != nil {
		return re, nil
	}
	if err := l.spend(expr, maxExprLength, maxExprCost); err != nil {
		return nil, err
	}
	re, err := compileExpr(expr)
	if err != nil {
		return nil, err
	}
	l.exprs[expr] = re
	return re, nil
}

// spend refuses an expression that is too costly before anything is made of it.
func (l *tomlLoader) spend(expr string, length, most int) error {
	if len(expr) > length {
		return fmt.Errorf("longer than %d bytes", length)
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return exprError(err)
	}
	cost := exprCost(parsed, most)
	if cost > most {
		return errors.New("too costly: make its repetitions smaller")
	}
	if l.budget -= cost; l.budget < 0 {
		return errors.New("too costly together with all before: fewer or smaller repetitions")
	}
	return nil
}

// exprError says what is wrong with an expression, and quotes only that part.
func exprError(err error) error {
	e, ok := errors.AsType[*syntax.Error](err)
	if !ok {
		return err
	}
	hint := "see https://golang.org/s/re2syntax"
	switch e.Code {
	case syntax.ErrInvalidPerlOp:
		hint = "look-around does not exist here"
	case syntax.ErrInvalidRepeatSize:
		hint = "at most 1000 times, nested ones multiplied"
	case syntax.ErrInvalidEscape:
		hint = "back references do not exist here; a backslash before a letter that means nothing is an error"
	case syntax.ErrInvalidNamedCapture:
		hint = "a name is of letters, digits and _"
	}
	return fmt.Errorf("%s: %q: %s", e.Code, shorten(e.Expr), hint)
}

// exprCost estimates how many instructions an expression compiles to, with the
// tables of its character classes, and stops near limit.
func exprCost(re *syntax.Regexp, limit int) int {
	cost := 1
	switch re.Op {
	case syntax.OpLiteral:
		cost = len(re.Rune)
	case syntax.OpCharClass:
		cost += len(re.Rune) / 10
	case syntax.OpRepeat:
		times := re.Max
		if times < 0 {
			times = re.Min + 1
		}
		return times * (exprCost(re.Sub[0], limit) + 1)
	}
	for _, sub := range re.Sub {
		cost += exprCost(sub, limit)
		if cost > limit {
			return cost
		}
	}
	return cost
}

func compileExpr(expr string) (*regexp.Regexp, error) {
	re, err := stdregexp.Compile(expr)
	if err != nil {
		return nil, exprError(err)
	}
	return re, nil
}
