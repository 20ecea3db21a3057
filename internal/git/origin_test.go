package git_test

import (
	"os/exec"
	"testing"

	"github.com/boltseal/boltseal/internal/git"
)

func TestOrigin(t *testing.T) {
	for name, test := range map[string]struct{ origin, address, header string }{
		"none":              {"", "", ""},
		"https":             {"https://git.example/acme/app.git", "https://git.example/acme/app.git", ""},
		"with credentials":  {"https://ci:word@git.example/acme/app", "https://git.example/acme/app", "Authorization: Basic Y2k6d29yZA=="},
		"with a name":       {"https://acme@git.example/acme/app", "https://git.example/acme/app", ""},
		"ssh":               {"git@git.example:acme/app.git", "", ""},
		"ssh as an address": {"ssh://git@git.example/acme/app.git", "", ""},
		"a folder":          {"/srv/app.git", "", ""},
		"no address":        {"https://[", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			run := func(args ...string) {
				t.Helper()
				if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
					t.Fatalf("git %v: %v\n%s", args, err, out)
				}
			}
			run("init", "-q")
			if test.origin != "" {
				run("config", "remote.origin.url", test.origin)
			}
			repo, err := git.Find(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			address, header, err := repo.Origin(t.Context())
			if err != nil || address != test.address || header != test.header {
				t.Errorf("%q, %q, %v", address, header, err)
			}
		})
	}
}
