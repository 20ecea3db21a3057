// Package gittest serves repositories over HTTP on this machine, as a forge does.
package gittest

import (
	"context"
	"net/http"
	"net/http/cgi" //nolint:gosec // for tests: it serves the test's own repositories on loopback
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Handler serves the bare repositories below a folder through git's own server. A
// commit can be asked for by its id, as forges allow. Where header is not empty, a
// request without it as its Authorization is refused.
func Handler(ctx context.Context, root, header string) (http.Handler, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, git, "--exec-path").Output()
	if err != nil {
		return nil, err
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"),
		Env: []string{
			"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_COUNT=2",
			"GIT_CONFIG_KEY_0=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_0=true",
			"GIT_CONFIG_KEY_1=safe.directory", "GIT_CONFIG_VALUE_1=*",
			"PATH=" + os.Getenv("PATH"), //nolint:forbidigo // git's own server needs its git
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if header != "" && r.Header.Get("Authorization") != header {
			w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}), nil
}
