package imageconfig

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/scan"
)

// sudoersFile is sudo's configuration or a part of it, as a container sees it; see
// sudoers(5).
type sudoersFile struct {
	at     *file
	grants []grant
}

// grant is a line that asks for no password.
type grant struct {
	Who  string `json:"w"`
	Line int    `json:"l"`
}

// isSudoers picks what sudo reads. It passes over names with a dot or a tilde in its
// folder.
func isSudoers(path string) bool {
	if path == "etc/sudoers" {
		return true
	}
	name, ok := strings.CutPrefix(path, "etc/sudoers.d/")
	return ok && name != "" && !strings.ContainsAny(name, "/.~")
}

// parseSudoers reads the lines that let somebody become another without a password.
func parseSudoers(data []byte) ([]grant, error) {
	grants := []grant{}
	line, begins := 0, 1
	var joined []byte
	for text := range bytes.Lines(data) {
		if line++; line > maxLines {
			return nil, fmt.Errorf("more than %d lines", maxLines)
		}
		text = bytes.TrimRight(text, "\r\n")
		rest, goesOn := bytes.CutSuffix(text, []byte(`\`))
		joined = append(joined, rest...)
		if goesOn {
			continue
		}
		if who := grantee(joined); who != "" {
			grants = append(grants, grant{Who: who, Line: begins})
		}
		joined, begins = joined[:0], line+1
	}
	if who := grantee(joined); who != "" { // the file ends in a backslash
		grants = append(grants, grant{Who: who, Line: begins})
	}
	return grants, nil
}

// grantee gives whom a line lets become another without a password, "" for nobody.
// root needs none.
func grantee(line []byte) string {
	text := strings.TrimSpace(string(line))
	if isComment(text) {
		return ""
	}
	text, _, _ = strings.Cut(text, " #")
	fields := strings.Fields(text)
	if len(fields) < 2 || strings.HasSuffix(fields[0], "_Alias") {
		return ""
	}
	who := fields[0]
	if of, isDefaults := strings.CutPrefix(who, "Defaults"); isDefaults {
		who = ""
		if strings.Contains(text, "!authenticate") {
			who = cmp.Or(strings.TrimLeft(of, ":"), "ALL")
		}
	} else if _, commands, found := strings.Cut(text, "NOPASSWD:"); !found || strings.TrimSpace(commands) == "" {
		return ""
	}
	if who == "root" || who == "#0" || len(who) > maxName {
		return ""
	}
	return valid(who)
}

// isComment tells a comment from a user id, which begins alike.
func isComment(text string) bool {
	rest, ok := strings.CutPrefix(text, "#")
	return ok && (rest == "" || rest[0] < '0' || rest[0] > '9')
}

func (img *image) addSudoers(path string, ref scan.Ref) error {
	f := sudoersFile{at: &file{path: path, entry: ref.Entry, at: ref.At}}
	if err := json.Unmarshal(ref.Part, &f.grants); err != nil {
		return fmt.Errorf("decoding what %s says: %w", path, err)
	}
	img.sudoers = append(img.sudoers, f)
	return nil
}
