package policy

import (
	"strings"
	"testing"
)

func TestDockerfiles(t *testing.T) {
	p, err := Load("p.yaml", []byte("version: 1\ndockerfile: {files: [\"build/*.docker\", Makefile.image]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	is, err := Dockerfiles([]*Policy{p, Default()}, []string{"more/**"})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"build/a.docker": true, "Makefile.image": true, "more/a/b": true, "build/x/a.docker": false, "a.docker": false, "x/Makefile.image": false,
	} {
		if got := is(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if is, err := Dockerfiles([]*Policy{Default()}, nil); is != nil || err != nil {
		t.Errorf("without a glob: %v", err)
	}
	if _, err := Dockerfiles(nil, []string{"{a"}); err == nil || !strings.Contains(err.Error(), "malformed") {
		t.Errorf("a malformed glob: %v", err)
	}
	again, err := Load("q.yaml", []byte(Effective([]*Policy{p})))
	if err != nil || len(again.Dockerfiles) != 2 {
		t.Errorf("printed and read again: %v", err)
	}
	for text, want := range map[string]string{
		"dockerfile: {}":           `dockerfile needs "files"`,
		"dockerfile: {files: []}":  "the list is empty",
		"dockerfile: {files: 1}":   "want a string, got the number 1",
		"dockerfile: {files: [a[]": "",
		"dockerfile: {files: [" + strings.Repeat("a, ", 201) + "]}": "201 globs, more than the 200 allowed",
	} {
		if _, err := Load("p.yaml", []byte("version: 1\n"+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s: %v", text, err)
		}
	}
}
