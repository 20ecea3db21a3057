package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/forge/wire"
)

// dialect is how GitHub speaks. go-github sees no rate limits, or it would refuse the
// next request by a clock of its own.
func dialect() wire.Dialect {
	return wire.Dialect{
		Forge:     "GitHub",
		Authorize: func(h http.Header, token string) { h.Set("Authorization", "Bearer "+token) },
		Seen:      []string{"Content-Type", "Link"},
		Said:      said, Limited: limited,
		Remaining: "X-RateLimit-Remaining", Reset: "X-RateLimit-Reset",
	}
}

// apiError is what GitHub says of an error. Its errors are objects or strings.
type apiError struct {
	Message string            `json:"message"`
	Errors  []json.RawMessage `json:"errors"`
}

// said is what an answer says, on one line; empty for what is no JSON.
func said(body []byte) string {
	var e apiError
	if json.Unmarshal(body, &e) != nil {
		var bare struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(body, &bare) != nil {
			return ""
		}
		e.Message = bare.Message
	}
	parts := []string{e.Message}
	for _, raw := range e.Errors[:min(len(e.Errors), 3)] {
		var text string
		var object struct {
			Message, Resource, Field, Code string
		}
		switch {
		case json.Unmarshal(raw, &text) == nil:
			parts = append(parts, text)
		case json.Unmarshal(raw, &object) == nil:
			parts = append(parts, strings.Join([]string{object.Resource, object.Field, object.Code, object.Message}, " "))
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, "; ")), " ")
}

// limited says whether an answer is a rate limit, primary or secondary: by every
// sign that GitHub gives, as none is always there.
func limited(a *wire.Answer, message string) bool {
	if a.Status == http.StatusTooManyRequests {
		return true
	}
	if a.Status != http.StatusForbidden {
		return false
	}
	message = strings.ToLower(message)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(message, w) })
	}
	if has("not accessible", "must be enabled") {
		return false
	}
	return has("rate limit", "abuse detection") || a.Header.Get("Retry-After") != "" || a.Header.Get("X-RateLimit-Remaining") == "0"
}
