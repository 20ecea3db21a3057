package dockerfile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// builds says whether BuildKit takes a file, as far as can be told without building.
func builds(text string) error {
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return err
	}
	_, _, err = instructions.Parse(result.AST, nil)
	return err
}

// TestWhatBuildsLints: a file that BuildKit takes has no DL1000, and is read as far
// as its end: the last instruction of each case is found.
func TestWhatBuildsLints(t *testing.T) {
	const from = "FROM debian:12.5-slim\n"
	cases := map[string]string{
		"a heredoc":                                from + "RUN <<EOF\necho a\nEOF\nUSER 1\n",
		"a heredoc with a name in quotes":          from + "RUN <<'E O F'\necho a\nE O F\nRUN <<\"X\"\necho\nX\nUSER 1\n",
		"a heredoc without tabs":                   from + "RUN <<-EOF\n\techo a\n\tEOF\nUSER 1\n",
		"a heredoc for a program":                  from + "RUN python3 <<EOF\nprint(1)\nEOF\nUSER 1\n",
		"a heredoc with flags":                     from + "RUN --mount=type=cache,target=/x <<EOF\necho a\nEOF\nUSER 1\n",
		"a heredoc in a pipe":                      from + "RUN cat <<EOF | tee /a\nx\nEOF\nUSER 1\n",
		"a heredoc on another descriptor":          from + "RUN cat 3<<EOF <&3\nx\nEOF\nUSER 1\n",
		"a heredoc with a shebang":                 from + "RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\nUSER 1\n",
		"a heredoc that holds a Dockerfile":        from + "RUN <<EOF\nFROM x\nRUN <<A\nA\nEOF\nUSER 1\n",
		"a heredoc that holds a pragma":            from + "RUN <<EOF\n# hadolint ignore=DL3004\nEOF\nUSER 1\n",
		"an empty heredoc":                         from + "RUN <<EOF\nEOF\nUSER 1\n",
		"two heredocs of one RUN":                  from + "RUN <<A <<B\necho a\nA\necho b\nB\nUSER 1\n",
		"COPY of two heredocs":                     from + "COPY <<a.txt <<b.txt /srv/\nfirst\na.txt\nsecond\nb.txt\nUSER 1\n",
		"COPY of a heredoc and a file":             from + "COPY a <<b /srv/\nfirst\nb\nUSER 1\n",
		"ADD of a heredoc":                         from + "ADD <<b /srv/\nfirst\nb\nUSER 1\n",
		"COPY of a heredoc with flags":             from + "COPY --chmod=755 --chown=1:1 <<-\"E\" /srv/x\n\tx\n\tE\nUSER 1\n",
		"an ONBUILD with a heredoc":                from + "ONBUILD RUN <<A\nx\nA\nUSER 1\n",
		"an instruction right behind a heredoc":    from + "RUN <<EOF\necho a\nEOF\nRUN echo b\nUSER 1\n",
		"a comment right behind a heredoc":         from + "RUN <<EOF\necho a\nEOF\n# comment\nUSER 1\n",
		"a heredoc behind a continuation":          from + "RUN true && \\\n  cat <<EOF\nx\nEOF\nUSER 1\n",
		"a heredoc at the end without newline":     from + "USER 1\nRUN <<EOF\nx\nEOF",
		"a shift that is no heredoc":               from + "RUN echo $((1<<2))\nUSER 1\n",
		"a here string":                            from + "RUN cat <<<word\nUSER 1\n",
		"quoted signs of a heredoc":                from + "RUN echo '<<EOF'\nUSER 1\n",
		"an empty line in a continuation":          from + "RUN echo a && \\\n\n    echo b\nUSER 1\n",
		"lines of blanks in a continuation":        from + "RUN echo a && \\\n \t \n\n    echo b\nUSER 1\n",
		"comments in a continuation":               from + "RUN echo a && \\\n# one\n  # two \\\n    echo b\nUSER 1\n",
		"a comment and an empty line in one":       from + "RUN echo a \\\n# one\n\n  b\nUSER 1\n",
		"blanks behind a continuation":             from + "RUN echo a && \\ \t\n    echo b\nUSER 1\n",
		"a continuation in a keyword":              from + "RU\\\nN echo\nUSER 1\n",
		"a continuation in a flag":                 from + "COPY --fr\\\nom=x a b\nUSER 1\n",
		"a continuation at the end":                from + "USER 1\nRUN echo \\\n",
		"a continuation at the end of all":         from + "USER 1\nRUN echo \\",
		"a continuation in an exec form":           from + "CMD [ \"a\", \\\n  # why\n  \"b\" ]\nUSER 1\n",
		"a doubled escape at a line's end":         from + "RUN echo a\\\\\nUSER 1\n",
		"continuations of an ENV":                  from + "ENV a=b \\\n    c=\"d \\\n e\" \\\n    # f\n    g=h\nUSER 1\n",
		"a mount without a target":                 from + "RUN --mount=type=secret,id=a --mount=type=ssh echo\nUSER 1\n",
		"a mount of every kind":                    from + "RUN --mount=type=bind,from=x,source=a,target=/b,rw --mount=type=cache,id=c,target=/c,sharing=locked,from=y,mode=0755,uid=1,gid=1 --mount=type=tmpfs,target=/d,size=10 --mount=type=secret,id=e,required=true,env=E --mount=type=ssh,id=default,required,mode=0600 echo\nUSER 1\n",
		"a mount without a type":                   from + "RUN --mount=target=/a,from=x echo\nUSER 1\n",
		"a mount of a variable type":               from + "ARG T\nRUN --mount=type=$T echo\nUSER 1\n",
		"a mount with variables":                   from + "ARG K=cache\nRUN --mount=type=cache,id=${K},target=/a echo\nUSER 1\n",
		"a quoted mount":                           from + "RUN --mount=type=cache,\"target=/x y\" echo\nUSER 1\n",
		"network and security":                     from + "RUN --network=none --security=insecure echo\nRUN --network=host echo\nRUN --security=sandbox --network=default echo\nUSER 1\n",
		"flags of COPY":                            from + "COPY --link --chmod=u=rwX,go=rX --chown=a:b --parents --exclude=*.md --exclude=x --from=y a/./b /c/\nUSER 1\n",
		"values of boolean flags":                  from + "COPY --link=false --parents=true a b/\nUSER 1\n",
		"flags of ADD":                             from + "ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d --keep-git-dir=true --link --chmod=644 --chown=1 --unpack=true --exclude=a https://x/y /z\nUSER 1\n",
		"ADD of a git repository":                  from + "ADD --keep-git-dir git@github.com:a/b.git#v1 /b\nUSER 1\n",
		"COPY in exec form":                        from + "COPY [\"a b\", \"c d/\"]\nUSER 1\n",
		"flags of HEALTHCHECK":                     from + "HEALTHCHECK --interval=1s --timeout=2m --start-period=3s --start-interval=4s --retries=5 CMD curl x\nUSER 1\n",
		"no HEALTHCHECK":                           from + "HEALTHCHECK NONE\nUSER 1\n",
		"a platform":                               "FROM --platform=$BUILDPLATFORM debian:12 AS a\nUSER 1\n",
		"ARG before FROM":                          "ARG V=12\nARG A B=c\nFROM debian:${V}\nUSER 1\n",
		"comments and empty lines before FROM":     "\n\n# a\n\nARG V=12\n\n# b\nFROM debian:${V}\nUSER 1\n",
		"a variable with a default in FROM":        "ARG A\nFROM ${A:-debian:12} AS b\nUSER 1\n",
		"a stage of a stage":                       "FROM debian:12 AS A\nFROM a\nCOPY --from=0 x y\nUSER 1\n",
		"scratch":                                  "FROM scratch\nCOPY a /\nUSER 1\n",
		"a byte order mark":                        "\xef\xbb\xbf" + from + "USER 1\n",
		"a byte order mark and a directive":        "\xef\xbb\xbf# escape=`\n" + from + "RUN a `\n b\nUSER 1\n",
		"CRLF":                                     strings.ReplaceAll(from+"RUN a && \\\n  # c\n\n  b\nRUN <<EOF\nx\nEOF\nENV a=\"b\"\nUSER 1\n", "\n", "\r\n"),
		"a lone CR at the end":                     from + "USER 1\r",
		"no newline at the end":                    from + "USER 1",
		"keywords in lower case":                   "from debian:12 as a\nrun echo\ncopy --from=a x y\nuser 1\n",
		"instructions that are indented":           "  FROM debian:12\n\tRUN echo\n  USER 1\n",
		"tabs between words":                       "FROM\tdebian:12\tAS\tx\nRUN\techo\nUSER\t1\n",
		"the escape of Windows":                    "# escape=`\n" + from + "COPY a `\n  c:\\b\\\nRUN dir c:\\\nUSER 1\n",
		"directives in any case":                   "#SYNTAX = docker/dockerfile:1\n# Escape = `\n" + from + "RUN a `\n b\nUSER 1\n",
		"a check directive":                        "# check=skip=JSONArgsRecommended,StageNameCasing;error=true\n" + from + "USER 1\n",
		"all directives":                           "# syntax=docker/dockerfile:1\n# escape=\\\n# check=skip=all\n" + from + "USER 1\n",
		"a directive behind a comment is none":     "# hello\n# escape=`\n" + from + "RUN a \\\n b\nUSER 1\n",
		"a directive in the notation of a program": "#!/usr/bin/env docker\n#syntax=docker/dockerfile:1\n" + from + "USER 1\n",
		"paths of Windows":                         "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL [\"powershell\", \"-Command\"]\nRUN Get-Item C:\\a; if ($?) { \"x\" }\nWORKDIR C:\\app\nCOPY a C:\\app\\\nCMD [\"C:\\\\a.exe\"]\nVOLUME C:\\data\nUSER ContainerUser\n",
		"PowerShell over lines":                    "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nSHELL [\"pwsh\", \"-c\"]\nRUN $a = @{ `\n  b = 'c' `\n  }; `\n  # d\n  Write-Host $a.b | Out-Null\nUSER 1\n",
		"cmd":                                      "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN if not exist \"C:\\a b\" (mkdir \"C:\\a b\") & echo %PATH%\nUSER 1\n",
		"exec forms":                               from + "RUN [\"a\", \"b\\u0020c\\n\"]\nCMD []\nENTRYPOINT [ \"a\" ]\nVOLUME [\"/a\"]\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nUSER 1\n",
		"an exec form that is none":                from + "CMD ['a', \"b\"]\nENTRYPOINT [a]\nRUN [ -f x ] && y\nUSER 1\n",
		"ENV in both forms":                        from + "ENV a b c\nENV d=e f='g h' i=\"j\\\"k\" l=m\\ n\nENV o=\nUSER 1\n",
		"LABEL of all sorts":                       from + "LABEL a=b \"c d\"=e f.g-h='i'\nLABEL j k l\nLABEL m=\"n \\\no\"\nUSER 1\n",
		"ONBUILD of all sorts":                     from + "ONBUILD COPY . /a\nONBUILD RUN [\"a\"]\nONBUILD ENV a=b\nONBUILD HEALTHCHECK CMD a\nONBUILD ARG x\nUSER 1\n",
		"the other instructions":                   from + "EXPOSE 80 443/tcp 1000-2000/udp $P\nSTOPSIGNAL SIGTERM\nMAINTAINER me\nVOLUME /a /b\nWORKDIR a b\nUSER 1\n",
		"words outside of ASCII":                   from + "LABEL ä=\"ö\"\nRUN echo 日本 # ü\nCOPY ä ö/\nUSER 1\n",
		"a form feed and a vertical tab":           from + "COPY a\vb\fc/\nUSER 1\n",
		"a NUL byte in a comment":                  from + "# \x00\nUSER 1\n",
		"a sign of a comment in an instruction":    from + "RUN echo a # b \\\n  c\nLABEL a=#b\nUSER 1\n",
		"a long line":                              from + "RUN echo " + strings.Repeat("x", 60_000) + "\nUSER 1\n",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			if err := builds(text); err != nil {
				t.Fatalf("it does not build: %v", err)
			}
			f := parse("Dockerfile", []byte(text))
			for _, h := range f.lint(&Native{}).hits {
				if h.rule == &brokenFile.Meta {
					t.Errorf("%s at %v", h.message, f.position(h.where.start))
				}
			}
			if len(f.limits) > 0 {
				t.Errorf("limits %q", f.limits)
			}
			result, err := parser.Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := describe(f), describeNodes(result, f.escape); got != want {
				t.Error(cmp.Diff(want, got))
			}
			if !strings.Contains(name, "at the end") && !strings.HasPrefix(strings.ToUpper(lastText(f)), "USER") {
				t.Errorf("the last instruction is %q", lastText(f))
			}
		})
	}
}

