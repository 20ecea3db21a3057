package secrets_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// beyondClass is an entry of testdata/beyond.yaml.
type beyondClass struct {
	Class, Gitleaks, Ours string
	Trap                  int
}

// cases show, for each class, that the command behaves so and we do better.
var cases = map[string]func(t *testing.T){
	chunkBorder:           caseChunkBorder,
	"column":              caseColumn,
	archiveName:           caseArchiveName,
	likeProgram:           caseLikeProgram,
	"typed-path":          caseTypedPath,
	toldTwice:             caseToldTwice,
	pathRuleOnce:          casePathRuleOnce,
	binaryName:            caseBinaryName,
	"order":               caseOrder,
	"followed-link":       caseFollowedLink,
	"missing-object":      caseMissingObject,
	"broken-diff":         caseBrokenDiff,
	mergeCommit:           caseMergeCommit,
	noDiff:                caseDiffAttribute,
	gitBinary:             caseBinaryToGit,
	"user-configuration":  caseUserConfiguration,
	"empty-configuration": caseEmptyConfiguration,
	otherEncoding:         caseByteOrderMark,
	typeChange:            caseTypeChange,
	lastLine:              caseLastLine,
	lineBelow:             caseLineBelow,
	allowedFolder:         caseAllowedFolder,
	andCondition:          caseAndCondition,
}

func TestEveryClassOfDifferencesHasACase(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "beyond.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var classes []beyondClass
	if err := yaml.Unmarshal(data, &classes); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range classes {
		names = append(names, c.Class)
		if c.Gitleaks == "" || c.Ours == "" {
			t.Errorf("class %q does not say what each program does", c.Class)
		}
		run := cases[c.Class]
		if run == nil {
			continue
		}
		t.Run(c.Class, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
	slices.Sort(names)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(cases)), names); diff != "" {
		t.Errorf("cases and classes differ (-cases +classes):\n%s", diff)
	}
}

// secretsOf gives what was found, as "rule line secret's hash", sorted.
func secretsOf(t *testing.T, leaks []leak, res scan.Result) (their, our []string) {
	t.Helper()
	for _, l := range leaks {
		hash := ""
		if l.secret != "" {
			hash = hasher.Hash(l.secret)
		}
		their = append(their, l.rule+" "+hash)
	}
	for _, f := range res.Findings {
		if f.Ignored != "" {
			continue
		}
		hash := ""
		if f.Secret != nil {
			hash = f.Secret.Hash
		}
		our = append(our, f.Rule+" "+hash)
	}
	slices.Sort(their)
	slices.Sort(our)
	return their, our
}

// want fails where the programs do not find these texts by these rules, "rule" and
// "secret" in turn; an empty secret is a file's name.
func want(t *testing.T, who string, got []string, pairs ...string) {
	t.Helper()
	var expect []string
	for i := 0; i+1 < len(pairs); i += 2 {
		hash := ""
		if pairs[i+1] != "" {
			hash = hasher.Hash(pairs[i+1])
		}
		expect = append(expect, pairs[i]+" "+hash)
	}
	slices.Sort(expect)
	if diff := cmp.Diff(expect, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", who, diff)
	}
}

const (
	awsRule     = "aws-access-token"
	githubRule  = "github-pat"
	genericRule = "generic-api-key"
	p12Rule     = "pkcs12-file"
)

// onTree runs both programs over a tree.
func onTree(t *testing.T, f files) (their, our []string) {
	t.Helper()
	dir := real(t, f.write(t, t.TempDir()))
	return secretsOf(t, theirRun{mode: "dir", target: dir}.run(t), oursOn(t, openTree(t, dir), dir, settings{}))
}

// onHistory runs both programs over a history.
func onHistory(t *testing.T, r *repo) (their, our []string) {
	t.Helper()
	leaks := theirRun{mode: "git", target: real(t, r.dir)}.run(t)
	return secretsOf(t, leaks, oursOn(t, openHistory(t, real(t, r.dir), ""), r.dir, settings{}))
}

