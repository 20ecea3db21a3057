package exampleimage

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// linkctl is set-user-id root, as no program from a web page should be.
const linkctl = "#!/bin/sh\n# Shows the links of the running service.\nexec curl -fsS http://127.0.0.1:8080/healthz\n"

// nodeModules is what npm ci makes of the app's lockfile, without the code.
func nodeModules(app fs.FS) ([]entry, error) {
	data, err := fs.ReadFile(app, "package-lock.json")
	if err != nil {
		return nil, fmt.Errorf("reading lockfile: %w", err)
	}
	var lock struct {
		Packages map[string]struct {
			Version string `json:"version"`
			License string `json:"license"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		return nil, fmt.Errorf("decoding lockfile: %w", err)
	}
	places := make([]string, 0, len(lock.Packages))
	for place := range lock.Packages {
		if place != "" { // the app itself
			places = append(places, place)
		}
	}
	slices.Sort(places)
	entries := []entry{dir("srv/app/node_modules/", 0o755)}
	for _, place := range places {
		p := lock.Packages[place]
		manifest, err := json.MarshalIndent(struct {
			Name    string `json:"name"`
			Version string `json:"version"`
			License string `json:"license"`
		}{strings.TrimPrefix(place, "node_modules/"), p.Version, p.License}, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encoding manifest of %s: %w", place, err)
		}
		to := path.Join("srv/app", place)
		entries = append(entries, dir(to+"/", 0o755), file(to+"/package.json", 0o644, string(manifest)+"\n"))
	}
	return entries, nil
}

// copyApp is the part of COPY . . that matters: the app's files as they lie in the
// example, and what lay beside them on the builder's disk, unwatched by git.
func copyApp(app fs.FS) ([]entry, error) {
	entries := []entry{file("srv/app/.env", 0o644, dotEnv())}
	for _, name := range []string{".npmrc", "config/production.json", "package.json", "server.js"} {
		data, err := fs.ReadFile(app, name)
		if err != nil {
			return nil, fmt.Errorf("reading app: %w", err)
		}
		if d := path.Dir(name); d != "." {
			entries = append(entries, dir("srv/app/"+d+"/", 0o755))
		}
		entries = append(entries, file("srv/app/"+name, 0o644, string(data)))
	}
	return append(entries, dir("srv/app/data/", 0o755)), nil
}

// The secrets below are found by the scanner's rules and open nothing: the token's
// checksum is wrong, and the key's body is the hash of a sentence. They are put
// together from pieces, so that this file holds none.

func dotEnv() string {
	token := "gh" + "p_" + "fAkE" + "tOkEn7" + "oF2the" + "Leaky4" + "App9" + "exaMpLe3Xq"
	return "DEPLOY_USER=links-bot\nDEPLOY_" + "TOKEN=" + token + "\n"
}

// deployKey looks like what ssh-keygen writes, as far as the outside goes.
func deployKey() string {
	var body []byte
	sum := sha256.Sum256([]byte("This is no key. It is part of an example and opens nothing."))
	for len(body) < 512 {
		body = append(body, sum[:]...)
		sum = sha256.Sum256(sum[:])
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE " + "KEY", Bytes: body}))
}
