package secrets_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// configurations are custom ones; each is compared on a tree and on a history. In a
// text, @SECRET1 to @SECRET5 stand for secrets of the tree, @COMMIT for a commit and
// @FOLDER for the folder in which the configuration lies.
var configurations = []struct{ name, toml string }{
	{"the default rules and one more", `
[extend]
useDefault = true
disabledRules = ["github-pat", "generic-api-key"]
[[rules]]
id = "ours"
description = "a rule of our own"
regex = '''ourtoken_([a-z0-9]{12})_([A-Z]{4})'''
secretGroup = 2
keywords = ["OurToken"]
tags = ["one", "two"]
[[rules]]
id = "slack-bot-token"
description = "changed"
keywords = ["xoxb"]
[[rules.allowlists]]
paths = ['''d2/''']
`},
	{"rules alone", `
[[rules]]
id = "no-keyword"
regex = '''[a-z]+_[A-Z0-9]{9,}'''
[[rules]]
id = "with-entropy"
regex = '''pw: (\S+)'''
entropy = 3.2
keywords = ["pw"]
[[rules]]
id = "by-path"
path = '''\.txt$'''
regex = '''ourtoken_[a-z0-9]{12}'''
[[rules]]
id = "path-alone"
path = '''(^|/)special\.dat$'''
[[rules]]
id = "any-length"
regex = '''(?s)BEGIN-OURS.*?END-OURS'''
keywords = ["begin-ours"]
[[rules]]
id = "lines"
regex = '''(?m)^start [a-z]+$'''
[[rules]]
id = "newlines"
regex = '''\n\nAFTER-BLANK-[0-9]+\n'''
keywords = ["after-blank"]
[[rules]]
id = "generic-ours"
regex = '''TOKEN_[a-z0-9]{12}|ourtoken_[a-z0-9]{6}'''
[[rules]]
id = "empty-match"
regex = '''zzz*q?'''
[[rules]]
id = "unicode"
regex = '''(?i)ſchlüssel=(\w+)'''
keywords = ["ſchlüssel"]
[[rules]]
id = "short"
regex = '''q[0-9]'''
keywords = ["q"]
`},
	{"allowlists of every kind", `
[extend]
useDefault = true
[[allowlists]]
description = "a secret"
regexes = ['''@SECRET1''']
[[allowlists]]
regexTarget = "match"
regexes = ['''api_key = "[A-M]''']
[[allowlists]]
regexTarget = "line"
regexes = ['''^# allowed''', '''is allowed$''']
[[allowlists]]
stopwords = ["stopword", "AKIAA"]
[[allowlists]]
paths = ['''^d1/''']
[[allowlists]]
commits = ["@COMMIT"]
[[allowlists]]
condition = "AND"
paths = ['''^d3/''']
stopwords = ["ghp_"]
[[allowlists]]
condition = "AND"
commits = ["@COMMIT"]
regexes = ['''@SECRET2''']
[[allowlists]]
targetRules = ["github-pat", "aws-access-token"]
regexes = ['''[0-9]$''']
[[allowlists]]
targetRules = ["generic-api-key"]
condition = "AND"
regexTarget = "line"
regexes = ['''^\n?api''']
paths = ['''d4/''', '''^d2$''']
`},
	{"the old form of allowlists", `
[extend]
useDefault = true
[allowlist]
paths = ['''d4/''', '''^d2$''']
regexes = ['''@SECRET3''']
[[rules]]
id = "ours"
regex = '''ourtoken_[a-z0-9]{12}'''
[rules.allowlist]
regexes = ['''ourtoken_[a-m]''']
`},
	{"composite rules", `
[[rules]]
id = "primary"
regex = '''primary=(\w+)'''
keywords = ["primary"]
[[rules.required]]
id = "near-lines"
withinLines = 3
[[rules]]
id = "near-lines"
regex = '''aux1=(\w+)'''
keywords = ["never there"]
skipReport = true
[[rules]]
id = "columns"
regex = '''second=(\w+)'''
[[rules.required]]
id = "near-columns"
withinLines = 1
withinColumns = 20
[[rules]]
id = "near-columns"
regex = '''aux2=(\w+)'''
[[rules]]
id = "both"
regex = '''both=(\w+)'''
keywords = ["both"]
[[rules.required]]
id = "near-lines"
[[rules.required]]
id = "near-columns"
`},
	{"extending a file", `
[extend]
path = "@FOLDER/base.toml"
disabledRules = ["from-base-2"]
[[rules]]
id = "from-base"
keywords = ["ourtoken"]
[[rules.allowlists]]
regexes = ['''_[a-c]''']
[[rules]]
id = "own"
regex = '''start [a-z]+'''
`},
}

const baseConfiguration = `
[[rules]]
id = "from-base"
regex = '''ourtoken_[a-z0-9]{12}'''
keywords = ["ourtoken"]
[[rules]]
id = "from-base-2"
regex = '''TOKEN_[a-z0-9]{12}'''
[[allowlists]]
stopwords = ["stopword"]
`

