package dockerfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/fix"
)

// linted is a file with what is said of it.
type linted struct {
	*lint
	text     string
	findings []finding.Finding
	// count is the number of findings of each rule.
	count    map[string]int
	silenced int
}

func lintText(text string) linted {
	l := linted{text: text, lint: parse("Dockerfile", []byte(text)).lint(&Native{}), count: make(map[string]int)}
	for _, h := range l.hits {
		if h.silenced != nil {
			l.silenced++
			continue
		}
		l.count[h.rule.ID]++
		l.findings = append(l.findings, l.finding(h))
	}
	return l
}

// mend applies fixes once.
func mend(text string, findings []finding.Finding) (string, fix.Result) {
	res := fix.Apply(map[string][]byte{"Dockerfile": []byte(text)}, findings)
	if after, changed := res.Files["Dockerfile"]; changed {
		return string(after), res
	}
	return text, res
}

// broughtToLight are rules that say of what a fix writes what others do not say of
// what was there: of COPY, not of ADD; of USER, not of its absence.
var broughtToLight = map[string][]string{
	"DL3003":                  {"DL3059"}, // fewer commands
	"DL3020":                  {"DL3021", "DL3045"},
	"dockerfile/missing-user": {"DL3066"},
}

// checkMended holds what every fix promises: what it mends is gone, nothing new is
// there, pragmas still silence what they did, and the same is built.
func checkMended(before linted, text string, applied []finding.Finding) error {
	if !SameBuild([]byte(before.text), []byte(text)) {
		return fmt.Errorf("another thing is built")
	}
	after := lintText(text)
	allowed := maps.Clone(before.count)
	renamed := ""  // another program has other rules
	shell := false // and another shell
	for _, f := range applied {
		allowed[f.Rule]--
		for _, id := range broughtToLight[f.Rule] {
			allowed[id]++
		}
		if strings.HasPrefix(f.Fix.Description, "call ") {
			renamed = f.Rule
		}
		shell = shell || f.Rule == "DL4006"
	}
	for id, n := range after.count {
		if shell && strings.HasPrefix(id, "SC") {
			continue
		}
		if n > allowed[id] && (renamed == "" || id == renamed) {
			return fmt.Errorf("%d findings of %s, want at most %d", n, id, allowed[id])
		}
	}
	if after.silenced > before.silenced {
		return fmt.Errorf("%d findings are silenced, %d were", after.silenced, before.silenced)
	}
	return nil
}

// checkFixes applies each fix by itself and all of them until nothing changes, and
// gives the fixes that were made by rule, and the rounds.
func checkFixes(text string) (made map[string]int, rounds int, err error) {
	made = make(map[string]int)
	first := lintText(text)
	for _, f := range first.findings {
		if f.Fix == nil {
			continue
		}
		after, res := mend(text, []finding.Finding{f})
		if len(res.Applied) != 1 || after == text {
			return nil, 0, fmt.Errorf("the fix of %s at line %d cannot be applied: %v", f.Rule, f.Location.StartLine, res.Left)
		}
		if err := checkMended(first, after, res.Applied); err != nil {
			return nil, 0, fmt.Errorf("the fix of %s at line %d: %w:\n%s", f.Rule, f.Location.StartLine, err, fix.Diff("Dockerfile", []byte(text), []byte(after)))
		}
	}
	for now := first; ; rounds++ {
		after, res := mend(now.text, now.findings)
		if after == now.text {
			if len(res.Applied) > 0 {
				return nil, 0, fmt.Errorf("a fix of %s changes nothing", res.Applied[0].Rule)
			}
			return made, rounds, nil
		}
		if err := checkMended(now, after, res.Applied); err != nil {
			return nil, 0, fmt.Errorf("round %d: %w:\n%s", rounds+1, err, fix.Diff("Dockerfile", []byte(now.text), []byte(after)))
		}
		for _, f := range res.Applied {
			made[f.Rule]++
		}
		if rounds > 10 {
			return nil, 0, fmt.Errorf("no end of fixing")
		}
		now = lintText(after)
	}
}

// TestFixesOfTheCorpus mends every file that there is.
func TestFixesOfTheCorpus(t *testing.T) {
	total, offered := make(map[string]int), 0
	files, most, refused := 0, 0, 0
	for _, v := range corpus(t) {
		l := lintText(v.Dockerfile)
		refused += len(l.refused)
		for _, h := range l.refused {
			t.Errorf("%s: the fix of %s at line %d would change more than it says", v.ID, h.rule.ID, l.file.position(h.where.start).line)
		}
		for _, f := range l.findings {
			if f.Fix != nil {
				offered++
			}
		}
		made, rounds, err := checkFixes(v.Dockerfile)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		if len(made) > 0 {
			files++
		}
		most = max(most, rounds)
		for id, n := range made {
			total[id] += n
		}
	}
	sum := 0
	for _, id := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%s: %d fixes", id, total[id])
		sum += total[id]
	}
	t.Logf("%d fixes offered, %d made in %d files, %d refused, at most %d rounds", offered, sum, files, refused, most)
}

// TestFixesOfThePages mends every case of every page.
func TestFixesOfThePages(t *testing.T) {
	for _, r := range Rules() {
		for _, c := range r.Page.Cases {
			for _, f := range c.Files {
				for name, text := range map[string]string{"": string(f.Data), " with CRLF": strings.ReplaceAll(string(f.Data), "\n", "\r\n"), " without a newline at the end": strings.TrimRight(string(f.Data), "\n")} {
					if _, _, err := checkFixes(text); err != nil {
						t.Errorf("%s %s%s: %v", r.ID, c.Name, name, err)
					}
				}
			}
		}
	}
}

