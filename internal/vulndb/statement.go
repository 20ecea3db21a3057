package vulndb

import (
	"encoding/json"
	"slices"
	"strings"
)

// statementOrder are the statements, the one that counts most last. Their numbers are
// part of the database's layout.
var statementOrder = []string{"", "unmaintained", "not affected", "fix deferred", "will not fix", "ignored", "end of life"}

// statements are the words for them, with blanks for dashes.
var statements = map[string]string{
	"unmaintained": "unmaintained",
	"not affected": "not affected",
	"deferred":     "fix deferred", "fix deferred": "fix deferred", "postponed": "fix deferred",
	"will not fix": "will not fix", "wont fix": "will not fix",
	"ignored":     "ignored",
	"end of life": "end of life", "eol": "end of life",
}

// statementOf finds what is said of a fix in a database_specific or ecosystem_specific
// object: Debian's "urgency" (which is "end-of-life" for what is no longer looked
// after), RustSec's "informational", others' "status".
func statementOf(raw json.RawMessage) string {
	var own map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &own) != nil {
		return ""
	}
	found := ""
	for _, key := range []string{"urgency", "status", "informational"} {
		var word string
		if json.Unmarshal(own[key], &word) == nil {
			word = strings.NewReplacer("-", " ", "_", " ", "'", "").Replace(strings.ToLower(strings.TrimSpace(word)))
			found = laterStatement(found, statements[word])
		}
	}
	return found
}

// laterStatement is the one of two that counts more.
func laterStatement(a, b string) string {
	if slices.Index(statementOrder, b) > slices.Index(statementOrder, a) {
		return b
	}
	return a
}