// configured is a repository whose files custom configurations have something to say
// about, with the secrets that they name.
func configured(t *testing.T) (r *repo, named []string, commit string) {
	t.Helper()
	r = newRepo(t, 400)
	for i := range 5 {
		named = append(named, []string{githubToken(r.rng), awsKey(r.rng)}[i%2])
	}
	f := make(files)
	for i := range 6 {
		var b strings.Builder
		for range 60 {
			b.WriteString(configuredLine(r, named) + []string{"\n", "\n", "\n", "\n\n", "\r\n"}[r.rng.IntN(5)])
		}
		f[fmt.Sprintf("d%d/f%d.txt", i, i)] = b.String()
	}
	f["d5/special.dat"] = "x\n"
	f["d5/long.txt"] = "primary=first\n" + prose(r.rng, 130_000, false) + "\naux1=far\nboth=here aux2=there\n" + "BEGIN-OURS" + prose(r.rng, 3_000, true) + "END-OURS\n"
	commit = r.commit(f)
	for _, path := range sorted(f) {
		f[path] = configuredLine(r, named) + "\n" + f[path] + configuredLine(r, named)
	}
	r.commit(f)
	return r, named, commit
}

func configuredLine(r *repo, named []string) string {
	lower := func(n int) string { return from(r.rng, n, "abcdefghijklmnopqrstuvwxyz0123456789") }
	lines := []func() string{
		func() string { return "ourtoken_" + lower(12) + "_" + from(r.rng, 4, "ABCD") },
		func() string { return "TOKEN_" + lower(12) + " stopword" },
		func() string { return "pw: " + word(r.rng, 4+r.rng.IntN(14)) },
		func() string { return "abc_" + from(r.rng, 10, "ABCDEFGH0123") },
		func() string { return "start " + from(r.rng, 5, "abc") },
		func() string { return "\n\nAFTER-BLANK-" + from(r.rng, 3, "123") + "\n" },
		func() string { return "BEGIN-OURS\n" + word(r.rng, 20) + "\nEND-OURS" },
		func() string { return "# allowed " + githubToken(r.rng) },
		func() string { return githubToken(r.rng) + " is allowed" },
		func() string {
			return "primary=" + word(r.rng, 5) + strings.Repeat("\n", r.rng.IntN(6)) + "aux1=" + word(r.rng, 4)
		},
		func() string {
			return "second=" + word(r.rng, 5) + strings.Repeat(" ", r.rng.IntN(30)) + "aux2=" + word(r.rng, 4)
		},
		func() string { return "both=" + word(r.rng, 5) },
		func() string { return "ſchlüssel=" + word(r.rng, 9) + " SCHLÜSSEL=" + word(r.rng, 9) + " q7 zzzzq" },
		func() string { return named[r.rng.IntN(len(named))] },
		func() string { return "v: " + base64Of("ourtoken_"+lower(12)+"_ABCD primary=x aux1=y") },
		func() string { return one(r.rng) },
		func() string { return one(r.rng) },
	}
	return lines[r.rng.IntN(len(lines))]()
}

func TestCustomConfigurationsFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	r, named, commit := configured(t)
	for _, c := range configurations {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			replace := []string{"@COMMIT", commit, "@FOLDER", folder}
			for i, s := range named {
				replace = append(replace, fmt.Sprintf("@SECRET%d", i+1), s)
			}
			files{"base.toml": baseConfiguration, "own.toml": strings.NewReplacer(replace...).Replace(c.toml)}.write(t, folder)
			set := settings{config: filepath.Join(folder, "own.toml")}
			if len(compareTree(t, c.name, r.dir, set).theirs) == 0 {
				t.Error("gitleaks finds nothing in the tree")
			}
			if len(compareHistory(t, c.name, r.dir, set).theirs) == 0 {
				t.Error("gitleaks finds nothing in the history")
			}
		})
	}
}

func TestIgnoreFilesAndBaselinesHideWhatGitleaksHides(t *testing.T) {
	t.Parallel()
	r, _, _ := configured(t)
	folder := t.TempDir()
	ignore := filepath.Join(folder, ".gitleaksignore")
	var lines strings.Builder
	lines.WriteString("# a comment\n\nnot an entry\n  \n")
	for _, mode := range []string{"dir", "git"} {
		for i, l := range (theirRun{mode: mode, target: real(t, r.dir)}).run(t) {
			switch i % 4 {
			case 0:
				fmt.Fprintf(&lines, "%s:%s:%d\n", strings.ReplaceAll(l.file, "/", `\`), l.rule, l.line)
			case 1:
				fmt.Fprintf(&lines, "  %s:%s:%d  \n", l.file, l.rule, l.line+1)
			case 2:
				if l.commit != "" {
					fmt.Fprintf(&lines, "%s:%s:%s:%d\n", l.commit, l.file, l.rule, l.line)
				}
			}
		}
	}
	if err := os.WriteFile(ignore, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("ignore file", func(t *testing.T) {
		compareTree(t, "ignore file", r.dir, settings{ignore: ignore})
		compareHistory(t, "ignore file", r.dir, settings{ignore: ignore})
	})
	for _, mode := range []string{"dir", "git"} {
		t.Run("baseline of "+mode, func(t *testing.T) {
			set := settings{baseline: filepath.Join(folder, mode+".json")}
			halfReport(t, mode, real(t, r.dir), set.baseline)
			compareTree(t, "baseline of "+mode, r.dir, set)
			compareHistory(t, "baseline of "+mode, r.dir, set)
		})
	}
}

// halfReport writes every other finding of a run of the command as its JSON report.
func halfReport(t *testing.T, mode, dir, to string) {
	t.Helper()
	bin, err := theirs()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, mode, "--no-banner", "--exit-code=0", "-f", "json", "-r", to, ".")
	cmd.Dir, cmd.Env = dir, fixedEnv(t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	var all, half []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(all); i += 2 {
		half = append(half, all[i])
	}
	if data, err = json.Marshal(half); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
