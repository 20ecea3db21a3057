package dockerfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/builtfrom"
)

const service = `# syntax=docker/dockerfile:1
ARG GO=1.22
FROM golang:${GO} AS build
WORKDIR /src
COPY . .
RUN go build -o /out/app ./cmd/app

FROM debian:12-slim@sha256:aa AS base
ENV LANG=C.UTF-8 \
    TZ="Europe/Berlin"
RUN apt-get update && \
    # what curl needs
    apt-get install -y --no-install-recommends \
      curl ca-certificates

FROM base
ARG VERSION=dev
LABEL org.opencontainers.image.version=$VERSION maintainer="A B"
RUN <<EOF
useradd -u 10001 app
mkdir /data
EOF
COPY --from=build --chown=app /out/app /usr/local/bin/app
COPY ["config/app.yaml", "/etc/app/"]
WORKDIR /data
USER app
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/app", "serve"]
`

// told makes a history; what begins with "-" made no layer.
func told(lines ...string) []builtfrom.Entry {
	var out []builtfrom.Entry
	for _, l := range lines {
		text, empty := strings.CutPrefix(l, "-")
		out = append(out, builtfrom.Entry{CreatedBy: text, Empty: empty})
	}
	return out
}

// ofDebian is what the base's own history says.
const ofDebian = "# debian.sh --arch 'amd64' out/ 'bookworm' '@1700000000'"

// byBuildKit and byClassic are the histories that builders write for service.
func byBuildKit(more ...string) []builtfrom.Entry {
	return told(slices.Concat([]string{
		ofDebian,
		"-ENV LANG=C.UTF-8 TZ=Europe/Berlin",
		"RUN /bin/sh -c apt-get update &&     apt-get install -y --no-install-recommends       curl ca-certificates # buildkit",
		"-ARG VERSION=1.4.0",
		"-LABEL org.opencontainers.image.version=1.4.0 maintainer=A B",
		"RUN |1 VERSION=1.4.0 /bin/sh -c useradd -u 10001 app\nmkdir /data\n # buildkit",
		"COPY --chown=app /out/app /usr/local/bin/app # buildkit",
		"COPY config/app.yaml /etc/app/ # buildkit",
		"WORKDIR /data",
		"-USER app",
		"-EXPOSE map[8080/tcp:{}]",
		`-ENTRYPOINT ["/usr/local/bin/app" "serve"]`,
	}, more)...)
}

func byClassic() []builtfrom.Entry {
	return told(
		ofDebian,
		"-/bin/sh -c #(nop)  ENV LANG=C.UTF-8 TZ=Europe/Berlin",
		"/bin/sh -c apt-get update &&     apt-get install -y --no-install-recommends       curl ca-certificates",
		"-/bin/sh -c #(nop)  ARG VERSION=1.4.0",
		"-/bin/sh -c #(nop)  LABEL org.opencontainers.image.version=1.4.0 maintainer=A B",
		"|1 VERSION=1.4.0 /bin/sh -c useradd -u 10001 app\nmkdir /data\n",
		"/bin/sh -c #(nop) COPY file:0123abcd in /usr/local/bin/app ",
		"/bin/sh -c #(nop) COPY file:4567cdef in /etc/app/ ",
		"-/bin/sh -c #(nop) WORKDIR /data",
		"-/bin/sh -c #(nop)  USER app",
		"-/bin/sh -c #(nop)  EXPOSE 8080",
		`-/bin/sh -c #(nop)  ENTRYPOINT ["/usr/local/bin/app" "serve"]`,
	)
}