func caseChunkBorder(t *testing.T) {
	rng := seeded(500)
	lost, value := awsKey(rng), word(rng, 40)
	key := `api_` + `key = "` + value
	flat := func(n int) string { return strings.ReplaceAll(prose(rng, n-1, false), "\n\n", " \n") + "\n" }
	their, our := onTree(t, files{
		"lost.txt": flat(124_990) + lost + "\n",
		"cut.txt":  flat(125_000-len(key)+10) + key + `"` + "\n",
	})
	want(t, "gitleaks", their, genericRule, value[:30])
	want(t, "ours", our, awsRule, lost, genericRule, value)
}

func caseColumn(t *testing.T) {
	rng := seeded(501)
	dir := real(t, files{"a.txt": "first\n" + awsKey(rng) + "\n"}.write(t, t.TempDir()))
	leaks := theirRun{mode: "dir", target: dir}.run(t)
	res := oursOn(t, openTree(t, dir), dir, settings{})
	if len(leaks) != 1 || len(res.Findings) != 1 {
		t.Fatalf("gitleaks finds %d, ours %d", len(leaks), len(res.Findings))
	}
	if leaks[0].column != 2 || res.Findings[0].Location.StartColumn != 1 {
		t.Errorf("the column is %d for gitleaks, for us %d", leaks[0].column, res.Findings[0].Location.StartColumn)
	}
}

func caseArchiveName(t *testing.T) {
	rng := seeded(502)
	a, b := awsKey(rng), awsKey(rng)
	their, our := onTree(t, files{"a.browser.js": a + "\n", "b.gzip.md": b + "\n"})
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, a, awsRule, b)
}

func caseLikeProgram(t *testing.T) {
	rng := seeded(503)
	f, pairs := make(files), []string(nil)
	for i, head := range []string{"MZ", "%!PS", "%PDF", `{\rtf`} {
		s := awsKey(rng)
		f[fmt.Sprintf("%d.txt", i)] = head + " is how it begins\n" + s + "\n"
		pairs = append(pairs, awsRule, s)
	}
	late := awsKey(rng)
	f["late.txt"] = strings.ReplaceAll(prose(rng, 125_000, false), "\n", " ") + "MZ " + late
	their, our := onTree(t, f)
	want(t, "gitleaks", their)
	want(t, "ours", our, append(pairs, awsRule, late)...)
}

func caseTypedPath(t *testing.T) {
	s := awsKey(seeded(504))
	dir := filepath.Join(real(t, t.TempDir()), "node_modules", "project")
	files{"a.txt": s + "\n"}.write(t, dir)
	inside := theirRun{mode: "dir", target: dir}.run(t)
	outside := theirRun{mode: "dir", target: dir, source: dir}.run(t)
	their, our := secretsOf(t, inside, oursOn(t, openTree(t, dir), dir, settings{}))
	want(t, "gitleaks inside the folder", their, awsRule, s)
	their, _ = secretsOf(t, outside, scan.Result{})
	want(t, "gitleaks given the whole path", their)
	want(t, "ours", our, awsRule, s)
}

func caseToldTwice(t *testing.T) {
	s := awsKey(seeded(505))
	their, our := onTree(t, files{"a.txt": s + "%20\n"})
	want(t, "gitleaks", their, awsRule, s, awsRule, s)
	want(t, "ours", our, awsRule, s)
}

func casePathRuleOnce(t *testing.T) {
	their, our := onTree(t, files{"a.p12": strings.Repeat("text of a line\n", 20_000)})
	if len(their) < 2 {
		t.Errorf("gitleaks reports the file %d times", len(their))
	}
	want(t, "ours", our, p12Rule, "")
}

func caseBinaryName(t *testing.T) {
	r := newRepo(t, 506)
	r.commit(files{"a.p12": "0\x82\x00" + randomBytes(r.rng, 2_000)})
	their, our := onHistory(t, r)
	want(t, "gitleaks", their)
	want(t, "ours", our, p12Rule, "")
}

