package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/boltseal/boltseal/internal/cli"
)

// today is the day on which every script runs.
var today = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"boltseal": func() {
			os.Exit(cli.Main(context.Background(), os.Args[1:], cli.System{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
				Now:      func() time.Time { return today },
				Firmware: os.DevNull, // a test asks no metadata server, wherever it runs
			}))
		},
	})
}

// TestScripts runs the binary as a user does. Each script says in its first lines
// what it shows; `exits CODE boltseal …` demands an exit code.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			// No test uses the network: what is not on this machine goes to a proxy that is not there.
			env.Setenv("BOLTSEAL_DB_SOURCE", "none")
			env.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
			env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
			env.Setenv("TOKEN", "gh"+"p_"+strings.Repeat("x7Kq9ZtR4m", 3)+"Wd8sYv") // made up
			env.Setenv("TOKEN2", "gh"+"p_"+strings.Repeat("h3Vn8Wc5Lp", 3)+"Jf2gTz")
			env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, "gitconfig"))
			return os.WriteFile(filepath.Join(env.WorkDir, "gitconfig"), []byte("[user]\n\tname = t\n\temail = t@example.com\n[init]\n\tdefaultBranch = main\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"artifact":     artifact,
			"builton":      builton,
			"signs":        signs,
			"clouds":       clouds,
			"daemon":       daemon,
			"digest":       digest,
			"exits":        exits,
			"fill":         fill,
			"forge":        forge,
			"grow":         grow,
			"here":         here,
			"pull":         pull,
			"pushed":       pushed,
			"queued":       queued,
			"registry":     registry,
			"same":         same,
			"samefindings": sameFindings,
			"serve":        serve,
			"zips":         zips,
		},
	})
}
