package imageconfig_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// caseImage builds the image that the files of a page's case describe:
//
//	config.json      the image configuration, as in OCI
//	layers/N/PATH    a file of layer N
//	layers/N.modes   a line an entry: "MODE PATH [UID GID [SIZE]]", the mode in octal
//	                 with the type as stat(2) has it (100644 file, 40755 folder,
//	                 120777 link), or "whiteout PATH"
func caseImage(files []rule.File) (scan.Source, error) {
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64"}
	layers := []scantest.Layer{}
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
				l.Files = append(l.Files, scantest.File{Entry: entry})
			}
		default:
			return nil, fmt.Errorf("what is %q?", f.Path)
		}
	}
	return scantest.Image("app", config, layers...), nil
}

func parseEntry(fields []string) (scan.Entry, error) {
	if len(fields) < 2 {
		return scan.Entry{}, fmt.Errorf("no entry: %q", fields)
	}
	e := scan.Entry{Path: fields[1], Size: 1}
	if fields[0] == "whiteout" {
		e.Kind = scan.Whiteout
		return e, nil
	}
	mode, err := strconv.ParseUint(fields[0], 8, 32)
	if err != nil {
		return scan.Entry{}, fmt.Errorf("reading mode: %w", err)
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
	default:
		return scan.Entry{}, fmt.Errorf("mode %s has no type", fields[0])
	}
	numbers := []int64{0, 0, 1}
	for i, text := range fields[2:] {
		if numbers[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return scan.Entry{}, fmt.Errorf("reading entry: %w", err)
		}
	}
	e.UID, e.GID, e.Size = int(numbers[0]), int(numbers[1]), numbers[2]
	return e, nil
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
