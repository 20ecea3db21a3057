//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asMain is the variable with which the test's binary is the program.
const asMain = "BOLTSEAL_TEST_IS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestTheSecondSignalKills: the first one ends a scan in order, which nobody who reads a
// report slowly can keep from ending; the second one ends it whatever it does.
func TestTheSecondSignalKills(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "report")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	// More than fits into a pipe.
	cmd := exec.CommandContext(t.Context(), os.Args[0], "scan", "--scanners", "dockerfile", "-f", "table", "-f", "json="+pipe, "-")
	cmd.Env = append(os.Environ(), asMain+"=1")
	cmd.Stdin = strings.NewReader("FROM scratch\n" + strings.Repeat("MAINTAINER me\n", 2000))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(pipe) // waits until the report is being written
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
				t.Errorf("it ended with %v", err)
			}
			return
		default:
		}
	}
}
