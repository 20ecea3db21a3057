package forgetest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Object is JSON.
type Object = map[string]any

// Contract is a description of a forge's API, or nothing where it is not at hand: then
// the fake alone judges.
type Contract struct {
	forge, root string
	router      routers.Router
	skip        func(path string) bool
	// Checked counts requests that were held against it.
	Checked int
}

// Loader gives the contract of a forge whose description lies in the conformance data
// under this name and says that the API is at root; it is loaded once for all tests.
// Paths to skip are none of the description's.
func Loader(forge, name, root string, skip func(path string) bool) func(t *testing.T) *Contract {
	load := sync.OnceValues(func() (routers.Router, error) {
		dir := os.Getenv("BOLTSEAL_CONFORMANCE") //nolint:forbidigo // as all tests find the data
		if dir == "" {
			dir = filepath.Join("..", "..", "..", "..", "shared", "conformance")
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(file); err != nil {
			return nil, nil //nolint:nilerr,nilnil // documented
		}
		doc, err := openapi3.NewLoader().LoadFromFile(file)
		if err != nil {
			return nil, err
		}
		return legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	})
	return func(t *testing.T) *Contract {
		t.Helper()
		router, err := load()
		if err != nil {
			t.Fatal(err)
		}
		return &Contract{forge: forge, root: root, router: router, skip: skip}
	}
}

// Known says whether there is a description.
func (c *Contract) Known() bool { return c.router != nil }

// AtHand skips a test where there is no description.
func (c *Contract) AtHand(t *testing.T) {
	t.Helper()
	if c.router == nil {
		t.Skipf("%s's API description is not at hand (BOLTSEAL_CONFORMANCE): requests were not held against it", c.forge)
	}
}

// route finds what the description says of a request; nil for what is not in it.
func (c *Contract) route(ctx context.Context, t *testing.T, r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	if c.router == nil || c.skip(r.URL.Path) {
		return nil
	}
	again, err := http.NewRequestWithContext(ctx, r.Method, c.root+r.URL.RequestURI(), bytes.NewReader(body)) //nolint:gosec // it is only looked at
	if err != nil {
		t.Error(err)
		return nil
	}
	again.Header = r.Header.Clone()
	route, params, err := c.router.FindRoute(again)
	if err != nil {
		t.Errorf("%s knows no %s %s: %v", c.forge, r.Method, r.URL.Path, err)
		return nil
	}
	return &openapi3filter.RequestValidationInput{Request: again, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
}

// Request holds a request against the description.
func (c *Contract) Request(t *testing.T, r *http.Request, body []byte) {
	t.Helper()
	if in := c.route(t.Context(), t, r, body); in != nil {
		c.Checked++
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s %s is no request that %s takes: %v", r.Method, r.URL.Path, c.forge, err)
		}
	}
}

// Response holds the fake's own answers against the description.
func (c *Contract) Response(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	if w.Code >= 300 {
		return
	}
	in := c.route(t.Context(), t, r, nil)
	if in == nil {
		return
	}
	err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: in.Options,
	})
	if err != nil {
		t.Errorf("%s %s: the fake answers what %s would not: %v", r.Method, r.URL.Path, c.forge, err)
	}
}

// Shaped fills an answer up with whatever the description asks for beside it.
func (c *Contract) Shaped(r *http.Request, status int, v any) any {
	in := c.route(context.Background(), &testing.T{}, r, nil)
	if in == nil {
		return v
	}
	response := in.Route.Operation.Responses.Status(status)
	if response == nil || response.Value.Content.Get("application/json") == nil {
		return v
	}
	return filled(response.Value.Content.Get("application/json").Schema.Value, v)
}

func filled(s *openapi3.Schema, v any) any {
	switch v := v.(type) {
	case []Object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
			if s.Items != nil {
				out[i] = filled(s.Items.Value, v[i])
			}
		}
		return out
	case Object:
		out := sampled(s, 0)
		made, ok := out.(Object)
		if !ok {
			return v
		}
		for k, one := range v {
			made[k] = one
			if p := property(s, k); p != nil {
				made[k] = filled(p, one)
			}
		}
		return made
	}
	return v
}

func property(s *openapi3.Schema, name string) *openapi3.Schema {
	if p := s.Properties[name]; p != nil {
		return p.Value
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, part := range list {
			if p := property(part.Value, name); p != nil {
				return p
			}
		}
	}
	return nil
}

// sampled is the least value that a schema takes.
func sampled(s *openapi3.Schema, depth int) any {
	switch {
	case s.Nullable && depth > 0:
		return nil
	case len(s.AnyOf) > 0:
		return sampled(s.AnyOf[0].Value, depth)
	case len(s.OneOf) > 0:
		return sampled(s.OneOf[0].Value, depth)
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is("string"):
		switch s.Format {
		case "uri":
			return "https://example.com/"
		case "date-time":
			return "2026-11-01T00:00:00Z"
		case "email":
			return "a@example.com"
		}
		return "text"
	case s.Type.Is("integer"), s.Type.Is("number"):
		return 1
	case s.Type.Is("boolean"):
		return false
	case s.Type.Is("array"):
		return []any{}
	}
	out := Object{}
	for _, part := range s.AllOf {
		if made, ok := sampled(part.Value, 0).(Object); ok {
			maps.Copy(out, made)
		}
	}
	for _, name := range s.Required {
		if p := s.Properties[name]; p != nil {
			out[name] = sampled(p.Value, depth+1)
		}
	}
	return out
}
