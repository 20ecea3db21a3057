package packages

import (
	"context"
	"errors"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

const kindCocoaPods = "CocoaPods"

// readPodfileLock reads the pods of CocoaPods' lockfile. It is YAML, of which CocoaPods
// writes one form only: sections, and in PODS a pod as "  - Alamofire (5.8.1)", with what
// it asks for below, indented by two spaces more. A part of a pod ("Firebase/Core") has
// the pod's version, and is the pod.
// https://github.com/CocoaPods/Core/blob/master/lib/cocoapods-core/lockfile.rb
func readPodfileLock(ctx context.Context, p string, data []byte) (*part, error) {
	section, known := "", false
	made, err := lines(kindCocoaPods, func(line string) (string, string, bool, error) {
		switch {
		case line == "":
			return "", "", false, nil
		case line[0] != ' ' && line[0] != '-':
			name, rest, found := strings.Cut(strings.TrimPrefix(line, "\xef\xbb\xbf"), ":")
			if !found || strings.ToUpper(name) != name || name == "PODS" && rest != "" {
				return "", "", false, errors.New("it is no section") // what follows would be lost
			}
			section, known = name, known || name == "PODS" || name == "COCOAPODS" || name == "PODFILE CHECKSUM"
			return "", "", false, nil
		case section != "PODS" || strings.HasPrefix(line, "    - "):
			return "", "", false, nil
		}
		name, version := podOf(strings.TrimPrefix(line, "  - "))
		if !strings.HasPrefix(line, "  - ") || name == "" || version == "" {
			return "", "", false, errNotPackage
		}
		return name, version, true, nil
	})(ctx, p, data)
	if err == nil && !known {
		err = errors.New("it has none of the sections of such a file")
	}
	made.once()
	return made, err
}

// podOf takes `"GoogleUtilities/NSData+zlib (7.5.2)":` apart. What is asked for can be
// without a version.
func podOf(text string) (name, version string) {
	text = strings.TrimSuffix(text, ":")
	if inner, quoted := strings.CutPrefix(text, `"`); quoted {
		text = strings.TrimSuffix(inner, `"`)
	}
	name, version, found := strings.Cut(text, " (")
	version, closed := strings.CutSuffix(version, ")")
	name, _, _ = strings.Cut(name, "/")
	if found != closed || strings.ContainsAny(name, " :\"") {
		return "", ""
	}
	return name, version
}

// podNeeds reads what pods ask for.
func podNeeds(data []byte) []asking {
	var all []asking
	pods := false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		need, needs := strings.CutPrefix(line, "    - ")
		pod, begins := strings.CutPrefix(line, "  - ")
		switch {
		case line != "" && line[0] != ' ':
			pods = line == "PODS:"
		case !pods:
		case needs && len(all) > 0:
			last := &all[len(all)-1]
			if name, _ := podOf(need); name != "" && name != last.name {
				last.needs = append(last.needs, inventory.Requirement{Name: name})
			}
		case begins:
			name, version := podOf(pod)
			all = append(all, asking{name: name, version: version})
		}
	}
	return all
}
