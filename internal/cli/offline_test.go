package cli_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/boltseal/boltseal/internal/cli"
)

// TestOfflineTouchesNoNetwork has every request go through a proxy that counts them.
func TestOfflineTouchesNoNetwork(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var connections atomic.Int64
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_, _ = c.Write([]byte("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			_ = c.Close()
		}
	}()
	dir := t.TempDir()
	lock := `{"name":"app","lockfileVersion":3,"packages":{"node_modules/p":{"version":"1.0.0"}}}`
	if err := os.WriteFile(filepath.Join(dir, "package-lock.json"), []byte(lock), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": filepath.Join(dir, "home"), "HTTPS_PROXY": "http://" + listener.Addr().String()}
	run := func(args ...string) (code int, errs string) {
		var stderr bytes.Buffer
		code = cli.Main(t.Context(), args, cli.System{
			Stdin: &bytes.Buffer{}, Stdout: &bytes.Buffer{}, Stderr: &stderr, Getenv: func(name string) string { return env[name] },
		})
		return code, stderr.String()
	}
	example, err := filepath.Abs("../../examples/leaky-app")
	if err != nil {
		t.Fatal(err)
	}
	base := []string{"scan", "--scanners", "imageconfig", "-c", filepath.Join(dir, "note.yaml"), example, "oci-dir:" + filepath.Join(example, "image")}
	if err := os.WriteFile(base[4], []byte("version: 1\nrules: [{id: all, action: note}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, errs := run(append(base, "--offline")...); code != cli.ExitPass {
		t.Errorf("looking for a base: exit code %d\n%s", code, errs)
	}
	sources := []string{"osv", "osv:https://a.example", "https://a.example/db", "oci:a.example/db:1"}
	gone, kept := filepath.Join(dir, "gone.tar"), t.TempDir()
	for _, source := range sources {
		for _, args := range [][]string{
			{"scan", "--offline", "--db-source", source, dir},
			{"ci", "--offline", "--db-source", source, "--path", dir, "--output-dir", filepath.Join(dir, "out")},
			{"db", "update", "--offline", "--ecosystem", "npm", "--from", source},
			{"scan", "--offline", "--cache-dir", kept, "--db-source", gone + ", " + source, dir},
			{"db", "update", "--offline", "--db", kept, "--ecosystem", "npm", "--from", gone + ", " + source},
			{"db", "status"},
			{"db", "export", "-o", filepath.Join(dir, "x.tar")},
		} {
			if code, errs := run(args...); code != cli.ExitNone && code != cli.ExitUsage {
				t.Errorf("%q: exit code %d\n%s", args, code, errs)
			}
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	if _, err := os.Stat(env["HOME"]); err == nil {
		t.Error("a folder for a database was made")
	}
	if code, errs := run(base...); code != cli.ExitPass || connections.Load() == 0 {
		t.Errorf("looking for a base without --offline: exit code %d, %d connections\n%s", code, connections.Load(), errs)
	}
	for _, source := range sources { // the test sees what it is to see
		before := connections.Load()
		if code, errs := run("scan", "--scanners", "packages", "--db-source", source, dir); code != cli.ExitNone || connections.Load() == before {
			t.Errorf("%s without --offline: exit code %d and no connection\n%s", source, code, errs)
		}
	}
}
