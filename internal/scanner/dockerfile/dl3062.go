package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3062", Severity: finding.Medium,
	Title:       "go installs a package without a version",
	Remediation: "Pin it: package@v1.2.3",
}, onCommand(func(r *report, c *command) {
	var loose []string
	for _, p := range goPackages(c) {
		if !fixedPackage(c.run, p.text) {
			loose = append(loose, p.text)
		}
	}
	if len(loose) > 0 {
		r.command(c, "go fetches %s without a version", quoteAll(loose))
	}
}, "go"))

// goValued are the flags of go install, get and run that take the next word as
// their value.
var goValued = []string{
	"C", "p", "asmflags", "buildmode", "compiler", "covermode", "coverpkg", "exec", "gccgoflags", "gcflags",
	"installsuffix", "ldflags", "mod", "modfile", "overlay", "pgo", "pkgdir", "tags", "toolexec",
}

// goPackages are the packages that a go command fetches: of run it is the first
// word only, what follows is its own.
func goPackages(c *command) []arg {
	args := goOperands(c.args())
	if len(args) == 0 {
		return nil
	}
	switch args[0].text {
	case "install", "get":
		return goOperands(args[1:])
	case "run":
		args = goOperands(args[1:])
		return args[:min(1, len(args))]
	}
	return nil
}

// goOperands drops the flags in front.
func goOperands(args []arg) []arg {
	for len(args) > 0 && strings.HasPrefix(args[0].text, "-") {
		name := strings.TrimLeft(args[0].text, "-")
		args = args[1:]
		if slices.Contains(goValued, name) && len(args) > 0 {
			args = args[1:]
		}
	}
	return args
}

// fixedPackage says whether a package is here already, or named with a version.
func fixedPackage(run *instruction, name string) bool {
	if value, rest := variableName(name); value != "" && rest == "" {
		if known, ok := run.variable(value); ok {
			name = known
		}
	}
	path, version, _ := strings.Cut(name, "@")
	switch {
	case strings.HasPrefix(path, "$(") || strings.HasPrefix(path, "`"):
		return true // what a command lists, which mostly is what is here
	case strings.HasPrefix(path, ".") || strings.HasPrefix(path, "/") || strings.HasSuffix(path, ".go"):
		return true
	case version == "":
		return slices.Contains([]string{"all", "std", "cmd", "tool", "work"}, path)
	}
	return !slices.Contains([]string{"latest", "none", "upgrade", "patch"}, version)
}
