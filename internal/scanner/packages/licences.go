package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/inventory"
)

// licences puts what a package says of its licences into a row, which is compared as a
// whole: one a line. It is an expression of SPDX, or words of its own.
func licences(names ...string) string {
	return strings.Join(inventory.AddLicences(nil, names...), "\n")
}

// licenceNames takes a row's licences apart.
func licenceNames(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, "\n")
}

// npmLicence reads the "license" of a package.json or of a lockfile: an expression, in
// old files an object with a type (https://docs.npmjs.com/cli/configuring-npm/package-json#license).
func npmLicence(raw json.RawMessage) string {
	var name string
	var object struct{ Type string }
	switch {
	case json.Unmarshal(raw, &name) == nil:
	case json.Unmarshal(raw, &object) == nil:
		name = object.Type
	}
	return licences(name)
}

// npmLicences reads both fields of a package.json; the second is what files before 2015
// have, a list.
func npmLicences(data []byte) string {
	var file struct{ License, Licenses json.RawMessage }
	if json.Unmarshal(data, &file) != nil {
		return ""
	}
	if one := npmLicence(file.License); one != "" {
		return one
	}
	var list []json.RawMessage
	if json.Unmarshal(file.Licenses, &list) != nil {
		return npmLicence(file.Licenses)
	}
	var names []string
	for _, raw := range list[:min(len(list), inventory.MaxLicences)] {
		names = append(names, npmLicence(raw))
	}
	return licences(names...)
}

// composerLicence is the "license" of a package of PHP: a name, or several of which one
// may be chosen (https://getcomposer.org/doc/04-schema.md#license).
func composerLicence(raw json.RawMessage) string {
	var names []string
	if json.Unmarshal(raw, &names) != nil {
		var name string
		if json.Unmarshal(raw, &name) != nil {
			return ""
		}
		names = []string{name}
	}
	if len(names) > 1 {
		for i, name := range names {
			if strings.ContainsRune(name, ' ') {
				names[i] = "(" + name + ")"
			}
		}
	}
	return licences(strings.Join(names, " OR "))
}

// readComposerLock adds licences to what the library reads.
func readComposerLock(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if err != nil {
			return made, err
		}
		type locked struct {
			Name    string
			License json.RawMessage
		}
		var file struct {
			Packages []locked
			Dev      []locked `json:"packages-dev"`
		}
		if json.Unmarshal(data, &file) != nil {
			return made, nil //nolint:nilerr // the list is good without them
		}
		known := make(map[string]string)
		for _, l := range slices.Concat(file.Packages, file.Dev) {
			known[l.Name] = composerLicence(l.License)
		}
		for i := range made.Rows {
			made.Rows[i].Licence = known[made.Rows[i].Name]
		}
		return made, nil
	}
}

// licensed adds what a package's file says of its licence.
func licensed(read reader, of func(data []byte) string) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if made != nil && len(made.Rows) == 1 {
			made.Rows[0].Licence = of(data)
		}
		return made, err
	}
}

// pythonLicence reads the licence of a Python distribution: what License-Expression says,
// else a License that is a name and no text, else the classifiers
// (https://packaging.python.org/en/latest/specifications/core-metadata/).
func pythonLicence(data []byte) string {
	var expression, name string
	var classifiers []string
	folded := false // the licence goes on: a text
	for line := range bytes.Lines(data) {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break // the description follows
		}
		key, value, _ := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		switch {
		case text[0] == ' ' || text[0] == '\t':
			if folded {
				name = ""
			}
			continue
		case key == "License-Expression":
			expression = value
		case key == "License" && value != "UNKNOWN":
			name = value
		case key == "Classifier" && strings.HasPrefix(value, "License :: "):
			if last := value[strings.LastIndex(value, ":: ")+3:]; last != "OSI Approved" {
				classifiers = append(classifiers, last)
			}
		}
		folded = key == "License"
	}
	for _, said := range []string{licences(expression), licences(name), licences(classifiers...)} {
		if said != "" {
			return said
		}
	}
	return ""
}

// gemAssignment finds the assignment that RubyGems writes into the specification of an
// installed gem: s.licenses = ["MIT".freeze, "Ruby".freeze].
var gemAssignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\s*[a-z_]{1,20}\.licenses? = (.{1,1000})$`)
})

// quoted finds texts in quotes.
var quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`["']([^"']{1,200})["']`) })

// gemLicence reads the licences of a gem. What several mean together it does not say.
func gemLicence(data []byte) string {
	found := gemAssignment().FindSubmatch(data)
	if found == nil {
		return ""
	}
	var names []string
	for _, name := range quoted().FindAllSubmatch(found[1], inventory.MaxLicences) {
		names = append(names, string(name[1]))
	}
	return licences(names...)
}
