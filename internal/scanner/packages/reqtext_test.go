package packages

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func inUTF16(s string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// TestRequirementsText holds that requirements are read however they are written.
func TestRequirementsText(t *testing.T) {
	const text = "django==2.2.0\r\nflask==1.0\r\n"
	want := []string{"1 django 2.2.0", "2 flask 1.0"}
	for name, data := range map[string]string{
		"UTF-8":                    text,
		"UTF-8 with a mark":        "\xef\xbb\xbf" + text,
		"UTF-16, little end first": inUTF16(text, binary.LittleEndian),
		"UTF-16, big end first":    inUTF16(text, binary.BigEndian),
		"ends of lines of CR":      "django==2.2.0\rflask==1.0\r",
	} {
		t.Run(name, func(t *testing.T) {
			made, err := readRequirements(0)(t.Context(), "requirements.txt", []byte(data))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range made.Rows {
				got = append(got, fmt.Sprintf("%d %s %s", r.Line, r.Name, r.Version))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := readRequirements(0)(t.Context(), "requirements.txt", []byte("a\x00b")); err == nil {
		t.Error("zero bytes are no text")
	}
}

// TestRequirementLine reads lines as pip does, or counts them.
func TestRequirementLine(t *testing.T) {
	for line, want := range map[string]string{
		"django==2.2.0":    "django 2.2.0",
		"django (==2.2.0)": "django 2.2.0",
		"django===2.2.0":   "django 2.2.0",
		"Django[bcrypt, x] == 2.2.0 ; python<'3'": "Django 2.2.0",
		"django==2.2.0 # why":                     "django 2.2.0",
		"django==2.2.0 --hash=sha256:abc":         "django 2.2.0",
		"django==2.2.0 \\\n  --hash=sha256:abc":   "django 2.2.0",
		"django \\\n ==2.2.0":                     "django 2.2.0",
		"# a \\\ndjango==2.2.0":                   "django 2.2.0",
		"django>=2,==2.2.0":                       "django 2.2.0",
		"django==2.*":                             "django ",
		"django>=2.2.0":                           "django ",
		"django~=2.2,!=2.2.1":                     "django ",
		"django":                                  "django ",
		"zope.interface==1":                       "zope.interface 1",
		"torch==1.0+cu118":                        "torch 1.0+cu118",
		"x==1!2.0":                                "x 1!2.0",
		"--index-url https://example.com":         "",
		"-e .":                                    "",
		"-e ./sub":                                "",
		".":                                       "",
		"./sub":                                   "",
		"# only":                                  "",
		"django @ https://e.com/django-2.2.0.zip":  "unread",
		"-e git+https://e.com/a.git#egg=a":         "unread",
		"--editable=git+https://e.com/a.git#egg=a": "unread",
		"git+https://e.com/a.git":                  "unread",
		"https://e.com/a-1.0.tar.gz":               "unread",
		"./a-1.0-py3-none-any.whl":                 "unread",
		"flask==${V}":                              "unread",
		"flask==":                                  "unread",
		"flask (==1.0":                             "unread",
		"flask=1.0":                                "unread",
		"some words of prose":                      "unread",
		"<html>":                                   "unread",
		"==1.0":                                    "unread",
	} {
		made, err := readRequirements(0)(t.Context(), "requirements.txt", []byte(line))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range made.Rows {
			got += r.Name + " " + r.Version
		}
		if made.Unread > 0 {
			got += "unread"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func FuzzRequirements(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfdjango (==2.2.0) ; x\\\n# y\r-r z.txt\n-e git+x"))
	f.Add([]byte(inUTF16("a==1\n", binary.LittleEndian)))
	fuzzReader(f, readRequirements(0), "requirements.txt")
}

// TestLooseLimit holds that a file that may be no list of requirements is not kept
// in whole, and that what is kept of it is small.
func TestLooseLimit(t *testing.T) {
	var many strings.Builder
	for i := range maxLoose {
		fmt.Fprintf(&many, "package-%d==1.0.%d\n", i, i)
	}
	made, err := readRequirements(maxLoose)(t.Context(), "a.txt", []byte(many.String()))
	if err != nil || len(made.Rows) != maxLoose {
		t.Fatalf("%d: %v", maxLoose, err)
	}
	made.Format = formatLoose
	data, err := made.encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > many.Len() {
		t.Errorf("%d bytes for a file of %d", len(data), many.Len())
	}
	back, err := decodePart(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made.Rows, back.Rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	many.WriteString("one-more\n")
	if made, err := readRequirements(maxLoose)(t.Context(), "a.txt", []byte(many.String())); made != nil || err == nil {
		t.Errorf("one more: %v", err)
	}
	if _, err := readRequirements(0)(t.Context(), "a.txt", []byte(many.String())); err != nil {
		t.Errorf("a file by its name: %v", err)
	}
}
