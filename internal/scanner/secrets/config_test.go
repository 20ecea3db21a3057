package secrets

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// fill sets every text that a value holds to one that stands nowhere else.
func fill(v reflect.Value, name string, set map[string]string) {
	switch v.Kind() {
	case reflect.String:
		set[name] = fmt.Sprintf("<%d>", len(set))
		v.SetString(set[name])
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, set)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), fmt.Sprintf("%s[%d]", name, i), set)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, name+" key", set)
		fill(value, name+" value", set)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[v1.Time]() || v.Type() == reflect.TypeFor[v1.Hash]() {
			return // no free text
		}
		for i := range v.NumField() {
			fill(v.Field(i), name+"."+v.Type().Field(i).Name, set)
		}
	}
}

func TestEveryTextOfAnImageConfigurationIsASetting(t *testing.T) {
	var c v1.ConfigFile
	set := make(map[string]string)
	fill(reflect.ValueOf(&c).Elem(), "", set)
	if len(set) < 30 {
		t.Fatalf("only %d texts", len(set))
	}
	var all strings.Builder
	for _, s := range settings(&c) {
		all.WriteString(s.text + "\n")
	}
	for name, text := range set {
		if !strings.Contains(all.String(), text) {
			t.Errorf("%s is not looked at", name)
		}
	}
}

func TestAnyPartOfAnImageConfigurationIsLookedAt(t *testing.T) {
	text := "a " + githubToken + " b"
	tests := map[string]struct {
		config v1.ConfigFile
		where  string
	}{
		"a trigger":        {v1.ConfigFile{Config: v1.Config{OnBuild: []string{"RUN a", text}}}, "trigger 2 of ONBUILD"},
		"a shell":          {v1.ConfigFile{Config: v1.Config{Shell: []string{"sh", text}}}, "the shell"},
		"a folder":         {v1.ConfigFile{Config: v1.Config{WorkingDir: text}}, "the working directory"},
		"a user":           {v1.ConfigFile{Config: v1.Config{User: text}}, "the user"},
		"a volume":         {v1.ConfigFile{Config: v1.Config{Volumes: map[string]struct{}{text: {}}}}, "a volume"},
		"a signal":         {v1.ConfigFile{Config: v1.Config{StopSignal: text}}, "the stop signal"},
		"a port":           {v1.ConfigFile{Config: v1.Config{ExposedPorts: map[string]struct{}{text: {}}}}, "an exposed port"},
		"an author":        {v1.ConfigFile{Author: text}, "the author"},
		"a step's author":  {v1.ConfigFile{History: []v1.History{{Author: text}}}, "step 1 of the build history"},
		"a step's comment": {v1.ConfigFile{History: []v1.History{{Comment: text}}}, "step 1 of the build history"},
		"a trigger and the step that set it": {v1.ConfigFile{
			Config: v1.Config{OnBuild: []string{text}}, History: []v1.History{{CreatedBy: "ONBUILD " + text}},
		}, "trigger 1 of ONBUILD"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res := scanAll(t, scantest.Image("app", &tt.config), newScanner(t))
			if res.Status != finding.StatusOK || len(res.Findings) != 1 {
				t.Fatalf("status %s, %d findings", res.Status, len(res.Findings))
			}
			if f := res.Findings[0]; !strings.HasSuffix(f.Message, "it stands in "+tt.where+" of the image") {
				t.Errorf("message %q", f.Message)
			}
		})
	}
}

// TestTheStepThatSetASecret wants the last step of the history that set what holds
// a secret, in the notations of all builders, and its name without the value.
func TestTheStepThatSetASecret(t *testing.T) {
	token := githubToken
	created := func(entries ...string) (all []v1.History) {
		for _, e := range entries {
			all = append(all, v1.History{CreatedBy: e})
		}
		return all
	}
	tests := map[string]struct {
		config      v1.ConfigFile
		step        int
		instruction string
	}{
		"a variable, by BuildKit": {
			v1.ConfigFile{Config: v1.Config{Env: []string{"PATH=/bin", "T=" + token}}, History: created("ENV PATH=/bin", "ENV A=b T="+token, "ENV TT=a", "ENV PATH=/bin:/x")},
			2, "ENV T",
		},
		"a variable, by the classic builder": {
			v1.ConfigFile{Config: v1.Config{Env: []string{"T=" + token}}, History: created("/bin/sh -c #(nop)  ENV T=a", "/bin/sh -c #(nop)  ENV T="+token)},
			2, "ENV T",
		},
		"a label in quotes": {
			v1.ConfigFile{Config: v1.Config{Labels: map[string]string{"a.b": token}}, History: created(`LABEL "a.b"="`+token+`"`, "CMD x")},
			1, "LABEL a.b",
		},
		"a command": {
			v1.ConfigFile{Config: v1.Config{Cmd: []string{"run", token}}, History: created("CMD [\"run\" \"x\"]", "RUN CMD", "CMD [\"run\" \""+token+"\"]", "USER a")},
			3, "CMD",
		},
		"a build argument": {
			v1.ConfigFile{History: created("ARG T", "RUN |1 T="+token+" /bin/sh -c make # buildkit")},
			2, "",
		},
		"a variable that no step sets": {
			v1.ConfigFile{Config: v1.Config{Env: []string{"T=" + token}}, History: created("RUN ENV T=a", "ENV TT=a")},
			0, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res := scanAll(t, scantest.Image("app", &tt.config), newScanner(t))
			if len(res.Findings) != 1 {
				t.Fatalf("%d findings", len(res.Findings))
			}
			if l := res.Findings[0].Location; l.Step != tt.step || l.Instruction != tt.instruction {
				t.Errorf("step %d, %q; want %d, %q", l.Step, l.Instruction, tt.step, tt.instruction)
			}
		})
	}
}
