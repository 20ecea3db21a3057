package packages

import (
	"bytes"
	"compress/zlib"
	"context"
	"debug/elf"
	"debug/pe"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// auditSection is where cargo-auditable keeps what a program was built of: a JSON
// document, packed with zlib.
// https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
const auditSection = ".dep-v0"

// maxAudit is how many bytes it has, packed or not.
const maxAudit = 32 << 20

// readProgram reads what programs say of what they are made of: Go's and, where they
// were built for that, Rust's.
func readProgram(golang reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := golang(ctx, p, data)
		if made != nil || err != nil || !bytes.Contains(data, []byte(auditSection)) {
			return made, err
		}
		return readAudited(data)
	}
}

// readAudited reads the section, where there is one: tools that look for it hold its
// name as well.
func readAudited(data []byte) (*part, error) {
	section, err := auditData(data)
	if section == nil || err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(section)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", auditSection, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxAudit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpacking %s: %w", auditSection, err)
	case len(text) > maxAudit:
		return nil, fmt.Errorf("%s unpacks to more than %d bytes", auditSection, maxAudit)
	}
	var said struct {
		Packages []struct{ Name, Version, Source, Kind string }
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", auditSection, err)
	}
	var rows []row
	for _, p := range said.Packages {
		switch {
		case p.Name == "" || p.Version == "":
			return nil, errors.New("a crate without a name and version")
		case p.Kind == "build", p.Source == "local": // not in the program; the program's own
			continue
		}
		rows = append(rows, row{Kind: "crates.io", Name: p.Name, Version: p.Version})
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return sortedPart(rows), nil
}

// auditData finds the section; nil where there is none.
func auditData(data []byte) (io.Reader, error) {
	if bytes.HasPrefix(data, []byte("MZ")) {
		f, err := pe.NewFile(bytes.NewReader(data))
		if err != nil {
			return nil, nil //nolint:nilerr // no program of a kind that is known
		}
		if s := f.Section(auditSection); s != nil && s.Size <= maxAudit {
			return s.Open(), nil
		} else if s != nil {
			return nil, fmt.Errorf("%s has more than %d bytes", auditSection, maxAudit)
		}
		return nil, nil
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, nil //nolint:nilerr // no program of a kind that is known
	}
	s := f.Section(auditSection)
	switch {
	case s == nil:
		return nil, nil
	case s.Size > maxAudit:
		return nil, fmt.Errorf("%s has more than %d bytes", auditSection, maxAudit)
	}
	return s.Open(), nil
}
