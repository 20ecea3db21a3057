package packages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const kindJSR = "JSR"

// denoPackages are names with versions: "@scope/name@1.0.0", for npm with what its peers
// are behind it: "vite@5.0.0_esbuild@0.28.2".
type denoPackages map[string]struct{}

// readDenoLock reads the packages of npm and of JSR in the lockfile of Deno. Where modules
// are named by their addresses there are no versions, and no packages.
// https://github.com/denoland/deno/tree/main/libs/lockfile
func readDenoLock(_ context.Context, _ string, data []byte) (*part, error) {
	var second struct {
		NPM struct{ Packages denoPackages }
	}
	var third struct {
		Packages struct{ NPM, JSR denoPackages }
	}
	var file struct{ NPM, JSR denoPackages }
	var format struct{ Version string }
	if err := decodeJSON(data, &format); err != nil {
		return nil, err
	}
	var err error
	switch format.Version {
	case "": // of before there were packages: addresses with checksums
		var checksums map[string]string
		err = decodeJSON(data, &checksums)
	case "2":
		err = decodeJSON(data, &second)
	case "3":
		err = decodeJSON(data, &third)
	case "4", "5":
		err = decodeJSON(data, &file)
	default:
		err = fmt.Errorf("version %q of the format is not known", format.Version)
	}
	if err != nil {
		return nil, err
	}
	made := &part{}
	for _, packages := range []denoPackages{second.NPM.Packages, third.Packages.NPM, file.NPM} {
		if err := made.deno("npm", packages); err != nil {
			return made, err
		}
	}
	for _, packages := range []denoPackages{third.Packages.JSR, file.JSR} {
		if err := made.deno(kindJSR, packages); err != nil {
			return made, err
		}
	}
	made.once()
	return made, nil
}

func (p *part) deno(kind string, packages denoPackages) error {
	for _, key := range slices.Sorted(maps.Keys(packages)) {
		scope, rest := "", key
		if strings.HasPrefix(key, "@") {
			scope, rest = key[:1], key[1:]
		}
		name, version, found := strings.Cut(rest, "@")
		version, _, _ = strings.Cut(version, "_")
		if !found || name == "" || version == "" {
			return errNotPackage
		}
		p.Rows = append(p.Rows, row{Kind: kind, Name: scope + name, Version: version})
	}
	return nil
}
