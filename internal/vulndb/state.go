package vulndb

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// fetchState is what is known of the sources of a database that was fetched. It
// stands beside the manifest and counts for that one only: it says how old an answer
// "nothing new" is, and no more than that.
type fetchState struct {
	// Manifest is the digest of the manifest that it is about.
	Manifest string                 `json:"manifest"`
	Sources  map[string]sourceState `json:"sources"`
}

// sourceState is what was last heard of a source.
type sourceState struct {
	validator
	URL string `json:"url"`
	// Checked is when, RFC 3339.
	Checked string `json:"checked"`
}

// The sources that are no ecosystems.
const (
	sourceKEV  = "KEV"
	sourceEPSS = "EPSS"
)

// readState reads what is known of the database with a digest; nothing where there
// is nothing to be had.
func readState(dir, digest string) *fetchState {
	s := &fetchState{Manifest: digest, Sources: make(map[string]sourceState)}
	var read fetchState
	data, err := readPlain(filepath.Join(dir, stateFile))
	if err == nil && json.Unmarshal(data, &read) == nil && read.Manifest == digest && read.Sources != nil {
		return &read
	}
	return s
}

// maxNote is far above what a file about fetched files has.
const maxNote = 1 << 20

// readPlain reads a small file that is no link: a folder that a cache has restored can
// hold one to anywhere.
func readPlain(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxNote {
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(path)
}

func (s *fetchState) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, stateFile), append(data, '\n'))
}

// checked is when a source was last heard of; the zero time where that is unknown.
func (s *fetchState) checked(source string) time.Time {
	if s == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s.Sources[source].Checked)
	if err != nil {
		return time.Time{}
	}
	return t
}
