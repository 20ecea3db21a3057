package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadGivesWhatWasWrittenAndTheSameBytes(t *testing.T) {
	run := fixture()
	// Invalid UTF-8 does not survive JSON; anything else does.
	first := write(t, "json", run, Options{})
	read, err := Read(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	if second := write(t, "json", read, Options{}); !bytes.Equal(first, second) {
		t.Errorf("read and written again it differs:\n%s", cmp.Diff(string(first), string(second)))
	}
	run.Findings[2].Message = strings.ToValidUTF8(run.Findings[2].Message, "\ufffd")
	run.Findings[2].Remediation = strings.ToValidUTF8(run.Findings[2].Remediation, "\ufffd")
	run.Findings[2].Location.Path = strings.ToValidUTF8(run.Findings[2].Location.Path, "\ufffd")
	run.Scans[5].Errors[1] = strings.ToValidUTF8(run.Scans[5].Errors[1], "\ufffd")
	if diff := cmp.Diff(run, read); diff != "" {
		t.Errorf("what was read differs:\n%s", diff)
	}
}

// changes make a run file that is not to be read, from one that is.
var changes = map[string]struct {
	make func(string) string
	want string
	// schemaTakes says that a JSON schema cannot see what is wrong.
	schemaTakes bool
}{
	"an unknown field": {
		replaced(`"durationMs"`, `"duratoinMs"`), `58:7: unknown field "duratoinMs"; did you mean "durationMs"?`, false,
	},
	"an unknown field like no other": {
		replaced(`"schema": "boltseal/run/v1",`, `"schema": "boltseal/run/v1", "zzzzzzzzzz": {"deep": [1]},`), `unknown field "zzzzzzzzzz"`, false,
	},
	"a field in capitals": {
		replaced(`"findings": [`, `"FINDINGS": [`), `did you mean "findings"?`, false,
	},
	"a field twice": {
		replaced(`"tool": {`, `"schema": "boltseal/run/v1", "tool": {`), `3:3: "schema" is here twice`, true,
	},
	"a missing field": {
		replaced(`"action": "suppress",`, ``), `this object has no "action"`, false,
	},
	"an unknown severity": {
		replaced(`"severity": "critical"`, `"severity": "hot"`), `"hot" is none of critical, high, medium, low, info, unknown`, false,
	},
	"an unknown action": {
		replaced(`"action": "suppress"`, `"action": "ignore"`), `"ignore" is none of suppress, note, warn, block`, false,
	},
	"an unknown status": {
		replaced(`"status": "partial"`, `"status": "fine"`), `"fine" is none of ok, nothing, partial, failed`, false,
	},
	"null": {
		replaced(`"new": true`, `"new": null`), `bool is wanted here`, false,
	},
	"a list for an object": {
		replaced(`"tool": {`, `"tool": [], "x": {`), `3:11: an object is wanted here`, false,
	},
	"an object for a list": {
		replaced(`"reasons": [`, `"reasons": {}, "x": [`), `a list is wanted here`, false,
	},
	"a number for text": {
		replaced(`"name": "boltseal"`, `"name": 1`), `4:13: a string is wanted here`, false,
	},
	"text for a number": {
		replaced(`"exitCode": 1`, `"exitCode": "1"`), `string where int is wanted`, false,
	},
	"a fraction for a number": {
		replaced(`"blocked": 5`, `"blocked": 5.5`), `number 5.5 where int is wanted`, false,
	},
	"a newer schema": {
		replaced(`boltseal/run/v1`, `boltseal/run/v2`), `its schema is "boltseal/run/v2" and this boltseal reads "boltseal/run/v1": read it with the version of boltseal that wrote it, or newer`, false,
	},
	"another schema": {
		replaced(`boltseal/run/v1`, `acme`), `its schema is "acme", not "boltseal/run/v1"`, false,
	},
	"no schema": {
		replaced(`"schema": "boltseal/run/v1",`, ``), `this is no run file`, false,
	},
	"a file that was cut off": {
		func(s string) string { return s[:len(s)/2] }, "the file ends too early", true,
	},
	"no JSON": {
		replaced(`"tool": {`, `"tool": <`), `3:11: invalid character '<' looking for beginning of value`, true,
	},
	"something behind the end": {
		func(s string) string { return s + "{}" }, "invalid character '{' after top-level value", true,
	},
	"an empty file": {
		func(string) string { return " \n" }, "it is empty", true,
	},
}

func replaced(old, instead string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, instead, 1) }
}

