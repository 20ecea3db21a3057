package layerline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const dockerfile = `# syntax=docker/dockerfile:1
FROM debian:12
RUN apt-get update && \
    # the library
    apt-get install -y \
        libssl3

COPY --chown=1:1 id_rsa /root/.ssh/
RUN --mount=type=cache,target=/x make
add a.tar /a
RUN twice
RUN twice
RUN sh -c "echo x"
ENV A=b
RUN last \
`

func TestFind(t *testing.T) {
	lines := Read(map[string][]byte{"app/Dockerfile": []byte(dockerfile), "win/Dockerfile": []byte("# escape=`\nFROM x\nRUN a `\n b\r\n")})
	for instruction, want := range map[string]Place{
		"RUN /bin/sh -c apt-get update &&     apt-get install -y         libssl3 # buildkit": {"app/Dockerfile", 3},
		"/bin/sh -c apt-get update &&     apt-get install -y         libssl3":                {"app/Dockerfile", 3},
		"RUN |2 A=b C=d e /bin/sh -c make # buildkit":                                        {"app/Dockerfile", 9},
		"RUN /bin/bash -c make # buildkit":                                                   {"app/Dockerfile", 9},
		"COPY id_rsa /root/.ssh/ # buildkit":                                                 {"app/Dockerfile", 8},
		"COPY --chown=1:1 id_rsa /root/.ssh/ # buildkit":                                     {"app/Dockerfile", 8},
		"ADD a.tar /a # buildkit":                                                            {"app/Dockerfile", 10},
		"RUN /bin/sh -c last # buildkit":                                                     {"app/Dockerfile", 15},
		"RUN /bin/sh -c a b # buildkit":                                                      {"win/Dockerfile", 3},
		"RUN /bin/sh -c sh -c \"echo x\" # buildkit":                                         {"app/Dockerfile", 13},
		"RUN /bin/sh -c \"echo x\" # buildkit":                                               {},
		"RUN /bin/sh -c twice # buildkit":                                                    {},
		"RUN /bin/sh -c other # buildkit":                                                    {},
		"ENV A=b":                                                                            {},
		"/bin/sh -c #(nop) COPY file:1234 in /root/.ssh/":                                    {},
		"RUN":                    {},
		"":                       {},
		"RUN --mount=type=cache": {},
	} {
		got, ok := lines.Find(instruction)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.Line > 0) {
			t.Errorf("%s: %t %s", instruction, ok, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(dockerfile, "RUN /bin/sh -c make # buildkit")
	f.Fuzz(func(t *testing.T, text, instruction string) {
		p, ok := Read(map[string][]byte{"f": []byte(text)}).Find(instruction)
		if ok && (p.Line < 1 || p.Path != "f") {
			t.Errorf("%+v", p)
		}
	})
}
