package yamlpos

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribe(t *testing.T) {
	got := Describe(func(v Value) {
		v.Map(
			"file",
			Need("version", func(v Value) { v.Int() }),
			May("words", func(v Value) {
				for _, item := range v.OneOrMore() {
					item.OneOf("a", "b")
				}
			}),
			May("list", func(v Value) {
				for _, item := range v.Items() {
					item.Map("item", May("on", func(v Value) { v.Date() }), May("so", func(v Value) { v.Bool() }), May("is", func(v Value) {
						v.Suggest("x")
						v.Text()
					}))
				}
			}),
			May("either", func(v Value) {
				if _, ok := v.Scalar(); !ok && !v.Null() && !v.Empty() && !v.EmptyList() && v.Line() == 0 {
					v.Map("either", May("key", func(v Value) { v.Each("any", nil) }))
				}
				if _, ok := v.Peek("key"); ok {
					t.Error("there is a key")
				}
				v.Fail("", "never")
			}),
			Later("later"),
			Elsewhere("there", "here"),
		)
	})
	want := &Shape{Fields: []ShapeField{
		{"version", true, &Shape{Number: true}},
		{"words", false, &Shape{Single: true, Items: &Shape{Words: []string{"a", "b"}, Text: true}}},
		{"list", false, &Shape{Items: &Shape{Fields: []ShapeField{
			{"on", false, &Shape{Date: true}}, {"so", false, &Shape{Truth: true}}, {"is", false, &Shape{Words: []string{"x"}, Text: true}},
		}}}},
		{"either", false, &Shape{Any: true, Fields: []ShapeField{{"key", false, &Shape{}}}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
