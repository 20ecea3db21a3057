package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRunFile is how large a run file may be.
const maxRunFile = 1 << 30

// Read reads a run file. It is strict, as what it reads is judged again: what this
// program does not know, or finds twice, or misses, is an error that names line and
// column. A run file may come from a fork: every text in it is as hostile as what
// was scanned, and no decision in it may be believed.
func Read(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxRunFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading run file: %w", err)
	}
	if len(data) > maxRunFile {
		return nil, fmt.Errorf("reading run file: larger than %d MiB", maxRunFile>>20)
	}
	run, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("reading run file: %w", err)
	}
	return run, nil
}

func decode(data []byte) (*Run, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("it is empty; `boltseal scan -f json=FILE` writes one")
	}
	if !json.Valid(data) {
		return nil, located(data, json.Unmarshal(data, new(any)))
	}
	if err := checkSchema(data); err != nil {
		return nil, err
	}
	if err := checkShape(data); err != nil {
		return nil, err
	}
	run := new(Run)
	if err := json.Unmarshal(data, run); err != nil {
		return nil, located(data, err)
	}
	return run, nil
}

// checkSchema looks at the version before anything else: a newer file has fields
// that would only be called unknown.
func checkSchema(data []byte) error {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return located(data, err)
	}
	family := Schema[:strings.LastIndexByte(Schema, '/')+1]
	switch {
	case head.Schema == Schema:
		return nil
	case head.Schema == "":
		return fmt.Errorf("no \"schema\" in it: this is no run file; `boltseal scan -f json=FILE` writes one")
	case strings.HasPrefix(head.Schema, family):
		return fmt.Errorf("its schema is %q and this boltseal reads %q: read it with the version of boltseal that wrote it, or newer", Plain(head.Schema), Schema)
	}
	return fmt.Errorf("its schema is %q, not %q: this is no run file of boltseal", Plain(head.Schema), Schema)
}

// located adds line and column to an error of encoding/json.
func located(data []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		if syntax.Offset >= int64(len(data)) {
			return at(data, len(data), "the file ends too early")
		}
		return at(data, int(syntax.Offset)-1, "%s", Plain(strings.TrimPrefix(syntax.Error(), "json: ")))
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return at(data, int(mistyped.Offset), "%s where %s is wanted", Plain(mistyped.Value), mistyped.Type)
	}
	return err
}

// at is an error at an offset, as line and column in bytes.
func at(data []byte, offset int, format string, args ...any) error {
	offset = min(max(offset, 0), len(data))
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	column := offset - bytes.LastIndexByte(data[:offset], '\n')
	return fmt.Errorf("%d:%d: %s", line, column, fmt.Sprintf(format, args...))
}
