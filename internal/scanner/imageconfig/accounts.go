package imageconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/boltseal/boltseal/internal/scan"
)

// The files that hold accounts; see passwd(5) and shadow(5).
const (
	passwdPath = "etc/passwd"
	shadowPath = "etc/shadow"
)

// account is a line of one of them. Of the password only whether there is one.
type account struct {
	Name string `json:"n"`
	Line int    `json:"l"`
	// UID is -1 where the line gives none.
	UID   int64 `json:"u"`
	Empty bool  `json:"e,omitempty"` // anybody can log in
}

// accountFile is one of the files, as a container sees it.
type accountFile struct {
	at       *file // nil where there is none
	accounts []account
}

// Limits of an account file.
const (
	maxLines = 20_000
	maxName  = 256
)

// parseAccounts reads passwd or shadow. Lines that name no account of this machine
// (comments, NIS entries) are passed over, as the system does.
func parseAccounts(data []byte) ([]account, error) {
	var accounts []account
	line := 0
	for text := range bytes.Lines(data) {
		if line++; line > maxLines {
			return nil, fmt.Errorf("more than %d lines", maxLines)
		}
		fields := bytes.Split(bytes.TrimRight(text, "\r\n"), []byte{':'})
		name := fields[0]
		if len(fields) < 3 || len(name) == 0 || len(name) > maxName || bytes.IndexByte([]byte("#+-"), name[0]) >= 0 {
			continue
		}
		a := account{Name: string(bytes.ToValidUTF8(name, []byte("\uFFFD"))), Line: line, UID: -1, Empty: len(fields[1]) == 0}
		// In shadow the third field is a date; only passwd has a group after it
		// and a folder, so seven fields.
		if len(fields) == 7 {
			if uid, err := strconv.ParseInt(string(fields[2]), 10, 64); err == nil && uid >= 0 {
				a.UID = uid
			}
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// encodeAccounts makes a part; addAccounts reads it.
func encodeAccounts(accounts []account) (scan.Part, error) {
	part, err := json.Marshal(accounts)
	if err != nil {
		return nil, fmt.Errorf("encoding accounts: %w", err)
	}
	return part, nil
}

// addAccounts takes the part of an account file that is shown.
func (img *image) addAccounts(path string, ref scan.Ref) error {
	var to *accountFile
	switch path {
	case passwdPath:
		to = &img.passwd
	case shadowPath:
		to = &img.shadow
	default:
		return nil
	}
	if err := json.Unmarshal(ref.Part, &to.accounts); err != nil {
		return fmt.Errorf("decoding accounts of %s: %w", path, err)
	}
	to.at = &file{path: path, entry: ref.Entry, at: ref.At}
	return nil
}