func TestTrace(t *testing.T) {
	recipe := func(path, text string) builtfrom.Recipe { return parse(path, []byte(text)).recipe() }
	lines := []string{"8", "9", "11", "17", "18", "19", "23", "24", "25", "26", "27", "28"}
	const digest = "debian:12-slim@sha256:aa"
	for _, test := range []struct {
		name    string
		history []builtfrom.Entry
		recipes []builtfrom.Recipe
		want    []string // the first lines, "" where nothing is known
		from    string
		base    string
	}{
		{"BuildKit", byBuildKit(), []builtfrom.Recipe{recipe("Dockerfile", service)}, lines, "Dockerfile:16", digest},
		{"the classic builder", byClassic(), []builtfrom.Recipe{recipe("Dockerfile", service)}, lines, "Dockerfile:16", digest},
		{
			"a Dockerfile that has a new line since", byBuildKit(),
			[]builtfrom.Recipe{recipe("Dockerfile", strings.Replace(service, "USER app\n", "RUN chmod 700 /data\nUSER app\n", 1))},
			[]string{"8", "9", "11", "17", "18", "19", "23", "24", "25", "27", "28", "29"},
			"Dockerfile:16", digest,
		},
		{
			"a Dockerfile of something else", byBuildKit(),
			[]builtfrom.Recipe{recipe("Dockerfile", "FROM alpine\nRUN apk add curl\nUSER app\n")},
			make([]string, 12), ":0", "",
		},
		{
			"two Dockerfiles that are the same", byBuildKit(),
			[]builtfrom.Recipe{recipe("a/Dockerfile", service), recipe("b/Dockerfile", service)},
			make([]string, 12), ":0", "",
		},
		{
			"the better of two", byBuildKit(),
			[]builtfrom.Recipe{recipe("a/Dockerfile", strings.ReplaceAll(service, "10001", "20002")), recipe("b/Dockerfile", service)},
			lines, "b/Dockerfile:16", digest,
		},
		{
			"an image upon the one that the Dockerfile makes", byBuildKit("RUN /bin/sh -c something else # buildkit"),
			[]builtfrom.Recipe{recipe("Dockerfile", service)},
			make([]string, 13), ":0", "",
		},
		{
			"a base from the same tree", told(ofDebian, "RUN /bin/sh -c apt-get install -y libssl3 # buildkit", "COPY app.py /srv/ # buildkit", `-CMD ["python3" "/srv/app.py"]`),
			[]builtfrom.Recipe{
				recipe("base.Dockerfile", "FROM debian:12\nRUN apt-get install -y libssl3\n"),
				recipe("app.Dockerfile", "FROM acme/base\nCOPY app.py /srv/\nCMD [\"python3\", \"/srv/app.py\"]\n"),
			},
			[]string{"1", "2", "2", "3"},
			"app.Dockerfile:1", "acme/base",
		},
		{
			"nothing but dots and variables", told("RUN /bin/sh -c make install-everything # buildkit", "COPY . . # buildkit", "-USER 10001"),
			[]builtfrom.Recipe{recipe("Dockerfile", "FROM scratch\nARG UID\nRUN make install-everything\nCOPY . .\nUSER $UID\n")},
			[]string{"3", "4", "5"},
			"Dockerfile:1", "scratch",
		},
		{
			"a shell of its own", told("RUN /bin/bash -o pipefail -c curl -s https://example.com | tee /x # buildkit", "RUN make all # buildkit"),
			[]builtfrom.Recipe{recipe("Dockerfile", "FROM scratch\nRUN curl -s https://example.com | tee /x\nRUN [\"make\", \"all\"]\n")},
			[]string{"2", "3"},
			"Dockerfile:1", "scratch",
		},
		{
			"ports in another order", told("RUN /bin/sh -c make install-everything # buildkit", "-EXPOSE map[22/tcp:{} 53/udp:{} 8080/tcp:{}]"),
			[]builtfrom.Recipe{recipe("Dockerfile", "FROM scratch\nRUN make install-everything\nEXPOSE 8080/tcp 22 53/udp\n")},
			[]string{"2", "3"},
			"Dockerfile:1", "scratch",
		},
		{
			"a step that the base has as well", told("RUN /bin/sh -c make install-everything # buildkit", "RUN /bin/sh -c make install-everything # buildkit"),
			[]builtfrom.Recipe{recipe("Dockerfile", "FROM acme/base\nRUN make install-everything\n")},
			[]string{"1", "2"},
			"Dockerfile:1", "acme/base",
		},
		{"no history", nil, []builtfrom.Recipe{recipe("Dockerfile", service)}, []string{}, ":0", ""},
		{"no Dockerfile", byBuildKit(), nil, make([]string, 12), ":0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := builtfrom.Trace(test.history, test.recipes)
			lines := make([]string, len(got.Places))
			for i, p := range got.Places {
				if p.First > 0 {
					lines[i] = fmt.Sprint(p.First)
				}
			}
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if from := fmt.Sprintf("%s:%d", got.From.Path, got.From.First); from != test.from || got.Base != test.base {
				t.Errorf("from %s of %q, want %s of %q", from, got.Base, test.from, test.base)
			}
		})
	}
}