func TestReadRefuses(t *testing.T) {
	valid := string(write(t, "json", fixture(), Options{}))
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(change.make(valid)))
			if err == nil || !strings.Contains(err.Error(), change.want) {
				t.Errorf("got %v, want %q", err, change.want)
			}
		})
	}
}

func TestReadErrorsHoldNoControlCharacter(t *testing.T) {
	for _, text := range []string{
		`{"schema": "\u001b[31m"}`, `{"schema": "boltseal/run/\u001b[31m"}`, "{\"schema\": \"boltseal/run/v1\", \"\\u001b[31m\\n\": 1}", "\x1b[31m", "{\"a\": \x1b}",
	} {
		_, err := Read(strings.NewReader(text))
		if err == nil || Plain(err.Error()) != err.Error() {
			t.Errorf("%q: %q", text, err)
		}
	}
}

func TestReadGivesTheErrorOfItsReader(t *testing.T) {
	want := errors.New("unplugged")
	if _, err := Read(io.MultiReader(strings.NewReader("{"), failing{want})); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestReadHasLimits(t *testing.T) {
	if _, err := Read(strings.NewReader(`{"schema": "boltseal/run/v1", "findings": [` + strings.Repeat("[", 20_000))); err == nil || !strings.Contains(err.Error(), "exceeded max depth") {
		t.Errorf("nested too deep: %v", err)
	}
	data := write(t, "json", fixture(), Options{})
	if err := shapeWithin(data, 1000, 1000); err != nil {
		t.Errorf("within the limits: %v", err)
	}
	if err := shapeWithin(data, 10, 1000); err == nil || !strings.Contains(err.Error(), "more than 2000000 objects") {
		t.Errorf("too many objects: %v", err)
	}
	if err := shapeWithin(data, 1000, 10); err == nil || !strings.Contains(err.Error(), "more than 20000000 values") {
		t.Errorf("too many values: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "run.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	for _, change := range changes {
		f.Add([]byte(change.make(string(golden))))
	}
	f.Add([]byte(`{"schema":"boltseal/run/v1","tool":{"name":"","version":"\ud800"},"verdict":{"status":"none","exitCode":3,"blocked":0,"warned":0,"noted":0,"suppressed":0},"policies":[],"scans":[],"findings":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := Read(bytes.NewReader(data))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\n\r") {
				t.Errorf("error %q", err)
			}
			return
		}
		first := write(t, "json", run, Options{})
		again, err := Read(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if second := write(t, "json", again, Options{}); !bytes.Equal(first, second) {
			t.Errorf("not the same bytes:\n%s\n%s", first, second)
		}
		for _, format := range Formats() {
			write(t, format, run, Options{Width: 40, Color: true})
		}
	})
}

// large is a run as of a big image.
func large(findings int) *Run {
	one := fixture()
	run := *one
	run.Findings = nil
	for len(run.Findings) < findings {
		for _, f := range one.Findings {
			f.Fingerprint += fmt.Sprint("#", len(run.Findings))
			run.Findings = append(run.Findings, f)
		}
	}
	return &run
}

func BenchmarkRead(b *testing.B) {
	data := write(b, "json", large(30_000), Options{})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	run, opt := large(30_000), Options{Catalogue: catalogue(b)}
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, format, run, opt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
