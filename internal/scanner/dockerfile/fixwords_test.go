package dockerfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// fixCommands applies a fix to every command that runs a program, as a rule would.
func fixCommands(t *testing.T, text, program string, fix func(*hit, *command)) string {
	t.Helper()
	f := parse("Dockerfile", []byte(text))
	l := &lint{file: f, native: &Native{}}
	r := &report{l, &rule.Meta{ID: "any"}}
	for _, i := range f.instructions {
		if i.trigger != nil {
			i = i.trigger
		}
		if i.script == nil {
			continue
		}
		for _, c := range i.script.commands {
			if c.name() == program {
				fix(r.command(c, "any"), c)
			}
		}
	}
	l.verify()
	for _, h := range l.refused {
		t.Errorf("a fix would change more than it says: %s", f.text(h.where))
	}
	var findings []finding.Finding
	for _, h := range l.hits {
		findings = append(findings, l.finding(h))
	}
	after, res := mend(text, findings)
	if len(res.Left) > 0 {
		t.Errorf("left: %v", res.Left)
	}
	if !SameBuild([]byte(text), []byte(after)) {
		t.Error("another thing is built")
	}
	return after
}

func TestWordFixes(t *testing.T) {
	type function = func(*hit, *command)
	tests := map[string]struct {
		program string
		fix     function
		before  string
		want    string
	}{
		"apt-get in a chain":          {"apt-get", fixDL3014, "FROM a\nRUN apt-get update && apt-get install x\n", "FROM a\nRUN apt-get update && apt-get install -y x\n"},
		"apt-get over lines":          {"apt-get", fixDL3014, "FROM a\r\nRUN apt-get \\\r\n  # why\r\n  install \\\r\n  x", "FROM a\r\nRUN apt-get \\\r\n  # why\r\n  install -y \\\r\n  x"},
		"apt-get in exec form":        {"apt-get", fixDL3014, "FROM a\nRUN [\"apt-get\", \"install\", \"x\"]\n", "FROM a\nRUN [\"apt-get\", \"install\", \"-y\", \"x\"]\n"},
		"apt-get in a shell's script": {"apt-get", fixDL3014, "FROM a\nRUN [\"sh\", \"-c\", \"apt-get install x\"]\n", "FROM a\nRUN [\"sh\", \"-c\", \"apt-get install -y x\"]\n"},
		"apt-get in a heredoc":        {"apt-get", fixDL3014, "FROM a\nRUN <<EOF\napt-get install\\\n x\nEOF\n", "FROM a\nRUN <<EOF\napt-get install\\\n -y x\nEOF\n"},
		"apt-get in a trigger":        {"apt-get", fixDL3014, "FROM a\nONBUILD RUN apt-get install x\n", "FROM a\nONBUILD RUN apt-get install -y x\n"},
		"apt-get in a substitution":   {"apt-get", fixDL3014, "FROM a\nRUN x \"$(apt-get install `apt-get remove y`)\"\n", "FROM a\nRUN x \"$(apt-get install -y `apt-get remove -y y`)\"\n"},
		"apt-get with quotes":         {"apt-get", fixDL3014, "FROM a\nRUN apt-get \"install\" x\n", "FROM a\nRUN apt-get \"install\" -y x\n"},
		"apt-get that asks nothing":   {"apt-get", fixDL3014, "FROM a\nRUN apt-get update\n", "FROM a\nRUN apt-get update\n"},
		"another escape":              {"apt-get", fixDL3014, "# escape=`\nFROM a\nRUN apt-get install `\n x\n", "# escape=`\nFROM a\nRUN apt-get install -y `\n x\n"},
		"no Unix shell":               {"apt-get", fixDL3014, "FROM a\nSHELL [\"pwsh\", \"-c\"]\nRUN apt-get install x\n", "FROM a\nSHELL [\"pwsh\", \"-c\"]\nRUN apt-get install x\n"},
		"broken shell code":           {"apt-get", fixDL3014, "FROM a\nRUN apt-get install x && (\n", "FROM a\nRUN apt-get install x && (\n"},
		"apk":                         {"apk", fixDL3019, "FROM a\nRUN apk --update add -t b x\n", "FROM a\nRUN apk --update add --no-cache -t b x\n"},
		"yum":                         {"yum", fixDL3030, "FROM a\nRUN yum -q install x; y\n", "FROM a\nRUN yum -q install -y x; y\n"},
		"dnf":                         {"dnf", fixDL3038, "FROM a\nRUN if x; then dnf install x; fi\n", "FROM a\nRUN if x; then dnf install -y x; fi\n"},
		"zypper":                      {"zypper", fixDL3034, "FROM a\nRUN zypper install x\n", "FROM a\nRUN zypper --non-interactive install x\n"},
		"apt":                         {"apt", fixDL3027, "FROM a\nRUN apt update && apt -y install x=1\n", "FROM a\nRUN apt-get update && apt-get -y install x=1\n"},
		"apt in exec form":            {"apt", fixDL3027, "FROM a\nRUN [\"apt\", \"update\"]\n", "FROM a\nRUN [\"apt-get\", \"update\"]\n"},
		"apt with quotes":             {"apt", fixDL3027, "FROM a\nRUN \"apt\" update\n", "FROM a\nRUN \"apt\" update\n"},
		"apt that does more":          {"apt", fixDL3027, "FROM a\nRUN apt upgrade -y\n", "FROM a\nRUN apt-get upgrade --with-new-pkgs -y\n"},
		"apt that apt-get cannot be":  {"apt", fixDL3027, "FROM a\nRUN apt list && apt install 'x.*' && apt show x && apt\n", "FROM a\nRUN apt list && apt install 'x.*' && apt show x && apt\n"},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fixCommands(t, tt.before, tt.program, tt.fix)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// fixRule applies the fixes of one rule.
func fixRule(t *testing.T, id, text string) string {
	t.Helper()
	l := lintText(text)
	for _, h := range l.refused {
		t.Errorf("a fix of %s would change more than it says", h.rule.ID)
	}
	var chosen []finding.Finding
	for _, f := range l.findings {
		if f.Rule == id {
			chosen = append(chosen, f)
		}
	}
	after, res := mend(text, chosen)
	if err := checkMended(l, after, res.Applied); err != nil {
		t.Error(err)
	}
	return after
}

func TestRuleFixes(t *testing.T) {
	// same says that there is nothing safe to do.
	const same = ""
	tests := map[string]struct{ id, before, want string }{
		"cd into the working directory":        {"DL3003", "FROM a\nWORKDIR /a\nWORKDIR b/\nRUN cd /a/b && \\\n  c\n", "FROM a\nWORKDIR /a\nWORKDIR b/\nRUN c\n"},
		"cd into that of the stage below":      {"DL3003", "FROM a AS a\nWORKDIR /a\nFROM a\nRUN cd /a && c\n", "FROM a AS a\nWORKDIR /a\nFROM a\nRUN c\n"},
		"cd before another WORKDIR":            {"DL3003", "FROM a\n# hadolint ignore=DL3004\nRUN cd /a && sudo c && d | e\nWORKDIR /b\n", "FROM a\nWORKDIR /a\n# hadolint ignore=DL3004\nRUN sudo c && d | e\nWORKDIR /b\n"},
		"cd alone":                             {"DL3003", "FROM a\nWORKDIR /a\nRUN cd /a\n", same},
		"cd elsewhere":                         {"DL3003", "FROM a\nWORKDIR /a\nRUN cd /b && c\nRUN d\n", same},
		"cd that may fail":                     {"DL3003", "FROM a\nWORKDIR /a\nRUN cd /a && c || d\n", same},
		"cd and back":                          {"DL3003", "FROM a\nWORKDIR /a\nRUN cd /a && c && cd -\n", same},
		"cd in the middle":                     {"DL3003", "FROM a\nWORKDIR /a\nRUN c && cd /a && d\n", same},
		"cd with a comment behind":             {"DL3003", "FROM a\nWORKDIR /a\nRUN cd /a && \\\n # why\n c\n", same},
		"cd by a variable":                     {"DL3003", "FROM a\nWORKDIR $a\nRUN cd $a && c\n", same},
		"lists in one line":                    {"DL3009", "FROM a\nRUN apt-get update && apt-get install x", "FROM a\nRUN apt-get update && apt-get install x && rm -rf /var/lib/apt/lists/*"},
		"lists of sudo":                        {"DL3009", "FROM a\nRUN sudo -E apt-get update && sudo apt-get install x\n", same},
		"lists, && in front":                   {"DL3009", "FROM a\r\nRUN apt-get update \\\r\n && apt-get install x \r\n", "FROM a\r\nRUN apt-get update \\\r\n && apt-get install x \\\r\n && rm -rf /var/lib/apt/lists/* \r\n"},
		"lists, && behind":                     {"DL3009", "FROM a\nRUN apt-get update &&\\\n\tapt-get install \\\n\t\tx\n", "FROM a\nRUN apt-get update &&\\\n\tapt-get install \\\n\t\tx && \\\n\trm -rf /var/lib/apt/lists/*\n"},
		"lists, with a comment behind":         {"DL3009", "FROM a\nRUN apt-get update && \\\n apt-get install x # why\n", "FROM a\nRUN apt-get update && \\\n apt-get install x && rm -rf /var/lib/apt/lists/* # why\n"},
		"lists, with another escape":           {"DL3009", "# escape=`\nFROM a\nRUN apt-get update `\n && apt-get install x\n", "# escape=`\nFROM a\nRUN apt-get update `\n && apt-get install x `\n && rm -rf /var/lib/apt/lists/*\n"},
		"lists that are used later":            {"DL3009", "FROM a\nRUN apt-get update && apt-get install x\nRUN apt-get install y\n", same},
		"lists that are used above":            {"DL3009", "FROM a AS a\nRUN apt-get update && apt-get install x\nFROM a\nRUN apt-get install y\n", same},
		"lists that a trigger uses":            {"DL3009", "FROM a AS a\nRUN apt-get update && apt-get install x\nONBUILD RUN apt-get install x\n", same},
		"lists that are fetched again":         {"DL3009", "FROM a\nRUN apt-get update && apt-get install x\nRUN apt-get update && apt-get install y && rm -r /var/lib/apt/lists\n", "FROM a\nRUN apt-get update && apt-get install x && rm -rf /var/lib/apt/lists/*\nRUN apt-get update && apt-get install y && rm -r /var/lib/apt/lists\n"},
		"lists for whoever comes":              {"DL3009", "FROM a\nRUN apt-get update\n", same},
		"lists behind what goes on":            {"DL3009", "FROM a\nRUN apt-get update && apt-get install x &\n", same},
		"lists behind a semicolon":             {"DL3009", "FROM a\nRUN apt-get update && apt-get install x;\n", same},
		"lists behind the end":                 {"DL3009", "FROM a\nRUN apt-get update && apt-get install x && exit 0\n", same},
		"lists in a heredoc":                   {"DL3009", "FROM a\nRUN <<EOF\napt-get update\napt-get install x\nEOF\n", same},
		"ADD of a file":                        {"DL3020", "FROM a\nadd --chown=1 [\"a b\", \"/\"]\n", "FROM a\ncopy --chown=1 [\"a b\", \"/\"]\n"},
		"ADD of who knows what":                {"DL3020", "FROM a\nADD $a /\nADD a* /\nADD --checksum=x a /\n", same},
		"ADD of a pattern":                     {"DL3020", "FROM a\nADD a*.conf /\n", "FROM a\nCOPY a*.conf /\n"},
		"CMD of plain words":                   {"DL3025", "FROM a\nCMD  a --b=c \\\n  'd \"e' \"f\"  g=\"h i\"\n", "FROM a\nCMD  [\"a\", \"--b=c\", \\\n  \"d \\\"e\", \"f\",  \"g=h i\"]\n"},
		"CMD of one word":                      {"DL3025", "FROM a\nCMD /a\n", "FROM a\nCMD [\"/a\"]\n"},
		"CMD with a variable":                  {"DL3025", "FROM a\nCMD a $b\n", same},
		"CMD with a pattern":                   {"DL3025", "FROM a\nCMD a *\n", same},
		"CMD with a list":                      {"DL3025", "FROM a\nCMD a && b\n", same},
		"CMD with a file":                      {"DL3025", "FROM a\nCMD a > b\n", same},
		"CMD with an assignment":               {"DL3025", "FROM a\nCMD a=b c\n", same},
		"CMD with a comment":                   {"DL3025", "FROM a\nCMD a # b\n", same},
		"CMD in the background":                {"DL3025", "FROM a\nCMD a &\n", same},
		"CMD with a home":                      {"DL3025", "FROM a\nCMD a ~/b\n", same},
		"CMD with braces":                      {"DL3025", "FROM a\nCMD a {b,c}\n", same},
		"CMD with a backslash":                 {"DL3025", "FROM a\nCMD a b\\ c\n", same},
		"CMD of a builtin":                     {"DL3025", "FROM a\nCMD exec a\n", same},
		"CMD of a script":                      {"DL3025", "FROM a\nCMD ./a.sh\n", same},
		"CMD of a broken array":                {"DL3025", "FROM a\nCMD ['a', 'b']\n", same},
		"CMD in a shell with a profile":        {"DL3025", "FROM a\nSHELL [\"bash\", \"-lc\"]\nCMD a\n", same},
		"CMD in a strict shell":                {"DL3025", "FROM a\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nCMD a\n", "FROM a\nSHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nCMD [\"a\"]\n"},
		"CMD in cmd":                           {"DL3025", "FROM mcr.microsoft.com/windows/nanoserver:1809\nCMD a\n", same},
		"CMD beside an ENTRYPOINT":             {"DL3025", "FROM a AS a\nENTRYPOINT [\"a\"]\nFROM a\nCMD b\n", same},
		"ENTRYPOINT":                           {"DL3025", "FROM a\nENTRYPOINT a b\n", "FROM a\nENTRYPOINT [\"a\", \"b\"]\n"},
		"ENTRYPOINT beside a CMD":              {"DL3025", "FROM a\nENTRYPOINT a b\nCMD [\"c\"]\n", same},
		"ENTRYPOINT below a CMD":               {"DL3025", "FROM a AS a\nENTRYPOINT a b\nFROM a\nCMD [\"c\"]\n", same},
		"HEALTHCHECK":                          {"DL3025", "FROM a\nHEALTHCHECK --retries=1 \\\n  CMD curl -f http://localhost/a\n", "FROM a\nHEALTHCHECK --retries=1 \\\n  CMD [\"curl\", \"-f\", \"http://localhost/a\"]\n"},
		"HEALTHCHECK with a list":              {"DL3025", "FROM a\nHEALTHCHECK CMD curl a || exit 1\n", same},
		"MAINTAINER":                           {"DL4000", "FROM a\nMaintainer  A <a@b.c> \n", "FROM a\nLABEL org.opencontainers.image.authors=\"A <a@b.c>\" \n"},
		"MAINTAINER in quotes":                 {"DL4000", "FROM a\nMAINTAINER \"A <a@b.c>\"\n", "FROM a\nLABEL org.opencontainers.image.authors=\"A <a@b.c>\"\n"},
		"MAINTAINER with what a label reads":   {"DL4000", "FROM a\nMAINTAINER a \"b\" $c \\d\n", "FROM a\nLABEL org.opencontainers.image.authors=\"a \\\"b\\\" \\$c \\\\d\"\n"},
		"MAINTAINER over lines":                {"DL4000", "FROM a\nMAINTAINER \\\n a \\\n b\n", "FROM a\nLABEL org.opencontainers.image.authors=\"a \\\n b\"\n"},
		"MAINTAINER beside its label":          {"DL4000", "FROM a\nMAINTAINER a\nLABEL org.opencontainers.image.authors=b\n", same},
		"MAINTAINER before FROM":               {"DL4000", "MAINTAINER a\nFROM a\n", same},
		"a user that is made and used":         {"dockerfile/missing-user", "FROM a\nRUN useradd -u 1000 -m app && chown -R app:app /a\nEXPOSE 8080\n# it starts\nENTRYPOINT [\"a\"]\nCMD [\"b\"]\n", "FROM a\nRUN useradd -u 1000 -m app && chown -R app:app /a\nEXPOSE 8080\nUSER app\n# it starts\nENTRYPOINT [\"a\"]\nCMD [\"b\"]\n"},
		"a user of the stage below":            {"dockerfile/missing-user", "FROM a AS a\nRUN adduser -D -h /a app\nFROM a\nCOPY --chown=app . /a\nCMD [\"a\"]\n", "FROM a AS a\nRUN adduser -D -h /a app\nFROM a\nCOPY --chown=app . /a\nUSER app\nCMD [\"a\"]\n"},
		"a user without files":                 {"dockerfile/missing-user", "FROM a\nRUN useradd app\nCMD [\"a\"]\n", same},
		"two users":                            {"dockerfile/missing-user", "FROM a\nRUN useradd app && useradd b && chown app /a\nCMD [\"a\"]\n", same},
		"a user and who changes to it":         {"dockerfile/missing-user", "FROM a\nRUN useradd app && chown app /a && apt-get install -y gosu\nCMD [\"a\"]\n", same},
		"a user and a script":                  {"dockerfile/missing-user", "FROM a\nRUN useradd app && chown app /a\nENTRYPOINT [\"/docker-entrypoint.sh\"]\n", same},
		"a user and a port of root's":          {"dockerfile/missing-user", "FROM a\nRUN useradd app && chown app /a\nEXPOSE 80\nCMD [\"a\"]\n", same},
		"a user and nothing to start":          {"dockerfile/missing-user", "FROM a\nRUN useradd app && chown app /a\n", same},
		"a pipe on Debian":                     {"DL4006", "FROM docker.io/library/debian:12@sha256:1\nRUN a\n# hadolint ignore=DL3004\n# why\nRUN a | b\nRUN c | d\n", "FROM docker.io/library/debian:12@sha256:1\nRUN a\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n# hadolint ignore=DL3004\n# why\nRUN a | b\nRUN c | d\n"},
		"a pipe on Alpine":                     {"DL4006", "FROM golang:1-alpine\r\n  run a | b", "FROM golang:1-alpine\r\n  shell [\"/bin/ash\", \"-o\", \"pipefail\", \"-c\"]\r\n  run a | b"},
		"pipes in stages on each other":        {"DL4006", "FROM ubuntu AS a\nRUN a | b\nFROM a\nRUN c | d\n", "FROM ubuntu AS a\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\nFROM a\nRUN c | d\n"},
		"a pipe on who knows what":             {"DL4006", "ARG a\nFROM $a\nRUN a | b\nFROM busybox\nRUN a | b\nFROM x/debian\nRUN a | b\n", same},
		"a pipe in a chosen shell":             {"DL4006", "FROM debian\nSHELL [\"/bin/sh\", \"-c\"]\nRUN a | b\n", same},
		"a pipe that ends early":               {"DL4006", "FROM debian\nRUN a | b\nRUN a | head -1\n", same},
		"a pipe that ends early, further up":   {"DL4006", "FROM debian AS a\nRUN a | b\nFROM a\nRUN a | grep -q b\n", same},
		"an echo that bash reads otherwise":    {"DL4006", "FROM debian\nRUN a | b\nRUN echo 'a\\nb'\n", same},
		"a pipe before which an echo is other": {"DL4006", "FROM debian\nRUN echo 'a\\nb'\nRUN a | b\n", "FROM debian\nRUN echo 'a\\nb'\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\n"},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			want := tt.want
			if want == same {
				want = tt.before
			}
			if lintText(tt.before).count[tt.id] == 0 {
				t.Fatal("the rule says nothing")
			}
			if diff := cmp.Diff(want, fixRule(t, tt.id, tt.before)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if _, _, err := checkFixes(tt.before); err != nil {
				t.Error(err)
			}
		})
	}
}
