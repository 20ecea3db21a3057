package packages

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// TestTextsAreAll fills every string of a part, and wants all of them among the texts
// that are looked at before it is kept.
func TestTextsAreAll(t *testing.T) {
	p := part{Distro: &inventory.Distro{}, Rows: make([]row, 1)}
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			n++
			v.SetString(fmt.Sprintf("text-%d", n))
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					fill(v.Field(i))
				}
			}
		case reflect.Pointer:
			if !v.IsNil() {
				fill(v.Elem())
			}
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.String {
				v.Set(reflect.ValueOf([]string{""}))
			}
			for i := range v.Len() {
				fill(v.Index(i))
			}
		default:
		}
	}
	fill(reflect.ValueOf(&p).Elem())
	data, err := p.encode()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for text := range (&pass{}).Texts(data) {
		got = append(got, text)
	}
	for i := range n {
		want := fmt.Sprintf("text-%d", i+1)
		if i > 0 && !slices.Contains(got, want) { // the first is the version of the part
			t.Errorf("%s is not looked at", want)
		}
	}
	for text := range (&pass{}).Texts(scan.Part("{key=1")) {
		if text != "{key=1" {
			t.Errorf("a broken part: %q", text)
		}
	}
}