func lastText(f *file) string {
	if len(f.instructions) == 0 {
		return ""
	}
	return strings.TrimSpace(f.instructions[len(f.instructions)-1].text)
}

// TestWhatIsBrokenCostsOneInstruction: a file that does not build has a DL1000 with
// its place, and all before and behind it is linted as ever.
func TestWhatIsBrokenCostsOneInstruction(t *testing.T) {
	for broken, want := range map[string]string{
		"BOGUS x":                                "4:1",
		"COPY a":                                 "4:1",
		"COPY --form=x a b":                      "4:1",
		"RUN --mount=type=nothing,target=/ echo": "4:1",
		"RUN --mount=type=bind,targt=/a echo":    "4:1",
		"RUN --network=some echo":                "4:1",
		"ADD --checksum a b":                     "4:1",
		"EXPOSE":                                 "4:1",
		"ENV a":                                  "4:1",
		"ENV a=b c":                              "4:1",
		"LABEL a=b c":                            "4:1",
		"HEALTHCHECK --often=1s CMD true":        "4:1",
		"HEALTHCHECK CMD":                        "4:1",
		"HEALTHCHECK WHAT x":                     "4:1",
		"SHELL /bin/sh":                          "4:1",
		"ONBUILD":                                "4:1",
		"ONBUILD BOGUS x":                        "4:1",
		"  BOGUS \\\n  x":                        "4:3",
		"RUN <<EOF\necho a":                      "4:1",
		"COPY <<A <<B /x/\n1\nA\n2":              "4:1",
		"USER":                                   "4:1",
	} {
		t.Run(broken, func(t *testing.T) {
			text := "FROM alpine:3.20\nUSER 1\nRUN sudo a\n" + broken + "\nRUN sudo b\nUSER 2\n"
			if builds(text) == nil && !strings.Contains(broken, "--mount") && !strings.HasPrefix(broken, "ONBUILD") {
				t.Fatal("it builds") // of these BuildKit looks at more, and later
			}
			f := parse("Dockerfile", []byte(text))
			var at []string
			sudo := 0
			for _, h := range f.lint(&Native{}).hits {
				switch h.rule.ID {
				case "DL1000":
					p := f.position(h.where.start)
					at = append(at, fmt.Sprintf("%d:%d", p.line, p.column))
				case "DL3004":
					sudo++
				}
			}
			if diff := cmp.Diff([]string{want}, at); diff != "" {
				t.Error(diff)
			}
			if sudo != 2 {
				t.Errorf("%d findings before and behind it, want 2", sudo)
			}
		})
	}
}
