package imageconfig_test

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// caseImage builds the image that the files of a page's case describe:
//
//	config.json      the image configuration, as in OCI
//	sizes            the sizes of its layers, as they are stored
//	reference        the name that the image was found under
//	layers/N/PATH    a file of layer N
//	layers/N.modes   a line an entry: "MODE PATH [UID GID [SIZE [DATE]]]", the mode in
//	                 octal with the type as stat(2) has it (100644 file, 40755
//	                 folder), "120777 PATH TARGET" or "whiteout PATH"; a size of
//	                 elf/ARCHITECTURE is a program for that; behind all of it may
//	                 stand file capabilities in hexadecimal digits, as
//	                 "permitted=2000", "inheritable=2000" and "effective"
func caseImage(files []rule.File) (scan.Source, error) {
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64"}
	layers := []scantest.Layer{}
	reference := "app"
	var sizes []int64
	layer := func(number string) (*scantest.Layer, error) {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 9 {
			return nil, fmt.Errorf("no layer number: %q", number)
		}
		for len(layers) < n {
			layers = append(layers, scantest.Layer{
				Digest:      fmt.Sprintf("sha256:%064d", len(layers)+1),
				Instruction: fmt.Sprintf("COPY layer%d /", len(layers)+1),
			})
		}
		return &layers[n-1], nil
	}
	for _, f := range files {
		rest, inLayer := strings.CutPrefix(f.Path, "layers/")
		number, path, isFile := strings.Cut(rest, "/")
		switch {
		case f.Path == "config.json":
			if err := json.Unmarshal(f.Data, config); err != nil {
				return nil, err
			}
		case f.Path == "reference":
			reference = strings.TrimSpace(string(f.Data))
		case f.Path == "sizes":
			for i, word := range strings.Fields(string(f.Data)) {
				if _, err := layer(strconv.Itoa(i + 1)); err != nil {
					return nil, err
				}
				n, err := strconv.ParseInt(word, 10, 64)
				if err != nil {
					return nil, err
				}
				sizes = append(sizes, n)
			}
		case inLayer && isFile:
			l, err := layer(number)
			if err != nil {
				return nil, err
			}
			l.Files = append(l.Files, scantest.Text(path, string(f.Data)))
		case inLayer && strings.HasSuffix(rest, ".modes"):
			l, err := layer(strings.TrimSuffix(rest, ".modes"))
			if err != nil {
				return nil, err
			}
			for line := range strings.Lines(string(f.Data)) {
				entry, err := parseEntry(strings.Fields(line))
				if err != nil {
					return nil, err
				}
				l.Files = append(l.Files, entry)
			}
		default:
			return nil, fmt.Errorf("what is %q?", f.Path)
		}
	}
	src := scantest.Image("app", config, layers...)
	src.Target().Image.Reference = reference
	for i, n := range sizes {
		src.Target().Image.Layers[i].Size = n
	}
	return src, nil
}

// program is the beginning of a program for an architecture.
func program(architecture string) ([]byte, error) {
	machine, ok := map[string]elf.Machine{
		"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "s390x": elf.EM_S390, "bpf": elf.EM_BPF,
	}[architecture]
	if !ok {
		return nil, fmt.Errorf("no architecture: %q", architecture)
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	data := elf.ELFDATA2LSB
	if machine == elf.EM_S390 {
		order, data = binary.BigEndian, elf.ELFDATA2MSB
	}
	head := []byte(elf.ELFMAG)
	head = append(head, byte(elf.ELFCLASS64), byte(data), byte(elf.EV_CURRENT))
	head = append(head, make([]byte, 16-len(head))...)
	head = order.AppendUint16(head, uint16(elf.ET_DYN))
	head = order.AppendUint16(head, uint16(machine))
	return append(head, make([]byte, 64)...), nil
}

func parseEntry(fields []string) (scantest.File, error) {
	if len(fields) < 2 {
		return scantest.File{}, fmt.Errorf("no entry: %q", fields)
	}
	e := scantest.File{Entry: scan.Entry{Path: fields[1], Size: 1}}
	if fields[0] == "whiteout" {
		e.Kind = scan.Whiteout
		return e, nil
	}
	mode, err := strconv.ParseUint(fields[0], 8, 32)
	if err != nil {
		return e, fmt.Errorf("reading mode: %w", err)
	}
	e.Mode = fs.FileMode(mode & 0o777)
	for bit, to := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if mode&bit != 0 {
			e.Mode |= to
		}
	}
	switch mode & 0o170000 {
	case 0o100000:
	case 0o40000:
		e.Kind = scan.Dir
	case 0o120000:
		e.Kind, e.Link = scan.Symlink, "target"
		if len(fields) > 2 {
			e.Link = fields[2]
		}
		return e, nil
	default:
		return e, fmt.Errorf("mode %s has no type", fields[0])
	}
	rest, err := parseCapabilities(&e, fields[2:])
	if err != nil {
		return e, err
	}
	return e, parseRest(&e, rest)
}

// parseCapabilities reads what stands behind an entry, and gives what stands before.
func parseCapabilities(e *scantest.File, fields []string) ([]string, error) {
	for len(fields) > 0 {
		name, digits, _ := strings.Cut(fields[len(fields)-1], "=")
		n := uint64(0)
		switch name {
		case "permitted", "inheritable":
			var err error
			if n, err = strconv.ParseUint(digits, 16, 64); err != nil {
				return nil, fmt.Errorf("reading capabilities: %w", err)
			}
		case "effective":
		default:
			return fields, nil
		}
		if e.Capabilities == nil {
			e.Capabilities = new(filecap.Set)
		}
		switch name {
		case "permitted":
			e.Capabilities.Permitted = filecap.Bits(n)
		case "inheritable":
			e.Capabilities.Inheritable = filecap.Bits(n)
		default:
			e.Capabilities.Effective = true
		}
		fields = fields[:len(fields)-1]
	}
	return fields, nil
}

// parseRest reads "UID GID [SIZE [DATE]]".
func parseRest(e *scantest.File, fields []string) error {
	if len(fields) > 3 {
		when, err := time.Parse(time.DateOnly, fields[3])
		if err != nil {
			return fmt.Errorf("reading date: %w", err)
		}
		e.ModTime = when
		fields = fields[:3]
	}
	if len(fields) > 2 {
		if architecture, ok := strings.CutPrefix(fields[2], "elf/"); ok {
			var err error
			e.Size = 0
			if e.Data, err = program(architecture); err != nil {
				return err
			}
			fields = fields[:2]
		}
	}
	numbers := []int64{0, 0, e.Size}
	for i, text := range fields {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("reading entry: %w", err)
		}
		numbers[i] = n
	}
	e.UID, e.GID, e.Size = int(numbers[0]), int(numbers[1]), numbers[2]
	return nil
}

// lines are findings as text, sorted.
func lines(res scan.Result) []string {
	var out []string
	for _, f := range res.Findings {
		out = append(out, fmt.Sprintf("%s %s:%d %s %s", f.Rule, f.Location.Path, f.Location.StartLine, f.Severity, f.Message))
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

func historyOf(instruction string) v1.History { return v1.History{CreatedBy: instruction} }
