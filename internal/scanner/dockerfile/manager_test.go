package dockerfile

import (
	"testing"
)

func TestPipPinned(t *testing.T) {
	for requirement, want := range map[string]bool{
		"flask":                             false,
		"flask==3.0.3":                      true,
		"flask<4":                           true,
		"flask!=3.0":                        true,
		"flask ~= 3.0":                      true,
		"flask[async]":                      false,
		"flask[async]>=3":                   true,
		"flask; python_version<'3.9'":       false,
		"flask>=3; python_version<'3.9'":    true,
		"$PACKAGES":                         false,
		".":                                 true,
		".[dev,test]":                       true,
		"./plugin":                          true,
		"src/plugin":                        true,
		`C:\src\plugin`:                     true,
		"tool-1.0-py3-none-any.whl":         true,
		"tool-1.0.tar.gz":                   true,
		"https://example.org/t.zip":         true,
		"git+https://example.org/t.git":     false,
		"git+https://example.org/t.git@v1":  true,
		"git+https://u@example.org/t.git":   false,
		"git+ssh://git@example.org/a/t":     false,
		"git+ssh://git@example.org/a/t@v1":  true,
		"git+https://example.org/t@a/b#e=t": true,
		"git+https://example.org/t#egg=t@1": false,
		"git+git@example.org:a/t.git":       false,
		"tool @ https://example.org/t.zip":  true,
		"tool@git+https://example.org/t":    false,
		"tool@git+https://example.org/t@v1": true,
		"":                                  false,
		"@":                                 false,
		"git+":                              false,
	} {
		if got := pipPinned(requirement); got != want {
			t.Errorf("pipPinned(%q) is %v", requirement, got)
		}
	}
}

func TestNpmPinned(t *testing.T) {
	for spec, want := range map[string]bool{
		"express":                              false,
		"express@4.19.2":                       true,
		"express@":                             false,
		"express@latest":                       true,
		"express@>=4 <5":                       true,
		"npm@$NPM_VERSION":                     true,
		"$PACKAGES":                            false,
		"@angular/cli":                         false,
		"@angular/cli@18":                      true,
		"@angular/cli@":                        false,
		"react18@npm:react":                    false,
		"react18@npm:react@18":                 true,
		"ui@npm:@scope/ui@^2":                  true,
		"lib@github:a/lib":                     false,
		"lib@github:a/lib#v1":                  true,
		"lib@file:../lib":                      true,
		"lib@https://example.org/lib.tgz":      true,
		"a/lib":                                false,
		"a/lib#v1":                             true,
		"github:a/lib":                         false,
		"github:a/lib#semver:^1.0":             true,
		"git+ssh://git@example.org/a/lib.git":  false,
		"git+ssh://git@example.org/a/lib#v1":   true,
		"git@github.com:a/lib.git":             false,
		"git@github.com:a/lib.git#v1":          true,
		"https://github.com/a/lib":             false,
		"https://github.com/a/lib.git#v1":      true,
		"https://github.com/a/lib/tarball/v1":  true,
		"https://example.org/lib":              true,
		"https://example.org/lib.git":          false,
		"https://user@example.org/lib-1.0.tgz": true,
		".":                                    true,
		"..":                                   true,
		"./lib":                                true,
		"/tmp/lib-1.0.0.tgz":                   true,
		"lib-1.0.0.tgz":                        true,
		"~/lib":                                true,
		`C:\lib`:                               true,
		"file:lib":                             true,
		"":                                     false,
		"@":                                    false,
		"@@":                                   false,
		"ui@npm:@scope/ui":                     false,
	} {
		if got := npmPinned(spec); got != want {
			t.Errorf("npmPinned(%q) is %v", spec, got)
		}
	}
}

func TestRPMPinned(t *testing.T) {
	for name, want := range map[string]bool{
		"httpd":                      false,
		"httpd-2.4.6-99.el7":         true,
		"yum-utils":                  false,
		"java-11-openjdk":            true,
		"tool-$VERSION":              true,
		"$EPEL":                      false,
		"/tmp/tool.rpm":              true,
		"https://example.org/latest": true,
		"@development":               false,
		"php*":                       false,
		"tool-":                      false,
		"-":                          false,
		"":                           false,
		"tool >= 1.2":                true,
	} {
		if got := rpmPinned(name); got != want {
			t.Errorf("rpmPinned(%q) is %v", name, got)
		}
	}
}

func TestAnonymous(t *testing.T) {
	for word, want := range map[string]string{
		"flask":                        "flask",
		"git+https://example.org/a@v1": "git+https://example.org/a@v1",
		"git+https://me:" + "pw@example.org/a@v1": "git+https://…@example.org/a@v1",
		"https://a@b@example.org":                 "https://…@example.org",
		"https://example.org/a?token=x":           "https://example.org/a?…",
		"https://":                                "https://",
	} {
		if got := anonymous(word); got != want {
			t.Errorf("anonymous(%q) is %q, want %q", word, got, want)
		}
	}
}

func TestAptAssumes(t *testing.T) {
	for command, want := range map[string]bool{
		"apt-get install a":                                 false,
		"apt-get -y install a":                              true,
		"apt-get install -fyq a":                            true,
		"apt-get install -q a":                              false,
		"apt-get -q install -q a":                           true,
		"apt-get -qq install a":                             true,
		"apt-get -q=2 install a":                            true,
		"apt-get -q=1 install a":                            false,
		"apt-get --quiet=2 install a":                       true,
		"apt-get install -oAPT::Get::x=y a":                 false,
		"apt-get install -t bookworm-y a":                   false,
		"apt-get install -o APT::Get::Assume-Yes=true a":    true,
		"apt-get install --option=apt::get::assume-yes=1 a": true,
		"apt-get install -o APT::Get::Assume-Yes=false a":   false,
		"apt-get install --force-yes a":                     false,
	} {
		f := parse("Dockerfile", []byte("FROM a\nRUN "+command+"\n"))
		if got := aptAssumes(f.instructions[1].script.commands[0]); got != want {
			t.Errorf("aptAssumes(%q) is %v", command, got)
		}
	}
}
