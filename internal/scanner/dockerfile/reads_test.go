package dockerfile

import (
	"strings"
	"testing"
)

func TestWhatABuildReads(t *testing.T) {
	for name, tt := range map[string]struct {
		dockerfile, ignore string
		links              []string
		takes, leaves      string // paths with blanks between
	}{
		"a file and a folder":                       {"COPY go.mod src /x/", "", nil, "go.mod src/a.go src/b/c.go", "go.sum srcs/a.go README.md b/src/a.go"},
		"everything":                                {"COPY . .", "", nil, "a b/c .git/config", ""},
		"from the root":                             {"ADD / /x", "", nil, "a b/c", ""},
		"leading slashes, dots":                     {"COPY /src/../lib ../../etc ./a/ /x/", "", nil, "lib/a etc/b a/c", "src/a passwd"},
		"wildcards":                                 {"COPY *.json pkg/*/go.mod src/[ab]?.c /x/", "", nil, "a.json pkg/x/go.mod src/a1.c a.json/below", "x/a.json pkg/x/y/go.mod src/c1.c"},
		"exec form":                                 {`COPY ["src", "a b", "/x/"]`, "", nil, "src/a", "lib/a"},
		"a variable":                                {"ARG D=src\nCOPY ${D} /x", "", nil, "src/a lib/b", ""},
		"quotes":                                    {`COPY "src" /x`, "", nil, "src/a", ""},
		"another stage":                             {"COPY --from=build /src /x", "", nil, "", "src src/a"},
		"the destination is no source":              {"COPY src lib", "", nil, "src/a", "lib/a"},
		"a heredoc":                                 {"COPY <<EOF /x\nsrc\nEOF", "", nil, "", "src EOF x"},
		"a heredoc beside a file":                   {"COPY src <<EOF /x/\nlib\nEOF", "", nil, "src/a", "lib"},
		"what ADD fetches":                          {"ADD https://example.com/a git@example.com:a/b.git /x/", "", nil, "", "a https:/example.com/a"},
		"COPY fetches nothing":                      {"COPY a://b /x/", "", nil, "a:/b", "a"},
		"ADD of a file":                             {"ADD a.tar /x", "", nil, "a.tar", "b.tar"},
		"flags":                                     {"COPY --chown=1:1 --link src /x", "", nil, "src/a", "lib --link"},
		"a bind mount":                              {"RUN --mount=type=bind,source=src,target=/x make", "", nil, "src/a", "lib/a"},
		"a mount without type or source":            {"RUN --mount=target=/x make", "", nil, "src/a lib/a", ""},
		"a mount by its short name":                 {"RUN --mount=src=a,dst=/x make", "", nil, "a/b", "b"},
		"mounts of something else":                  {"RUN --mount=type=cache,target=/x --mount=type=secret,id=a --mount=type=bind,from=build,source=src make", "", nil, "", "src/a"},
		"no instruction that reads":                 {"RUN make\nENV A=b", "", nil, "", "src/a Dockerfile"},
		"a trigger":                                 {"ONBUILD COPY src /x", "", nil, "lib", ""},
		"what cannot be read":                       {"COPY src\nNONSENSE x", "", nil, "lib", ""},
		"another frontend":                          {"# syntax=example.com/own\nFROM scratch\nCOPY src /x", "", nil, "lib", ""},
		"lower case, and continued":                 {"copy src \\\n  lib \\\n  /x/", "", nil, "src/a lib/b", "x"},
		"a second stage":                            {"COPY src /x\nFROM scratch\nCOPY lib /y", "", nil, "src/a lib/b", "doc/c"},
		"a bad wildcard":                            {"COPY a[ /x", "", nil, "b", ""},
		"two stars":                                 {"COPY --parents src/**/go.mod /x/", "", nil, "src/go.mod src/a/b/go.mod", "src/go.sum go.mod"},
		"a link on the way":                         {"COPY src/a /x", "", []string{"src"}, "lib/b", ""},
		"a link as source":                          {"COPY src/*.c /x", "", []string{"src/a.c"}, "lib/b", ""},
		"a link that is only copied":                {"COPY src /x", "", []string{"src/a", "lib"}, "src/a", "lib/b"},
		"ignored":                                   {"COPY . .", "*.md\n# src\n\ndoc/\n/top\n", nil, "src/a a/b.md a/top", "a.md doc/a/b top top/a"},
		"ignored below":                             {"COPY . .", "**/*.md\n**/node_modules\nb/**\n", nil, "a.c b2/c", "a.md x/y/z.md x/node_modules/y node_modules/y b/c/d"},
		"ignored, and back":                         {"COPY . .", "*\n!src\nsrc/*.md\n", nil, "src/a src/b/c.md", "a src/b.md"},
		"back for what was never away":              {"COPY . .", "!a\na\n", nil, "b", "a"},
		"a mark of the order of bytes":              {"COPY . .", "\ufeffa\n", nil, "b", "a"},
		"an ignore file that is not clear":          {"COPY . .", "a\nb[\n", nil, "a b", ""},
		"a line that ignores nothing":               {"COPY . .", ".\n/\n!\n", nil, "a", ""},
		"more lines than are compared":              {"COPY . .", strings.Repeat("a\n", maxIgnores+1), nil, "a", ""},
		"a pattern of more parts than are compared": {"COPY . .", strings.Repeat("a/", maxParts) + "b\nc\n", nil, "c", ""},
		"a source of more parts":                    {"COPY " + strings.Repeat("a/", maxParts) + "b /x", "", nil, "c", ""},
		"more sources than are compared":            {"COPY " + strings.Repeat("a ", maxReads+1) + "/x/", "", nil, "b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := tt.dockerfile
			if !strings.Contains(text, "\nFROM") || !strings.HasPrefix(text, "#") {
				text = "FROM scratch AS build\n" + text
			}
			r := NewReads([]byte(text+"\n"), []byte(tt.ignore))
			r.Links(tt.links)
			for file := range strings.FieldsSeq(tt.takes) {
				if !r.Takes(file) {
					t.Errorf("it does not read %s", file)
				}
			}
			for file := range strings.FieldsSeq(tt.leaves) {
				if r.Takes(file) {
					t.Errorf("it reads %s", file)
				}
			}
		})
	}
}

