package cli_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// forkOf is a workflow_run job about a fork's change whose commit can be fetched. base are
// files of the target branch, change those that the fork adds or edits.
func forkOf(t *testing.T, base, change map[string]string) *change {
	t.Helper()
	c := newFork(t)
	repo, bare := filepath.Join(c.dir, "repo"), filepath.Join(c.dir, "forge", "acme", "app.git")
	commit := func(files map[string]string, what string) string {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c.git(t, "add", "-A")
		c.git(t, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", what)
		return c.git(t, "rev-parse", "HEAD")
	}
	c.git(t, "rm", "-q", "Dockerfile")
	main := commit(base, "base")
	c.git(t, "push", "-q", "-f", bare, "HEAD:main")
	head := commit(change, "change")
	c.git(t, "push", "-q", "-f", bare, "HEAD:refs/pull/7/head")
	c.git(t, "reset", "-q", "--hard", main)
	c.git(t, "reflog", "expire", "--expire=now", "--all")
	c.git(t, "prune", "--expire=now")
	event, err := os.ReadFile(c.env["GITHUB_EVENT_PATH"])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.env["GITHUB_EVENT_PATH"], []byte(strings.ReplaceAll(string(event), forkHead, head)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.server.pulls = strings.ReplaceAll(c.server.pulls, forkHead, head)
	c.server.head = head
	advisories, err := filepath.Abs("../../examples/leaky-app/advisories")
	if err != nil {
		t.Fatal(err)
	}
	c.env["BOLTSEAL_DB"] = advisories
	return c
}

const (
	image  = "docker-archive:app.tar"
	lodash = `{"target":"` + image + `","ecosystem":"npm","name":"lodash","version":"4.17.15","purl":"pkg:npm/lodash@4.17.15","origin":"base"}`
	mild   = `{"fingerprint":"v1:y","rule":"CVE-2021-23337","scanner":"packages","target":"` + image + `","severity":"info","message":"x","new":false,"location":{"image":"app","origin":"base"},` +
		`"package":` + lodash + `,"advisory":{"id":"CVE-2021-23337"},"decision":{"action":"note","by":"x"}}`
	accepting = "version: 1\nexceptions:\n  - {match: {rule: DL4000}, reason: r, owner: o, approved-by: a, created: 2026-10-01, expires: 2026-12-01}\n"
)

// What can be looked at in the target repository is, whatever the fork's run says.
func TestPublishLooksItself(t *testing.T) {
	imageRow := `,{"scanner":"packages","target":"` + image + `","status":"ok","files":1,"bytes":9,"durationMs":1}`
	for name, tt := range map[string]struct {
		base, change              map[string]string
		rows, findings, packages  string
		conclusion, says, saysNot string
	}{
		"what the fork does not tell": {change: map[string]string{"Dockerfile": badDockerfile}, conclusion: "failure", says: "DL4000"},
		"what was there before is not new": {
			base: map[string]string{"Dockerfile": badDockerfile}, change: map[string]string{"a.txt": "a"}, findings: toldFinding, conclusion: "neutral", saysNot: "finding blocks",
		},
		"what the target's policy accepts": {
			base: map[string]string{".boltseal.yaml": accepting}, change: map[string]string{"Dockerfile": badDockerfile}, findings: toldFinding, conclusion: "neutral", saysNot: "finding blocks",
		},
		"what the fork's own policy accepts": {
			base: map[string]string{".boltseal.yaml": "version: 1\n"}, change: map[string]string{"Dockerfile": badDockerfile, ".boltseal.yaml": accepting}, conclusion: "failure", says: "DL4000",
		},
		"a package of an image that is not told to be vulnerable": {rows: imageRow, packages: lodash, conclusion: "failure", says: "lodash"},
		"a vulnerability that is told to be mild, and the base's": {rows: imageRow, packages: lodash, findings: mild, conclusion: "failure", says: "lodash"},
		"an image that was not scanned well":                      {rows: strings.Replace(imageRow, `"ok"`, `"failed","reason":"no such layer"`, 1), packages: lodash, conclusion: "failure", says: "no such layer"},
		"what only the fork has seen":                             {findings: strings.ReplaceAll(toldFinding, `"Dockerfile"`, `"made/Dockerfile"`), conclusion: "failure", says: "made/Dockerfile"},
		"what other tools pass over from the merge on":            {change: map[string]string{".gitleaksignore": "a.txt:rule:1\n"}, conclusion: "neutral", says: "The change adds .gitleaksignore"},
		"nothing": {conclusion: "neutral"},
	} {
		t.Run(name, func(t *testing.T) {
			c := forkOf(t, tt.base, tt.change)
			file := c.told(t, tt.findings)
			told, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Replace(string(told), `"durationMs":1}`, `"durationMs":1}`+tt.rows, 1)
			if tt.packages != "" {
				text = strings.Replace(text, `"findings":`, `"packages":[`+tt.packages+`],"findings":`, 1)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			code, printed := c.publish(t, file)
			if code != 0 || strings.Contains(printed, "fork's word") {
				t.Errorf("exit %d: %s", code, printed)
			}
			last := c.server.wrote[len(c.server.wrote)-1:]
			if diff := cmp.Diff([]string{fmt.Sprintf("POST /check-runs boltseal by the fork's word → main %s", tt.conclusion)}, last); diff != "" {
				t.Errorf("%s\n%s\n%s", diff, printed, c.server.bodies)
			}
			all := strings.Join(c.server.bodies, "")
			if !strings.Contains(all, "boltseal itself scanned the change's last commit") {
				t.Errorf("it does not say what was looked at:\n%s", all)
			}
			if !strings.Contains(all, "that the author of this change controls") {
				t.Errorf("it does not say whose word it is:\n%s", all)
			}
			if !strings.Contains(all, tt.says) || tt.saysNot != "" && strings.Contains(all, tt.saysNot) {
				t.Errorf("published:\n%s", all)
			}
		})
	}
}

// What a fork writes into its change may keep it from being scanned, which is no reason to
// believe the fork, or to say nothing.
func TestNoForkKeepsItsChangeFromBeingScanned(t *testing.T) {
	for name, tt := range map[string]struct{ policy, in, says string }{
		"a policy that cannot be read":   {"nonsense: [", "", ".boltseal.yaml of the change"},
		"a policy of another version":    {"version: 99\n", "", ".boltseal.yaml of the change"},
		"a policy that is too long":      {strings.Repeat("# a long policy\n", 1<<17), "", ".boltseal.yaml of the change"},
		"a folder that the change lacks": {"version: 1\n", "made", "is no folder of the change"},
	} {
		t.Run(name, func(t *testing.T) {
			c := forkOf(t, nil, map[string]string{".boltseal.yaml": tt.policy, "Dockerfile": badDockerfile})
			if err := os.MkdirAll(filepath.Join(c.dir, "repo", tt.in), 0o700); err != nil {
				t.Fatal(err)
			}
			c.below = tt.in
			code, printed := c.publish(t, c.told(t, ""))
			want := []string{"POST /issues/7/comments", "POST /check-runs boltseal by the fork's word → main failure"}
			if diff := cmp.Diff(want, c.server.wrote); diff != "" || code != 0 {
				t.Errorf("exit %d, %s: %s", code, diff, printed)
			}
			if all := strings.Join(c.server.bodies, ""); !strings.Contains(all, "the change was not scanned") || !strings.Contains(all, tt.says) {
				t.Errorf("it does not say why:\n%s", all)
			}
		})
	}
}

// What the publishing job asks for in its variables counts for all that is judged there.
func TestPublishBlocksWhatItsJobSays(t *testing.T) {
	for severity, conclusion := range map[string]string{"": "neutral", "high": "neutral", "medium": "failure", "some": "failure"} {
		t.Run(severity, func(t *testing.T) {
			c := forkOf(t, nil, map[string]string{"Dockerfile": "FROM debian:12\nRUN cd /x && ls\n"})
			c.env["BOLTSEAL_FAIL_ON"] = severity
			_, printed := c.publish(t, c.told(t, ""))
			if !strings.HasSuffix(strings.Join(c.server.wrote, ","), conclusion) {
				t.Errorf("wrote %v: %s\n%s", c.server.wrote, printed, c.server.bodies)
			}
		})
	}
}

// The policy that the publishing job names judges all of it, also what only the fork has
// seen, and alone. It is read at the trusted branch.
func TestPublishJudgesByThePolicyThatItsJobNames(t *testing.T) {
	lax := "version: 1\nrules:\n  - {id: all, action: note}\n"
	for name, tt := range map[string]struct{ named, conclusion string }{
		"one that notes all":         {"lax.yaml", "neutral"},
		"one that blocks as usually": {"usual.yaml", "failure"},
		"none":                       {"", "failure"},
	} {
		t.Run(name, func(t *testing.T) {
			c := forkOf(t, map[string]string{"lax.yaml": lax, "usual.yaml": "version: 1\n"}, map[string]string{"a.txt": "a", "lax.yaml": "version: 1\n", "usual.yaml": lax})
			c.env["BOLTSEAL_POLICY"] = tt.named
			_, printed := c.publish(t, c.told(t, strings.ReplaceAll(toldFinding, `"Dockerfile"`, `"made/Dockerfile"`)))
			if !strings.HasSuffix(strings.Join(c.server.wrote, ","), tt.conclusion) {
				t.Errorf("wrote %v: %s\n%s", c.server.wrote, printed, c.server.bodies)
			}
		})
	}
}

// So do its variables where the change cannot be fetched, and what they say wrong.
func TestPublishHeedsItsJobWhereTheChangeCannotBeFetched(t *testing.T) {
	told := strings.Replace(toldFinding, "DL4000", "DL3000000", 1) // none of ours: its severity is believed
	for name, tt := range map[string]struct {
		env  map[string]string
		code int
		says string
	}{
		"no variable":                 {nil, 0, "no verdict"},
		"a severity that blocks":      {map[string]string{"BOLTSEAL_FAIL_ON": "info"}, 0, "blocked: 1 finding blocks"},
		"a policy that blocks":        {map[string]string{"BOLTSEAL_POLICY": "strict.yaml"}, 0, "blocked: 1 finding blocks"},
		"a policy that is not there":  {map[string]string{"BOLTSEAL_POLICY": "none.yaml"}, 3, ""},
		"a time that is none":         {map[string]string{"BOLTSEAL_TIMEOUT": "soon"}, 2, ""},
		"a severity that there isn't": {map[string]string{"BOLTSEAL_FAIL_ON": "some"}, 0, "unknown severity"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newFork(t)
			if err := os.WriteFile(filepath.Join(c.dir, "repo", "strict.yaml"), []byte("version: 1\nrules:\n  - {id: all, action: block}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			c.git(t, "add", "-A")
			c.git(t, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "policy")
			c.git(t, "push", "-q", "-f", filepath.Join(c.dir, "forge", "acme", "app.git"), "HEAD:main")
			maps.Copy(c.env, tt.env)
			code, printed := c.publish(t, c.told(t, told))
			if code != tt.code {
				t.Errorf("exit %d: %s", code, printed)
			}
			all := strings.Join(c.server.bodies, "")
			if tt.code != 0 && all != "" {
				t.Errorf("published:\n%s", all)
			}
			if tt.code == 0 && (!strings.Contains(all, tt.says) || !strings.Contains(all, `"failure"`)) {
				t.Errorf("published no failure that says %q:\n%s\n%s", tt.says, all, printed)
			}
		})
	}
}
