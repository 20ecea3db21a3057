// Command boltseal is a gate between a change and production: it scans trees and
// container images and gives one verdict from one policy file.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/boltseal/boltseal/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal kills
	context.AfterFunc(ctx, stop) // the second signal kills
	code := cli.Main(ctx, os.Args[1:], cli.System{
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Getenv:   os.Getenv,
		Width:    func() int { return width(os.Stdout) },
		Columns:  func() int { return width(os.Stderr) },
		Terminal: func() bool { return term.IsTerminal(int(os.Stderr.Fd())) },
	})
	stop()
	os.Exit(code)
}

// width is the terminal's, 0 when the file is none.
func width(f *os.File) int {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return 0
	}
	w, _, err := term.GetSize(fd)
	if err != nil {
		return 80
	}
	return w
}
