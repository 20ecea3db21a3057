package imageconfig

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// Where a distribution says what it is, the first that exists counts; see
// os-release(5).
const (
	releasePath       = "etc/os-release"
	vendorReleasePath = "usr/lib/os-release"
)

// maxTextFile is how many bytes a file may have that is read.
const maxTextFile = 1 << 20

// isText says whether a file is one of the few that are read.
func isText(e *scan.Entry) bool {
	if e.Kind != scan.File {
		return false
	}
	switch e.Path {
	case passwdPath, shadowPath, releasePath, vendorReleasePath:
		return true
	}
	return isSudoers(e.Path)
}

// readText makes a part of what a file says.
func readText(path string, data []byte) (scan.Part, error) {
	var said any
	switch path {
	case passwdPath, shadowPath:
		accounts, err := parseAccounts(data)
		if err != nil {
			return nil, err
		}
		return encodeAccounts(accounts)
	case releasePath, vendorReleasePath:
		d := inventory.ParseOSRelease(data)
		said = inventory.Distro{ID: valid(d.ID), VersionID: valid(d.VersionID), Pretty: valid(d.Pretty)}
	default:
		grants, err := parseSudoers(data)
		if err != nil {
			return nil, err
		}
		said = grants
	}
	part, err := json.Marshal(said)
	if err != nil {
		return nil, fmt.Errorf("encoding what %s says: %w", path, err)
	}
	return part, nil
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// add takes the part of a file that is shown. A file that a hard link shows at
// another path is not the one that the system reads.
func (img *image) add(path string, ref scan.Ref) error {
	switch {
	case isProgram(ref.Entry):
		if m, ok := programMachine(ref.Part); ok {
			img.machines[ref.At] = m
		}
		return nil
	case !isText(ref.Entry):
		return nil
	case ref.Entry.Path == releasePath || ref.Entry.Path == vendorReleasePath:
		return img.addRelease(path, ref)
	case path != ref.Entry.Path:
		return nil
	case isSudoers(path):
		return img.addSudoers(path, ref)
	}
	return img.addAccounts(path, ref)
}

// addRelease takes an os-release if it is the one that a container finds, mostly
// through a link.
func (img *image) addRelease(path string, ref scan.Ref) error {
	for _, p := range []string{releasePath, vendorReleasePath} {
		_, _, at, ok := img.view.Resolve(p)
		if !ok {
			continue
		}
		if at != ref.At {
			return nil
		}
		if err := json.Unmarshal(ref.Part, &img.distro); err != nil {
			return fmt.Errorf("decoding what %s says: %w", path, err)
		}
		img.release = &file{path: path, entry: ref.Entry, at: ref.At}
		return nil
	}
	return nil
}
