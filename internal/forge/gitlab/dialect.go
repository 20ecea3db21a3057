package gitlab

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/forge/wire"
)

// dialect is how GitLab speaks. go-gitlab sees no rate limits, or it would wait by a clock
// of its own.
func dialect() wire.Dialect {
	return wire.Dialect{
		Forge:     "GitLab",
		Authorize: func(h http.Header, token string) { h.Set("PRIVATE-TOKEN", token) },
		Seen:      []string{"Content-Type", "X-Next-Page"},
		Said:      said, Limited: limited,
		Remaining: "RateLimit-Remaining", Reset: "RateLimit-Reset",
	}
}

// limited says whether an answer is a rate limit
// (https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/). A 403 is one
// where it says when to come back.
func limited(a *wire.Answer, _ string) bool {
	return a.Status == http.StatusTooManyRequests || a.Status == http.StatusForbidden && a.Header.Get("Retry-After") != ""
}

// maxSaid bounds what is read of an error's parts, and how deep they are looked into.
const (
	maxSaid  = 5
	maxDepth = 3
)

// said is what the body of an error says; empty for what is no JSON. Its message can be a
// text, a list, or texts by attribute
// (https://docs.gitlab.com/api/rest/troubleshooting/#validation-errors).
func said(body []byte) string {
	var e struct {
		Message     json.RawMessage `json:"message"`
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	var parts []string
	for _, raw := range []json.RawMessage{e.Message, e.Error} {
		var v any
		if json.Unmarshal(raw, &v) == nil {
			parts = append(parts, words(v, maxDepth)...)
		}
	}
	if e.Description != "" {
		parts = append(parts, e.Description)
	}
	return strings.Join(strings.Fields(strings.Join(parts[:min(len(parts), maxSaid)], "; ")), " ")
}

// words are the texts of a value.
func words(v any, depth int) []string {
	var out []string
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v[:min(len(v), maxSaid)] {
			if depth > 0 {
				out = append(out, words(one, depth-1)...)
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if depth > 0 {
				out = append(out, name+" "+strings.Join(words(v[name], depth-1), ", "))
			}
		}
	}
	return out
}
