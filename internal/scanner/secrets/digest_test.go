package secrets

import (
	"fmt"
	"reflect"
	"regexp"
	"testing"

	"github.com/zricethezav/gitleaks/v8/config"
)

// fillAll sets everything that a value holds to something new each time.
func fillAll(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case *regexp.Regexp:
		v.Set(reflect.ValueOf(regexp.MustCompile(fmt.Sprint("x", *n))))
		return
	case config.AllowlistMatchCondition:
		v.SetInt(1)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Float64:
		v.SetFloat(float64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillAll(v.Index(0), n)
		fillAll(v.Index(1), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fillAll(v.Field(i), n)
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 3 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillAll(key, n)
			fillAll(value, n)
			v.SetMapIndex(key, value)
		}
	}
}

// changes calls f once for each single thing of the value changed, and puts it
// back: a word, a number, an expression, a missing element.
func changes(v reflect.Value, name string, f func(name string)) {
	switch {
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			old := v.MapIndex(key)
			v.SetMapIndex(key, reflect.Value{})
			f(name + " without " + key.String())
			changed := reflect.New(v.Type().Elem()).Elem()
			changed.Set(old)
			changes(changed, name+"["+key.String()+"]", func(n string) {
				v.SetMapIndex(key, changed)
				f(n)
			})
			v.SetMapIndex(key, old)
		}
		return
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				changes(v.Field(i), name+"."+field.Name, f)
			}
		}
		return
	}
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	switch v.Kind() {
	case reflect.Slice:
		v.Set(old.Slice(0, old.Len()-1))
		f(name + " shorter")
		v.Set(old)
		for i := range v.Len() {
			changes(v.Index(i), fmt.Sprintf("%s[%d]", name, i), f)
		}
	case reflect.Pointer:
		v.SetZero()
		f(name + " nil")
		v.Set(old)
		if v.Type() != reflect.TypeFor[*regexp.Regexp]() {
			changes(v.Elem(), "*"+name, f)
		}
	case reflect.Bool:
		v.SetBool(!v.Bool())
		f(name)
	default:
		v.SetZero()
		f(name)
	}
	v.Set(old)
}

func TestDigestChangesWithWhatCanAlterFindings(t *testing.T) {
	var c config.Config
	n := 0
	fillAll(reflect.ValueOf(&c).Elem(), &n)
	want := digestOf(c)
	for range 20 {
		if got := digestOf(c); got != want {
			t.Fatalf("digest %s, then %s", want, got)
		}
	}
	// What these say is in the rules already.
	c.Title, c.Description, c.MinVersion, c.OrderedRules, c.Extend = "", "", "", nil, config.Extend{}
	if digestOf(c) != want {
		t.Error("the digest depends on a title, or on the order of rules")
	}
	seen := map[string]string{want: "nothing"}
	tried := 0
	check := func(name string) {
		tried++
		got := digestOf(c)
		if was, ok := seen[got]; ok && (was == "nothing" || got == want) {
			t.Errorf("%s changed and the digest did not", name)
		}
		seen[got] = name
	}
	changes(reflect.ValueOf(&c.Rules).Elem(), "rules", check)
	changes(reflect.ValueOf(&c.Allowlists).Elem(), "allowlists", check)
	changes(reflect.ValueOf(&c.Keywords).Elem(), "keywords", func(name string) {
		if digestOf(c) != want { // a map of nothing: only its keys count
			check(name)
		}
	})
	changes(reflect.ValueOf(&c.Path).Elem(), "path", check)
	if tried < 200 {
		t.Errorf("only %d changes", tried)
	}
	if digestOf(c) != want {
		t.Error("the test did not put everything back")
	}
}

func TestTheTypesOfTOMLAreTheLibrarys(t *testing.T) {
	var compare func(name string, ours, theirs reflect.Type)
	compare = func(name string, ours, theirs reflect.Type) {
		if ours.Kind() != theirs.Kind() {
			t.Errorf("%s is %s there, %s here", name, theirs, ours)
			return
		}
		switch ours.Kind() {
		case reflect.Pointer, reflect.Slice:
			compare(name, ours.Elem(), theirs.Elem())
		case reflect.Struct:
			fields := func(of reflect.Type) map[string]reflect.Type {
				out := make(map[string]reflect.Type)
				for _, f := range reflect.VisibleFields(of) {
					if f.IsExported() && !f.Anonymous {
						out[f.Name] = f.Type
					}
				}
				return out
			}
			mine := fields(ours)
			for n, f := range fields(theirs) {
				if mine[n] == nil {
					t.Errorf("%s.%s is not here", name, n)
					continue
				}
				compare(name+"."+n, mine[n], f)
				delete(mine, n)
			}
			for n := range mine {
				t.Errorf("%s.%s is not there", name, n)
			}
		}
	}
	compare("config", reflect.TypeFor[tomlConfig](), reflect.TypeFor[config.ViperConfig]())
}