func caseOrder(t *testing.T) {
	rng := seeded(507)
	f := make(files)
	for i := range 8 {
		f[fmt.Sprintf("%d.txt", i)] = strings.Repeat("x\n", i) + awsKey(rng) + "\n" + githubToken(rng) + "\n" + slackToken(rng) + "\n" + jwt(rng) + "\n"
	}
	dir := real(t, f.write(t, t.TempDir()))
	order := func() (their, our string) {
		for _, l := range (theirRun{mode: "dir", target: dir}).run(t) {
			their += l.rule + l.secret
		}
		for _, f := range oursOn(t, openTree(t, dir), dir, settings{}).Findings {
			our += f.Rule + f.Location.Path
		}
		return their, our
	}
	their, our := order()
	differs := false
	for range 10 {
		again, ourAgain := order()
		differs = differs || again != their
		if ourAgain != our {
			t.Error("our order differs from run to run")
		}
	}
	if !differs {
		t.Error("the order of gitleaks is the same in 11 runs")
	}
}

func caseFollowedLink(t *testing.T) {
	s := awsKey(seeded(508))
	dir := real(t, files{"a.txt": s + "\n"}.write(t, t.TempDir()))
	if err := os.Symlink("a.txt", filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	leaks := theirRun{mode: "dir", target: dir, flags: []string{"--follow-symlinks"}}.run(t)
	their, our := secretsOf(t, leaks, oursOn(t, openTree(t, dir), dir, settings{}))
	want(t, "gitleaks", their, awsRule, s, awsRule, s)
	want(t, "ours", our, awsRule, s)
}

func caseMissingObject(t *testing.T) {
	r := newRepo(t, 509)
	r.commit(files{"a.txt": awsKey(r.rng) + "\n"})
	r.commit(files{"b.txt": githubToken(r.rng) + "\n"})
	blob := strings.TrimSpace(r.git("rev-parse", "HEAD:b.txt"))
	if err := os.Remove(filepath.Join(r.dir, ".git", "objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	leaks, code, _ := theirRun{mode: "git", target: real(t, r.dir), flags: []string{"--exit-code=1"}}.try(t)
	if len(leaks) != 0 || code != 0 {
		t.Errorf("gitleaks finds %d and ends with %d", len(leaks), code)
	}
	res := oursOn(t, openHistory(t, real(t, r.dir), ""), r.dir, settings{})
	if res.Status != finding.StatusFailed && res.Status != finding.StatusPartial {
		t.Errorf("ours is %q: %s", res.Status, res.Reason)
	}
}

func caseBrokenDiff(t *testing.T) {
	r := newRepo(t, 510)
	s := awsKey(r.rng)
	r.commit(files{"a.txt": s + "\n"})
	files{"b.txt": "x\n"}.write(t, r.dir)
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "x\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n!not a diff\n")
	r.git("config", "format.pretty", "format:commit %H%n%B")
	leaks, code, _ := theirRun{mode: "git", target: real(t, r.dir), flags: []string{"--exit-code=1"}}.try(t)
	if len(leaks) != 0 || code != 0 {
		t.Errorf("gitleaks finds %d and ends with %d", len(leaks), code)
	}
	_, our := secretsOf(t, nil, oursOn(t, openHistory(t, real(t, r.dir), ""), r.dir, settings{}))
	want(t, "ours", our, awsRule, s)
}

func caseMergeCommit(t *testing.T) {
	r := newRepo(t, 511)
	r.commit(files{"a.txt": "x\n"})
	r.git("checkout", "-q", "-b", "side")
	r.commit(files{"b.txt": "x\n"})
	r.git("checkout", "-q", "main")
	r.commit(files{"c.txt": "x\n"})
	r.git("merge", "-q", "--no-ff", "--no-commit", "side")
	s := awsKey(r.rng)
	r.commit(files{"merged.txt": s + "\n"})
	their, our := onHistory(t, r)
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseDiffAttribute(t *testing.T) {
	r := newRepo(t, 512)
	s := awsKey(r.rng)
	r.commit(files{".gitattributes": "a.txt -diff\n", "a.txt": s + "\n"})
	their, our := onHistory(t, r)
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseBinaryToGit(t *testing.T) {
	r := newRepo(t, 520)
	s := awsKey(r.rng)
	r.commit(files{"a.dat": "\x00\x01\n" + s + "\n"})
	their, our := onHistory(t, r)
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseUserConfiguration(t *testing.T) {
	r := newRepo(t, 513)
	s := awsKey(r.rng)
	r.commit(files{"a.txt": s + "\n"})
	their, _ := secretsOf(t, theirRun{mode: "git", target: real(t, r.dir)}.run(t), scan.Result{})
	want(t, "gitleaks without a configuration", their, awsRule, s)
	r.git("config", "color.ui", "always")
	their, our := onHistory(t, r)
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseEmptyConfiguration(t *testing.T) {
	dir := real(t, files{"a.txt": awsKey(seeded(514)) + "\n"}.write(t, t.TempDir()))
	config := filepath.Join(t.TempDir(), "empty.toml")
	if err := os.WriteFile(config, []byte("title = \"nothing\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set := settings{config: config}
	their, _ := secretsOf(t, theirRun{mode: "dir", target: dir, set: set}.run(t), scan.Result{})
	want(t, "gitleaks", their)
	if _, err := scannerFor("", dir, set); err == nil {
		t.Error("ours takes a configuration without rules")
	}
}

func caseByteOrderMark(t *testing.T) {
	s := awsKey(seeded(515))
	their, our := onTree(t, files{"a.txt": utf16Of("first\n"+s+"\n", true, true)})
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseLastLine(t *testing.T) {
	rng := seeded(517)
	allowed, s := awsKey(rng), awsKey(rng)
	text := "first\n" + allowed + " # " + allow + "\nlast: " + s
	their, our := onTree(t, files{"a.txt": text, "b.txt": text + "\n"})
	want(t, "gitleaks", their, awsRule, s)
	want(t, "ours", our, awsRule, s, awsRule, s)
}

func caseLineBelow(t *testing.T) {
	rng := seeded(518)
	s := word(rng, 40)
	their, our := onTree(t, files{"a.txt": "api_" + "key = " + base64Of(s) + "\nx // " + allow + "\n"})
	want(t, "gitleaks", their, genericRule, base64Of(s))
	want(t, "ours", our, genericRule, base64Of(s), genericRule, s)
}

// withConfig runs both programs over a tree with a configuration.
func withConfig(t *testing.T, f files, toml string) (their, our []string) {
	t.Helper()
	dir, folder := real(t, f.write(t, t.TempDir())), t.TempDir()
	files{"own.toml": toml}.write(t, folder)
	set := settings{config: filepath.Join(folder, "own.toml")}
	return secretsOf(t, theirRun{mode: "dir", target: dir, set: set}.run(t), oursOn(t, openTree(t, dir), dir, set))
}

func caseAllowedFolder(t *testing.T) {
	s := awsKey(seeded(519))
	their, our := withConfig(t, files{"folder/a.txt": s + "\n"}, "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''^folder$''']\n")
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseAndCondition(t *testing.T) {
	s := awsKey(seeded(520))
	their, our := withConfig(t, files{"folder/a.txt": s + "\n"},
		"[extend]\nuseDefault = true\n[[allowlists]]\ncondition = \"AND\"\npaths = ['''^folder/''']\nregexes = ['''^nothing$''']\n")
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}

func caseTypeChange(t *testing.T) {
	r := newRepo(t, 516)
	link := filepath.Join(r.dir, "a.txt")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	r.all()
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	s := awsKey(r.rng)
	r.commit(files{"a.txt": s + "\n"})
	their, our := onHistory(t, r)
	want(t, "gitleaks", their)
	want(t, "ours", our, awsRule, s)
}