// A file that is no Dockerfile is read whole.
func TestReadsOfNothing(t *testing.T) {
	for _, text := range []string{"", "# nothing", "COPY a b", "FROM"} {
		if !NewReads([]byte(text), nil).Takes("x") {
			t.Errorf("%q reads nothing", text)
		}
	}
}

// Where there is too much to compare, files are read: nobody waits for the author's lines.
func TestReadsWithoutEnd(t *testing.T) {
	stars := strings.Repeat("**/a*a*a*/", maxParts/2-1)
	r := NewReads([]byte("FROM a\nCOPY . .\n"), []byte(strings.Repeat(stars+"b\n", maxIgnores)))
	file := strings.Repeat("aaa/", 200) + "c"
	for i := range 1000 {
		if !r.Takes(file) {
			t.Fatal("it is ignored")
		}
		if r.budget < 0 {
			if i == 0 {
				t.Error("nothing was compared")
			}
			return
		}
	}
	t.Error("the work has no end")
}

// Whatever a Dockerfile and its ignore file say: a COPY of everything reads what is not
// ignored, and nothing crashes or takes long.
func FuzzReads(f *testing.F) {
	f.Add("COPY a b", "*\n!a", "a/b")
	f.Add("ADD [\"a\", \"b\"]\nRUN --mount=type=bind x", "**/a/**\n", "b/a/c")
	f.Add("COPY a[b-] **/** /x", "a[\n", "..")
	f.Fuzz(func(t *testing.T, dockerfile, ignore, file string) {
		some := NewReads([]byte("FROM a\n"+dockerfile), []byte(ignore))
		all := NewReads([]byte("FROM a\nCOPY . .\n"), []byte(ignore))
		if some.Takes(file) && !all.Takes(file) {
			t.Errorf("%q reads %q, which COPY . . does not", dockerfile, file)
		}
	})
}
