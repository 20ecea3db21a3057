package github

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// contract is GitHub's own description of its API, or nothing where it is not at
// hand: then the fake alone judges.
type contract struct {
	router routers.Router
	// checked counts requests that were held against it.
	checked int
}

// description is where GitHub's API description lies, "" for nowhere.
func description() string {
	dir := os.Getenv("BOLTSEAL_CONFORMANCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "conformance")
	}
	file := filepath.Join(dir, "github", "openapi-subset.json")
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

var sharedRouter = onceRouter()

// onceRouter loads the description once for all tests.
func onceRouter() func(t *testing.T) routers.Router {
	var router routers.Router
	return func(t *testing.T) routers.Router {
		t.Helper()
		file := description()
		if router != nil || file == "" {
			return router
		}
		doc, err := openapi3.NewLoader().LoadFromFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if router, err = legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation()); err != nil {
			t.Fatal(err)
		}
		return router
	}
}

func loadContract(t *testing.T) *contract {
	t.Helper()
	return &contract{router: sharedRouter(t)}
}

// route finds what the description says of a request; nil for GraphQL, which is not
// in it.
func (c *contract) route(ctx context.Context, t *testing.T, r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	if c.router == nil || r.URL.Path == "/graphql" {
		return nil
	}
	again, err := http.NewRequestWithContext(ctx, r.Method, "https://api.github.com"+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil
	}
	again.Header = r.Header.Clone()
	route, params, err := c.router.FindRoute(again)
	if err != nil {
		t.Errorf("GitHub knows no %s %s: %v", r.Method, r.URL.Path, err)
		return nil
	}
	return &openapi3filter.RequestValidationInput{Request: again, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
}

func (c *contract) request(t *testing.T, r *http.Request, body []byte) {
	if strings.HasPrefix(r.URL.Path, "/moved") {
		return
	}
	if in := c.route(t.Context(), t, r, body); in != nil {
		c.checked++
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s %s is no request that GitHub takes: %v", r.Method, r.URL.Path, err)
		}
	}
}

// response holds the fake's own answers against the description.
func (c *contract) response(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
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
		t.Errorf("%s %s: the fake answers what GitHub would not: %v", r.Method, r.URL.Path, err)
	}
}

// shaped fills an answer up with whatever the description asks for beside it.
func (c *contract) shaped(r *http.Request, status int, v any) any {
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
	case []object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
			if s.Items != nil {
				out[i] = filled(s.Items.Value, v[i])
			}
		}
		return out
	case object:
		out := sampled(s, 0)
		made, ok := out.(object)
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
	out := object{}
	for _, part := range s.AllOf {
		if made, ok := sampled(part.Value, 0).(object); ok {
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
