package vulndb

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// ratings are the words of vendors and distributions.
var ratings = map[string]string{
	"critical": "critical",
	"high":     "high", "important": "high",
	"medium": "medium", "moderate": "medium",
	"low":  "low",
	"info": "info", "informational": "info", "negligible": "info", "unimportant": "info", "none": "info",
}

// rating turns a vendor's word into ours; "" for what is none ("untriaged", "not
// yet assigned", "end-of-life"). Ubuntu adds a remark in parentheses, Debian stars.
func rating(word string) string {
	word, _, _ = strings.Cut(word, " (")
	return ratings[strings.ToLower(strings.Trim(word, "* "))]
}

var ratingOrder = []string{"", "info", "low", "medium", "high", "critical"}

func worseRating(a, b string) string {
	if slices.Index(ratingOrder, b) > slices.Index(ratingOrder, a) {
		return b
	}
	return a
}

// severities reads a "severity" list: CVSS vectors, and words under a vendor's
// own type ("Ubuntu").
func severities(raw json.RawMessage) (vectors []string, word string) {
	var list []struct{ Type, Score string }
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil && len(list) == 0 {
		return nil, ""
	}
	for _, s := range list {
		if strings.HasPrefix(s.Type, "CVSS_") {
			vectors = append(vectors, s.Score)
		} else if r := rating(s.Score); r != "" {
			word = worseRating(word, r)
		}
	}
	return vectors, word
}

// ratingOf finds a vendor's rating in a database_specific or ecosystem_specific
// object: GitHub's and others' "severity", Debian's "urgency", Ubuntu's
// "priority", RustSec's "informational" (a package without a maintainer is worth
// knowing and not a vulnerability).
func ratingOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var own map[string]json.RawMessage
	if json.Unmarshal(raw, &own) != nil {
		return ""
	}
	for _, key := range []string{"severity", "urgency", "priority"} {
		var word string
		if json.Unmarshal(own[key], &word) == nil {
			if r := rating(word); r != "" {
				return r
			}
		}
	}
	var kind string
	if json.Unmarshal(own["informational"], &kind) == nil && (kind == "unmaintained" || kind == "notice") {
		return "info"
	}
	return ""
}

// cvssOf finds a vector where RustSec has it.
func cvssOf(raw json.RawMessage) string {
	var own struct {
		CVSS json.RawMessage `json:"cvss"`
	}
	var vector string
	if len(raw) == 0 || json.Unmarshal(raw, &own) != nil || json.Unmarshal(own.CVSS, &vector) != nil {
		return ""
	}
	return vector
}

// cwesOf finds the kinds of weakness where GitHub and others have them.
func cwesOf(raw json.RawMessage) []string {
	var own struct {
		CWEs json.RawMessage `json:"cwe_ids"`
	}
	var list []string
	if len(raw) == 0 || json.Unmarshal(raw, &own) != nil || json.Unmarshal(own.CWEs, &list) != nil {
		return nil
	}
	list = slices.DeleteFunc(list, func(s string) bool { return !strings.HasPrefix(s, "CWE-") || len(s) > 12 })
	slices.Sort(list)
	return slices.Compact(list)
}

// maxVector bounds a CVSS vector; a full one of version 4 has about 200 bytes.
const maxVector = 512

// score computes a vector's base score; false for what is no vector.
func score(vector string) (c CVSS, ok bool) {
	if len(vector) > maxVector {
		return CVSS{}, false
	}
	defer func() {
		if recover() != nil {
			c, ok = CVSS{}, false
		}
	}()
	c.Vector = vector
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return CVSS{}, false
		}
		c.Version, c.Score = 4, v.Score()
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return CVSS{}, false
		}
		c.Version, c.Score = 3, v.BaseScore()
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return CVSS{}, false
		}
		c.Version, c.Score = 3, v.BaseScore()
	default:
		v, err := gocvss20.ParseVector(vector)
		if err != nil {
			return CVSS{}, false
		}
		c.Version, c.Score = 2, v.BaseScore()
	}
	return c, true
}

// scores computes vectors, the one to go by first.
func scores(vectors []string) []CVSS {
	var out []CVSS
	for _, v := range vectors {
		if c, ok := score(v); ok {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b CVSS) int {
		return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(b.Score, a.Score), strings.Compare(a.Vector, b.Vector))
	})
	return slices.Compact(out)
}
