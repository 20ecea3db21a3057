package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// The types that an expression knows beside CEL's own.
const (
	celFinding  = "Finding"
	celPackage  = "Package"
	celAdvisory = "Advisory"
	celLayer    = "Layer"
)

// celField is a field of one of these types. Of a finding that has no such part it
// has the type's zero value, as everywhere in CEL.
type celField struct {
	kind *types.Type
	get  func(*subject) (ref.Val, error)
	set  func(*subject) bool // nil for fields that are always there
	part bool                // whether it is one of the types above
}

func text(get func(*subject) string) celField {
	return celField{kind: types.StringType, get: func(s *subject) (ref.Val, error) {
		value := get(s)
		if len(value) > maxCELString {
			return nil, fmt.Errorf("a text has %d bytes, more than the %d allowed", len(value), maxCELString)
		}
		return types.String(value), nil
	}}
}

func texts(get func(*subject) []string) celField {
	return celField{kind: types.NewListType(types.StringType), get: func(s *subject) (ref.Val, error) {
		values := get(s)
		if len(values) > maxCELList {
			return nil, fmt.Errorf("a list has %d values, more than the %d allowed", len(values), maxCELList)
		}
		if slices.ContainsFunc(values, func(v string) bool { return len(v) > maxCELItem }) {
			return nil, fmt.Errorf("a text of a list has more than the %d bytes allowed", maxCELItem)
		}
		return types.NewStringList(types.DefaultTypeAdapter, values), nil
	}}
}

func truth(get func(*subject) bool) celField {
	return celField{kind: types.BoolType, get: func(s *subject) (ref.Val, error) { return types.Bool(get(s)), nil }}
}

func number(get func(*subject) float64) celField {
	return celField{kind: types.DoubleType, get: func(s *subject) (ref.Val, error) { return types.Double(get(s)), nil }}
}

func part(name string, set func(*subject) bool) celField {
	return celField{kind: types.NewObjectType(name), set: set, part: true}
}

// ofPackage and ofAdvisory give a field's zero value where the finding has no such
// part.
func ofPackage[T any](get func(*subject) T) func(*subject) T {
	return func(s *subject) (zero T) {
		if s.Package == nil {
			return zero
		}
		return get(s)
	}
}

func ofAdvisory[T any](get func(*subject) T) func(*subject) T {
	return func(s *subject) (zero T) {
		if s.Advisory == nil {
			return zero
		}
		return get(s)
	}
}

