package yamlpos

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pet is read by a loader as the users of this package write them.
type pet struct {
	Name   string
	Legs   int
	Tame   bool
	Born   time.Time
	Kinds  []string
	Friend *pet
}

func readPet(v Value) pet {
	var p pet
	v.Map(
		"pet",
		Need("name", Into(&p.Name, Value.Text)),
		Need("legs", Into(&p.Legs, Value.Int)),
		May("tame", Into(&p.Tame, Value.Bool)),
		May("born", Into(&p.Born, Value.Date)),
		May("kind", func(v Value) {
			for _, k := range v.OneOrMore() {
				p.Kinds = append(p.Kinds, k.OneOf("cat", "dog"))
			}
		}),
		May("friend", func(v Value) { f := readPet(v); p.Friend = &f }),
		Later("cage"),
		Elsewhere("colour", `colour goes under "coat"`),
	)
	return p
}

func load(data string) (pet, error) {
	doc, err := Parse("pet.yaml", []byte(data), Limits{})
	if err != nil {
		return pet{}, err
	}
	p := readPet(doc.Root())
	return p, doc.Err()
}

func TestRead(t *testing.T) {
	rex := pet{Name: "Rex", Legs: 4, Tame: true, Born: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC), Kinds: []string{"dog"}}
	for name, test := range map[string]struct {
		data string
		want pet
	}{
		"block style":                {"name: Rex\nlegs: 4\ntame: true\nborn: 2026-02-03\nkind: dog\n", rex},
		"flow style":                 {`{name: Rex, legs: 4, tame: true, born: "2026-02-03", kind: [dog]}`, rex},
		"a byte order mark and CRLF": {"\ufeffname: Rex\r\nlegs: 4\r\n", pet{Name: "Rex", Legs: 4}},
		"aliases":                    {"name: &n Ann\nlegs: 2\nfriend: {name: *n, legs: 3}\n", pet{Name: "Ann", Legs: 2, Friend: &pet{Name: "Ann", Legs: 3}}},
		"a document start and end":   {"---\nname: A\nlegs: 0\n...\n", pet{Name: "A"}},
		"a block scalar":             {"name: |\n  A\n  B\nlegs: 0\n", pet{Name: "A\nB\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(test.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 200)
	for name, test := range map[string]struct{ data, want string }{
		"every fault is named, from the top": {
			"nam: Rex\nlegs: four\ntame: maybe\n",
			`pet.yaml:1:1: unknown key "nam" in pet
  1 | nam: Rex
    | ^
  did you mean "name"?
pet.yaml:1:1: pet needs "name"
  1 | nam: Rex
    | ^
pet.yaml:2:7: want a whole number, got "four"
  2 | legs: four
    |       ^
pet.yaml:3:7: want true or false, got "maybe"
  3 | tame: maybe
    |       ^`,
		},
		"a key like none": {
			"name: a\nlegs: 1\nwingspan: 3\n",
			`pet.yaml:3:1: unknown key "wingspan" in pet
  3 | wingspan: 3
    | ^
  known are name, legs, tame, born, kind, friend`,
		},
		"a key of a later version": {
			"name: a\nlegs: 1\ncage: 3\n",
			`pet.yaml:3:1: cage is not supported yet
  3 | cage: 3
    | ^
  take it out: it would not be obeyed`,
		},
		"a key that belongs elsewhere": {
			"name: a\nlegs: 1\ncolour: red\n",
			`pet.yaml:3:1: key "colour" does not belong in pet
  3 | colour: red
    | ^
  colour goes under "coat"`,
		},
		"a key twice": {
			"name: a\nlegs: 1\n\"name\": b\n",
			`pet.yaml:3:1: key "name" comes twice, first on line 1
  3 | "name": b
    | ^
  keep one of them`,
		},
		"a word like another, in a list": {
			"name: a\nlegs: 1\nkind: [cat, dgo]\n",
			`pet.yaml:3:13: "dgo" is not one of cat, dog
  3 | kind: [cat, dgo]
    |             ^
  did you mean "dog"?`,
		},
		"a number where text is wanted": {
			"name: 1\nlegs: 1\n",
			`pet.yaml:1:7: want a string, got the number 1
  1 | name: 1
    |       ^
  put it in quotes: "1"`,
		},
		"nothing where text is wanted": {
			"name:\nlegs: 1\n",
			`pet.yaml:1:6: want a string, got nothing
  1 | name:
    |      ^
  give it a value or leave the key out`,
		},
		"a list where a mapping is wanted": {
			"[a]",
			`pet.yaml:1:1: pet: want a mapping, got a list
  1 | [a]
    | ^`,
		},
		"a day that no calendar has": {
			"name: a\nlegs: 1\nborn: 2026-02-30\n",
			`pet.yaml:3:7: "2026-02-30" is not a date
  3 | born: 2026-02-30
    |       ^
  write it as YYYY-MM-DD`,
		},
		"a tag": {
			"name: !!binary YQ==\nlegs: 1\n",
			`pet.yaml:1:7: want a string, got a value tagged !!binary
  1 | name: !!binary YQ==
    |       ^`,
		},
		"a merge key": {
			"<<: {name: a}\nlegs: 1\n",
			`pet.yaml:1:1: merge keys (<<) are not supported
  1 | <<: {name: a}
    | ^
  write the keys out
pet.yaml:1:1: pet needs "name"
  1 | <<: {name: a}
    | ^`,
		},
		"a list as a key": {
			"? [a]\n: b\nname: a\nlegs: 1\n",
			`pet.yaml:1:3: a key must be a plain word
  1 | ? [a]
    |   ^`,
		},
		"an empty list": {
			"name: a\nlegs: 1\nkind: []\n",
			`pet.yaml:3:7: the list is empty
  3 | kind: []
    |       ^
  leave the key out`,
		},
		"columns count characters": {
			"{name: \"Müü\", leg: 4}",
			`pet.yaml:1:1: pet needs "legs"
  1 | {name: "Müü", leg: 4}
    | ^
pet.yaml:1:15: unknown key "leg" in pet
  1 | {name: "Müü", leg: 4}
    |               ^
  did you mean "legs"?`,
		},
		"a long line is cut around the column": {
			"{name: " + long + ", legs: x, tame: false, x: " + long + "}",
			`pet.yaml:1:216: want a whole number, got "x"
  1 | ………………………………………………………………………………… legs: x, tame: false, x: ………………………………………………………
    |                                       ^
pet.yaml:1:232: unknown key "x" in pet
  1 | ……………………………………… legs: x, tame: false, x: …………………………………………………………………………………………………
    |                                       ^
  known are name, legs, tame, born, kind, friend`,
		},
		"no text":         {"", "pet.yaml:1:1: the file is empty"},
		"comments only":   {"# nothing\n\n", "pet.yaml:1:1: the file is empty\n  1 | # nothing\n    | ^"},
		"a document more": {"name: a\nlegs: 1\n---\nname: b\n", "pet.yaml:3:1: a second document starts here\n  3 | ---\n    | ^\n  write one document only, without a \"---\" in between"},
		"tabs": {
			"name: a\nfriend:\n\tname: b\n",
			"pet.yaml:3:1: while scanning for the next token: found character that cannot start any token\n  3 |  name: b\n    | ^\n  indent with spaces, not tabs; put text that starts with one of @ ` % in quotes",
		},
		"a bracket left open": {
			"name: [a\nlegs: 1\n\n\n",
			"pet.yaml:2:5: while parsing a flow sequence: did not find expected ',' or ']'\n  2 | legs: 1\n    |     ^\n  a bracket, a comma or a quote is missing, or the indentation is off",
		},
		"the end comes too early": {
			"name: [\n\n\n",
			"pet.yaml:1:8: while parsing a flow node: did not find expected node content\n  1 | name: [\n    |        ^\n  a bracket or a value is missing",
		},
		"an alias without an anchor": {
			"name: *n\n",
			"pet.yaml:1:7: unknown anchor 'n' referenced\n  1 | name: *n\n    |       ^\n  an alias (*name) needs an anchor (&name) before it; put text that starts with * in quotes",
		},
		"an alias inside of itself": {
			"name: &n [*n]\n",
			"pet.yaml:1:11: an alias inside of what it stands for has no end\n  1 | name: &n [*n]\n    |           ^\n  write the value out",
		},
		"a NUL byte":        {"name: a\nlegs: \x00\n", "pet.yaml:2:7: character U+0000 is not allowed\n  2 | legs: \ufffd\n    |       ^\n  take it out, or write it as an escape in \"double quotes\""},
		"no UTF-8":          {"name: \xff\n", "pet.yaml:1:7: byte 0xff is not UTF-8\n  1 | name: \ufffd\n    |       ^\n  save the file as UTF-8"},
		"UTF-16":            {"\xff\xfen\x00", "pet.yaml:1:1: byte 0xff is not UTF-8\n  1 | \ufffd\ufffdn\ufffd\n    | ^\n  save the file as UTF-8"},
		"text turned round": {"name: a\u202eb\n", "pet.yaml:1:8: character U+202E is not allowed\n  1 | name: a\ufffdb\n    |        ^\n  take it out, or write it as an escape in \"double quotes\""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(test.data)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// bomb doubles what the level before it holds.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x]\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	return b.String()
}

// chain nests one level deeper by each alias.
func chain(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	return b.String()
}

func TestHostileFilesAreRefusedAtOnce(t *testing.T) {
	many := func(s string) string { return strings.Repeat(s, (1<<20)/len(s)) }
	for name, test := range map[string]struct{ data, want string }{
		"a file of 10 MB":           {strings.Repeat("a: 1\n", 2_000_000), "pet.yaml:1:1: the file has 10000000 bytes, more than the 1048576 allowed"},
		"10,000 brackets":           {strings.Repeat("[", 10_000), "pet.yaml:1:101: while increasing flow level: nested deeper than 100"},
		"brackets to the limit":     {many("["), "pet.yaml:1:200001: more than 200000 values"},
		"lists in lists":            {many("- ")[:200_000], "pet.yaml:1:201: while increasing indent level: nested deeper than 100"},
		"mappings in mappings":      {many("{a: ")[:200_000], "pet.yaml:1:401: while increasing flow level: nested deeper than 100"},
		"an alias bomb":             {bomb(40), "pet.yaml:18:6: aliases make the document larger than 1000000 values"},
		"a chain of aliases":        {chain(1000), "pet.yaml:100:6: aliases make the document deeper than 100"},
		"a million values":          {"[" + many("a,")[:1<<20-2] + "]", "pet.yaml:1:400001: more than 200000 values"},
		"a million lines, then [":   {"[" + strings.Repeat("\n", 199_990), "pet.yaml:1:2: while parsing a flow node: did not find expected node content"},
		"one long string":           {"\"" + many("x")[:1<<20-1], "pet.yaml:1:1048577: while scanning a quoted scalar: found unexpected end of stream"},
		"90,000 unknown keys":       {keys(90_000), "pet.yaml:1:1: unknown key \"k0\" in pet"},
		"unknown keys, on one line": {"{" + strings.ReplaceAll(keys(60_000), "\n", ",") + "}", "pet.yaml:1:2: unknown key \"k0\" in pet"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := load(test.data)
			took := time.Since(start)
			if _, ok := errors.AsType[Errors](err); !ok {
				t.Fatalf("got %v, want Errors", err)
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if first != test.want {
				t.Errorf("got  %s\nwant %s", first, test.want)
			}
			if len(err.Error()) > 10_000 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
			// A second is what is promised; this only tells a hang, as the machine
			// has other work.
			if took > time.Minute {
				t.Errorf("took %v", took)
			}
			t.Log(took)
		})
	}
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	return b.String()
}

func TestQuoteReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[-a-z0-9:,{}\[\]'"#&*!|>%@ ]{0,12}`),
			rapid.SampledFrom([]string{"true", "No", "null", "~", "1e3", "0x1f", "2026-01-01", "<<", "=", "a: b", "a #b", "- a", " a", "a "}),
		).Draw(t, "s")
		if strings.TrimSpace(s) == "" {
			return
		}
		doc, err := Parse("q.yaml", []byte("[{k: "+Quote(s)+", l: x}]"), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		doc.Root().Items()[0].Map("m", Need("k", Into(&got, Value.Text)), May("l", func(Value) {}))
		if err := doc.Err(); err != nil {
			t.Fatal(err)
		}
		if got != s {
			t.Fatalf("%q was read as %q", Quote(s), got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"name: a\nlegs: 4\nkind: [cat]\nborn: 2026-01-01\n", "{name: &n a, legs: 1, friend: {name: *n}}", bomb(5), chain(5),
		"a: [1, }", "\ta", "a: \"\\x41\"", "? [a]\n: b", "a: |\n  b\n", "%YAML 1.1\n---\na", "<<: {a: b}", "!!map {a: !x b}", "a\r\rb: \u0085",
		"a: *a", "&a [*a]", "- - - -", "\ufeff", "---\n---\n", "'", "\"\\", "a: >-\n b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse("f.yaml", data, Limits{Bytes: 1 << 16})
		if err == nil {
			readPet(doc.Root())
			err = doc.Err()
		}
		if err == nil {
			return
		}
		var errs Errors
		if !errors.As(err, &errs) || len(errs) == 0 {
			t.Fatalf("%v is not Errors", err)
		}
		for _, e := range errs {
			if e.Line < 1 || e.Col < 1 || e.Msg == "" {
				t.Fatalf("%+v has no place or says nothing", e)
			}
			if strings.Contains(e.Msg, "not YAML that can be read") {
				t.Fatalf("the parser broke: %v", e)
			}
			if strings.ContainsFunc(e.Excerpt, func(r rune) bool { return r != '\n' && !printable(r) }) {
				t.Fatalf("excerpt %q moves the cursor", e.Excerpt)
			}
		}
	})
}
