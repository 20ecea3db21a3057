package imageconfig

import (
	"debug/elf"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/wrong-architecture",
	Title:       "A program is made for another architecture than the image",
	Severity:    finding.Medium,
	Remediation: "Copy the program that is built for the image's platform: in a Dockerfile, TARGETARCH names it",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{file: isProgram, find: foreignPrograms, config: true})

// machinesOf are what processors of an architecture run, their own programs first.
// Architectures that are not listed are not looked at.
var machinesOf = map[string][]elf.Machine{
	"386":      {elf.EM_386},
	"amd64":    {elf.EM_X86_64, elf.EM_386},
	"arm":      {elf.EM_ARM},
	"arm64":    {elf.EM_AARCH64, elf.EM_ARM},
	"loong64":  {elf.EM_LOONGARCH},
	"mips64le": {elf.EM_MIPS},
	"ppc64le":  {elf.EM_PPC64},
	"riscv64":  {elf.EM_RISCV},
	"s390x":    {elf.EM_S390},
}

// known are all machines that an image can be for: others are of firmware and of
// programs for the kernel.
func known(m elf.Machine) bool {
	for _, machines := range machinesOf {
		if slices.Contains(machines, m) {
			return true
		}
	}
	return false
}

// foreignPrograms looks at what is started by name: programs in the folders of PATH,
// and what the image starts. Elsewhere many packages bring programs for every
// architecture and choose when they run.
func foreignPrograms(img *image) []issue {
	runs := machinesOf[img.Config.Architecture]
	if len(runs) == 0 || img.Config.OS != "linux" && img.Config.OS != "" {
		return nil
	}
	starts := img.starts()
	folders := img.searched()
	var foreign []file
	made := make(map[string]bool)
	for _, f := range img.files {
		m, ok := img.machines[f.at]
		if !ok || slices.Contains(runs, m) || !known(m) || f.path != starts && !folders[path.Dir(f.path)] {
			continue
		}
		made[machineName(m)] = true
		foreign = append(foreign, f)
		if f.path == starts { // tell of it first
			foreign[0], foreign[len(foreign)-1] = f, foreign[0]
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return []issue{{
		message: fmt.Sprintf("%s for %s, but the image says %s: %s", areMade(len(foreign)),
			strings.Join(slices.Sorted(maps.Keys(made)), " and "), img.Config.Architecture, some(foreign)),
		subject: "architecture", path: foreign[0].path, at: &foreign[0],
	}}
}

func areMade(n int) string {
	if n == 1 {
		return "1 program is made"
	}
	return fmt.Sprintf("%d programs are made", n)
}

// machineName is how images call a machine.
func machineName(m elf.Machine) string {
	var names []string
	for name, machines := range machinesOf {
		if machines[0] == m {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return m.String()
	}
	return slices.Min(names)
}

// defaultPath is where runtimes look without PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// searched are the folders of PATH, with links resolved.
func (img *image) searched() map[string]bool {
	list := defaultPath
	for _, e := range img.Config.Config.Env {
		if value, ok := strings.CutPrefix(e, "PATH="); ok {
			list = value
		}
	}
	folders := make(map[string]bool)
	for dir := range strings.SplitSeq(list, ":") {
		if !path.IsAbs(dir) || len(folders) >= maxFolders {
			continue
		}
		dir = strings.TrimPrefix(path.Clean(dir), "/")
		if real, _, _, ok := img.view.Resolve(dir); ok {
			dir = real
		}
		folders[dir] = true
	}
	return folders
}

// maxFolders is how many folders of PATH are looked at.
const maxFolders = 100

// starts is the program that the image starts, where it is named by its full path.
func (img *image) starts() string {
	c := &img.Config.Config
	command := slices.Concat(c.Entrypoint, c.Cmd)
	if len(command) == 0 || !path.IsAbs(command[0]) {
		return ""
	}
	real, _, _, ok := img.view.Resolve(command[0])
	if !ok {
		return ""
	}
	return real
}