// TestTraceIsBounded wants a history and Dockerfiles that were made to be slow compared
// in no time to speak of.
func TestTraceIsBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("FROM scratch AS s0\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "FROM s%d AS s%d\nRUN %s\n", i, i+1, strings.Repeat("x", 500))
	}
	var history []builtfrom.Entry
	for range 3000 {
		history = append(history, builtfrom.Entry{CreatedBy: "RUN /bin/sh -c y" + strings.Repeat("x", 500)})
	}
	recipe := parse("Dockerfile", []byte(text.String())).recipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		builtfrom.Trace(history, []builtfrom.Recipe{recipe, recipe, recipe})
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("it hangs")
	}
}

// FuzzTrace wants the same for the same recipes in any order, and no panic.
func FuzzTrace(f *testing.F) {
	f.Add(service, "FROM debian\nRUN a\n", "ENV A=b\nRUN /bin/sh -c useradd -u 10001 app # buildkit\nUSER app")
	f.Add("FROM x\nRUN a", "FROM a AS b\nFROM b AS a\nFROM a\nRUN b", "/bin/sh -c #(nop) COPY file:1 in /x\n|1 A=b /bin/sh -c a")
	f.Fuzz(func(t *testing.T, one, two, history string) {
		a, b := parse("a", []byte(one)).recipe(), parse("b", []byte(two)).recipe()
		steps := told(strings.Split(history, "\n")...)
		got := builtfrom.Trace(steps, []builtfrom.Recipe{a, b})
		if diff := cmp.Diff(got, builtfrom.Trace(steps, []builtfrom.Recipe{b, a})); diff != "" {
			t.Error(diff)
		}
		for _, p := range got.Places {
			if p.Path != "" && (p.First < 1 || p.Last < p.First) {
				t.Errorf("lines %v", p)
			}
		}
	})
}

// TestBaseInAnotherCommit wants the FROM of the same stage of the same file, whatever
// else the file holds there.
func TestBaseInAnotherCommit(t *testing.T) {
	recipe := func(path, text string) builtfrom.Recipe { return parse(path, []byte(text)).recipe() }
	const head = "FROM debian:13 AS build\nRUN make install-everything\nFROM build AS app\nCOPY app.py /srv/\nUSER app\n"
	history := told(ofDebian, "RUN /bin/sh -c make install-everything # buildkit", "COPY app.py /srv/ # buildkit", "-USER app")
	for name, test := range map[string]struct {
		head string
		then []builtfrom.Recipe
		want string
	}{
		"other lines":                      {head, []builtfrom.Recipe{recipe("Dockerfile", "FROM debian:12 AS app\nRUN something else\n")}, "debian:12"},
		"by the name of a stage":           {head, []builtfrom.Recipe{recipe("Dockerfile", "FROM debian:11 AS APP\nFROM debian:12 AS test\n")}, "debian:11"},
		"through the stages below":         {head, []builtfrom.Recipe{recipe("Dockerfile", "FROM debian:10 AS a\nFROM a AS app\n")}, "debian:10"},
		"a new name of the last stage":     {head, []builtfrom.Recipe{recipe("Dockerfile", "FROM debian:11 AS a\nFROM debian:12 AS b\n")}, "debian:12"},
		"another file":                     {head, []builtfrom.Recipe{recipe("other/Dockerfile", "FROM debian:12 AS app\n")}, ""},
		"a stage that was not there":       {head + "FROM alpine AS test\nRUN something else\n", []builtfrom.Recipe{recipe("Dockerfile", "FROM debian:12 AS a\n")}, ""},
		"a variable":                       {head, []builtfrom.Recipe{recipe("Dockerfile", "ARG BASE\nFROM $BASE AS app\n")}, ""},
		"a file of nothing":                {head, []builtfrom.Recipe{recipe("Dockerfile", "# nothing\n")}, ""},
		"no Dockerfile explains the image": {"FROM debian:12\nRUN other\n", []builtfrom.Recipe{recipe("Dockerfile", "FROM debian:12\n")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			lineage := builtfrom.Trace(history, []builtfrom.Recipe{recipe("Dockerfile", test.head)})
			if got := lineage.BaseIn(test.then); got != test.want {
				t.Errorf("base %q, want %q", got, test.want)
			}
		})
	}
}
