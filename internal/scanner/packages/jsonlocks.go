package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// decodeJSON reads a document, which may begin with a byte order mark.
func decodeJSON(data []byte, into any) error {
	return json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), into)
}

// sortedPart puts rows that came out of maps in order.
func sortedPart(rows []row) *part {
	slices.SortFunc(rows, compareRows)
	return &part{Rows: slices.Compact(rows)}
}

// readSwiftResolved reads what Swift's package manager resolved. Advisories know a
// package by the address of its repository.
// https://github.com/swiftlang/swift-package-manager/blob/main/Sources/PackageGraph/ResolvedPackagesStore.swift
func readSwiftResolved(_ context.Context, _ string, data []byte) (*part, error) {
	type pin struct {
		Identity, Package, Location string
		RepositoryURL               string `json:"repositoryURL"`
		State                       struct{ Version string }
	}
	var file struct {
		Version int
		Pins    []pin
		Object  struct{ Pins []pin } // of version 1
	}
	if err := decodeJSON(data, &file); err != nil {
		return nil, err
	}
	if file.Version < 1 || file.Version > 3 {
		return nil, fmt.Errorf("version %d of the format is not known", file.Version)
	}
	var rows []row
	for _, p := range append(file.Pins, file.Object.Pins...) {
		name := swiftName(p.Location + p.RepositoryURL)
		if name == "" {
			name = p.Identity + p.Package
		}
		rows = append(rows, row{Kind: "SwiftURL", Name: name, Version: p.State.Version})
	}
	return sortedPart(rows), nil
}

// swiftName is a repository's address without what does not name it:
// "github.com/apple/swift-nio" of "https://github.com/apple/swift-nio.git" and of
// "git@github.com:apple/swift-nio.git".
func swiftName(location string) string {
	if user, rest, found := strings.Cut(location, "@"); found && !strings.ContainsAny(user, ":/") {
		location = "ssh://" + strings.Replace(rest, ":", "/", 1)
	}
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Hostname()) + strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), ".git")
}

// readNuGetLock reads packages.lock.json; a project of the same solution has no
// version of its own.
// https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies
func readNuGetLock(_ context.Context, _ string, data []byte) (*part, error) {
	var file struct {
		Version      int
		Dependencies map[string]map[string]struct{ Type, Resolved string }
	}
	if err := decodeJSON(data, &file); err != nil {
		return nil, err
	}
	if file.Version == 0 {
		return nil, errors.New("it names no version of the format")
	}
	var rows []row
	for _, framework := range file.Dependencies {
		for name, d := range framework {
			if !strings.EqualFold(d.Type, "Project") {
				rows = append(rows, row{Kind: "NuGet", Name: name, Version: d.Resolved})
			}
		}
	}
	return sortedPart(rows), nil
}

// readDepsJSON reads what a .NET program was built with. The runtime that a
// self-contained one brings has advisories under its own name.
// https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md
func readDepsJSON(_ context.Context, _ string, data []byte) (*part, error) {
	var file struct {
		RuntimeTarget json.RawMessage
		Libraries     map[string]struct{ Type string }
	}
	err := decodeJSON(data, &file)
	switch {
	case err != nil && bytes.Contains(data, []byte(`"runtimeTarget"`)):
		return nil, err
	case err != nil || file.RuntimeTarget == nil:
		return nil, nil //nolint:nilerr // other tools call files so
	}
	var rows []row
	for id, library := range file.Libraries {
		name, version, found := strings.Cut(id, "/")
		if library.Type != "package" && library.Type != "runtimepack" {
			continue // projects, and assemblies that are referred to
		}
		if !found || name == "" || version == "" {
			return nil, fmt.Errorf("library %q has no version", id)
		}
		rows = append(rows, row{Kind: "NuGet", Name: strings.TrimPrefix(name, "runtimepack."), Version: version})
	}
	return sortedPart(rows), nil
}

// readComposerInstalled reads vendor/composer/installed.json: a list, or since
// Composer 2 an object with one.
func readComposerInstalled(_ context.Context, _ string, data []byte) (*part, error) {
	type installed struct {
		Name, Version string
		License       json.RawMessage
	}
	var list []installed
	if trimmed := bytes.TrimLeft(data, "\xef\xbb\xbf \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := decodeJSON(data, &list); err != nil {
			return nil, err
		}
	} else {
		var file struct{ Packages []installed }
		if err := decodeJSON(data, &file); err != nil {
			return nil, err
		}
		list = file.Packages
	}
	var rows []row
	for _, p := range list {
		if p.Name == "" {
			return nil, errors.New("a package without a name")
		}
		rows = append(rows, row{Kind: "Packagist", Name: p.Name, Version: p.Version, Licence: composerLicence(p.License)})
	}
	return sortedPart(rows), nil
}

// readRenvLock reads the packages of an R project.
// https://rstudio.github.io/renv/articles/lockfile.html
func readRenvLock(_ context.Context, _ string, data []byte) (*part, error) {
	var file struct {
		Packages map[string]struct{ Package, Version, Source string }
	}
	if err := decodeJSON(data, &file); err != nil {
		return nil, err
	}
	var rows []row
	for name, p := range file.Packages {
		if p.Package == "" {
			p.Package = name
		}
		kind := "CRAN"
		if p.Source == "Bioconductor" {
			kind = "Bioconductor"
		}
		rows = append(rows, row{Kind: kind, Name: p.Package, Version: p.Version})
	}
	return sortedPart(rows), nil
}