// celFields are the fields by type and name.
var celFields = map[string]map[string]celField{
	celFinding: {
		"rule":        text(func(s *subject) string { return s.Rule }),
		"ids":         texts(func(s *subject) []string { return s.allIDs() }),
		"scanner":     text(func(s *subject) string { return s.Finding.Scanner }),
		"target":      text(func(s *subject) string { return s.Target }),
		"severity":    text(func(s *subject) string { return s.Severity.String() }),
		"message":     text(func(s *subject) string { return s.Message }),
		"fingerprint": text(func(s *subject) string { return s.Fingerprint }),
		"path":        text(func(s *subject) string { return s.Location.Path }),
		"commit":      text(func(s *subject) string { return s.Location.Commit }),
		"image":       text(func(s *subject) string { return s.Location.Image }),
		"controls":    texts(func(s *subject) []string { return s.Controls }),
		"new":         truth(func(s *subject) bool { return s.isNew }),
		"fix":         truth(func(s *subject) bool { return s.fix }),
		"package":     part(celPackage, func(s *subject) bool { return s.Package != nil }),
		"advisory":    part(celAdvisory, func(s *subject) bool { return s.Advisory != nil }),
		"layer":       part(celLayer, func(s *subject) bool { return s.Location.Layer != "" }),
	},
	celPackage: {
		"name":      text(ofPackage(func(s *subject) string { return s.Package.Name })),
		"version":   text(ofPackage(func(s *subject) string { return s.Package.Version })),
		"ecosystem": text(ofPackage(func(s *subject) string { return s.Package.Ecosystem })),
		"purl":      text(ofPackage(func(s *subject) string { return s.Package.PURL })),
		"origin":    text(func(s *subject) string { return s.origin }),
		"paths":     texts(ofPackage(func(s *subject) []string { return s.Package.Paths })),
		"licenses":  texts(ofPackage(func(s *subject) []string { return s.Package.Licenses })),
	},
	celAdvisory: {
		"id":        text(ofAdvisory(func(s *subject) string { return s.Advisory.ID })),
		"aliases":   texts(ofAdvisory(func(s *subject) []string { return s.Advisory.Aliases })),
		"summary":   text(ofAdvisory(func(s *subject) string { return s.Advisory.Summary })),
		"published": text(ofAdvisory(func(s *subject) string { return s.Advisory.Published })),
		"fixed":     texts(ofAdvisory(func(s *subject) []string { return s.Advisory.Fixed })),
		"cvss":      number(func(s *subject) float64 { return s.worstScore() }),
		"epss":      number(func(s *subject) float64 { return s.epss }),
		"kev":       truth(func(s *subject) bool { return s.kev }),
		"malware":   truth(func(s *subject) bool { return s.malicious }),
	},
	celLayer: {
		"digest":      text(func(s *subject) string { return s.Location.Layer }),
		"instruction": text(func(s *subject) string { return s.Location.Instruction }),
		"deleted":     truth(func(s *subject) bool { return s.Location.Deleted }),
	},
}

// worstScore is the highest of the advisory's scores, 0 for none.
func (s *subject) worstScore() float64 {
	worst := 0.0
	if s.Advisory != nil {
		for _, c := range s.Advisory.CVSS {
			worst = max(worst, c.Score)
		}
	}
	return worst
}

// celTypes adds the types to those that CEL knows.
type celTypes struct{ *types.Registry }

// FindStructType gives a type by its name.
func (t celTypes) FindStructType(name string) (*types.Type, bool) {
	if _, ok := celFields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return t.Registry.FindStructType(name)
}

// FindStructFieldNames gives the names of a type's fields.
func (t celTypes) FindStructFieldNames(name string) ([]string, bool) {
	fields, ok := celFields[name]
	if !ok {
		return t.Registry.FindStructFieldNames(name)
	}
	names := make([]string, 0, len(fields))
	for field := range fields {
		names = append(names, field)
	}
	slices.Sort(names)
	return names, true
}

// FindStructFieldType gives a field: every part of a finding is the finding itself,
// looked at in another way.
func (t celTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	f, ok := celFields[name][field]
	if !ok {
		return t.Registry.FindStructFieldType(name, field)
	}
	return &types.FieldType{
		Type: f.kind,
		IsSet: func(target any) bool {
			s, ok := target.(*subject)
			return ok && (f.set == nil || f.set(s))
		},
		GetFrom: func(target any) (any, error) {
			s, ok := target.(*subject)
			switch {
			case !ok:
				return nil, errors.New("no finding")
			case f.part:
				return s, nil
			}
			return f.get(s)
		},
	}, true
}

// NewValue makes no finding: there is one, and it is given.
func (t celTypes) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := celFields[name]; ok {
		return types.NewErr("a %s cannot be made", name)
	}
	return t.Registry.NewValue(name, fields)
}

// celVariables are what an expression is evaluated with.
type celVariables struct {
	finding *subject
	run     *Input
}

// ResolveName gives a variable.
func (v celVariables) ResolveName(name string) (any, bool) {
	switch name {
	case "finding":
		return v.finding, true
	case "event":
		return types.String(v.run.Event), true
	case "environment":
		return types.String(v.run.Environment), true
	}
	return nil, false
}

// Parent has none.
func (celVariables) Parent() interpreter.Activation { return nil }