// TestFixProperties mends Dockerfiles that are put together at random.
func TestFixProperties(t *testing.T) {
	lines := []string{
		"FROM debian:12", "FROM alpine:3 AS a", "from a as b", "FROM a", "FROM $X", "ARG X=1", "# a comment", "# hadolint ignore=DL3009,DL4006", "", "USER 1000",
		"WORKDIR /a", "WORKDIR b", "WORKDIR $X", "MAINTAINER a \"b\" $c", "maintainer 'x'", "LABEL org.opencontainers.image.authors=x",
		"RUN cd /a && b", "RUN cd /a/b && \\\n    c && d", "RUN cd /c", "run apt-get update && apt-get install x", "RUN apt-get update; apt-get install x # y",
		"RUN apt-get update \\\n    # why\n && apt-get install \\\n    x \\\n", "RUN apt-get update && \\\n  apt-get install x | tee y", "RUN apt-get install y",
		"RUN a | b", "RUN pip install x && python3 -m pip install y", "RUN <<EOF\napt-get update\napt-get install x | y\nEOF", "RUN <<-A cat && pip install \\\n x\n\tA\n\tA",
		"ONBUILD RUN pip install x | y", "ONBUILD ADD a /", "ADD a /a", "ADD --chown=a [\"a\", \"b\"]", "add a.tar /", "COPY --from=a /a /", "RUN [\"sh\", \"-c\", \"pip install x | y\"]",
		"RUN [\"pip\", \"install\", \"x\"]", "SHELL [\"/bin/bash\", \"-c\"]", "SHELL [\"pwsh\"]", "CMD a 'b c' \"d\"", "CMD a \\\n  b", "CMD a $b", "ENTRYPOINT a b", "ENTRYPOINT [\"a\"]", "HEALTHCHECK CMD a b",
		"BROKEN x", "RUN (", "ENV PIP_NO_CACHE_DIR=1",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 1, 12).Draw(t, "lines"), "\n")
		if rapid.Bool().Draw(t, "from") {
			text = "FROM debian\n" + text
		}
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			text = strings.ReplaceAll(text, "\n", "\r\n")
		case 1:
			text = "# escape=`\n" + strings.ReplaceAll(text, "\\\n", "`\n")
		case 2:
			text += "\n"
		}
		if _, _, err := checkFixes(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if l := lintText(text); len(l.refused) > 0 {
			t.Fatalf("the fix of %s would change more than it says:\n%s", l.refused[0].rule.ID, text)
		}
	})
}

// FuzzFix holds that fixes do what they promise to any file, and come to an end.
func FuzzFix(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		if _, _, err := checkFixes(string(data)); err != nil {
			t.Error(err)
		}
	})
}

// TestHostileFixes holds that finding and applying fixes costs no more than the
// file's size deserves.
func TestHostileFixes(t *testing.T) {
	repeat := strings.Repeat
	var chain, leaves strings.Builder
	for n := range 3000 {
		fmt.Fprintf(&chain, "FROM s%d AS s%d\nRUN a\n", n, n+1)
		leaves.WriteString("FROM s3000\nRUN a | b\nCMD a\n")
	}
	for name, text := range map[string]string{
		"15,000 cd":                    "FROM a\nWORKDIR /a\nRUN cd /a" + repeat(" \\\n&& cd /a", 15_000) + "\n",
		"15,000 RUN with cd":           "FROM a\nWORKDIR /a\n" + repeat("RUN cd /a && b\n", 15_000),
		"3000 stages on a high tower":  "FROM debian AS s0\n" + chain.String() + leaves.String(),
		"9000 fixes in one RUN":        "FROM a\nRUN a" + repeat(" \\\n&& pip install x", 9_000) + "\n",
		"15,000 MAINTAINER":            "FROM a\n" + repeat("MAINTAINER \"$a\\\n", 7_500) + repeat("MAINTAINER a\n", 7_500),
		"15,000 CMD":                   "FROM a\n" + repeat("CMD a 'b'\n", 15_000),
		"a first line of 60 KB":        "# " + repeat("x", 60_000) + "\nFROM debian\n" + repeat("FROM debian\nRUN a | b\n", 5_000),
		"40,000 comments before a RUN": "FROM debian\n" + repeat(repeat("# a\n", 20)+"RUN cd /a && a | b\nWORKDIR /b\n", 2_000),
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("large files take seconds under the race detector: run without -short")
			}
			start := time.Now()
			before := lintText(text)
			after, res := mend(text, before.findings)
			took := time.Since(start)
			t.Logf("%d bytes: %v, %d findings, %d fixes applied, %d left, %d refused", len(text), took.Round(time.Millisecond), len(before.findings), len(res.Applied), len(res.Left), len(before.refused))
			if took > time.Minute {
				t.Errorf("took %v: more than linear", took)
			}
			if len(res.Applied) > 0 && !SameBuild([]byte(text), []byte(after)) {
				t.Error("another thing is built")
			}
			if len(before.refused) > 0 {
				t.Errorf("the fix of %s would change more than it says", before.refused[0].rule.ID)
			}
		})
	}
}
