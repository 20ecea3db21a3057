package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/web"
)

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestRedirects(t *testing.T) {
	for _, test := range []struct {
		from, to          string
		anywhere, sameOne string // what each says against it
	}{
		{"https://a.example/x", "https://a.example/y", "", ""},
		{"https://a.example/x", "https://A.example/y", "", ""},
		{"https://a.example/x", "https://b.example/y", "", "another host (b.example)"},
		{"https://a.example/x", "https://a.example:8443/y", "", "another host"},
		{"https://a.example/x", "http://127.0.0.1/y", "this machine", "another host"},
		{"https://a.example/x", "http://169.254.169.254/y", "link-local", "another host"},
	} {
		for name, c := range map[string]struct {
			check func(*http.Request, []*http.Request) error
			want  string
		}{"anywhere": {web.Redirect, test.anywhere}, "one host": {web.SameHost, test.sameOne}} {
			err := c.check(request(t, test.to), []*http.Request{request(t, test.from)})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s from %s to %s: got %v, want %q", name, test.from, test.to, err, c.want)
			}
		}
	}
}

func TestTold(t *testing.T) {
	const secret = "https://user:geheim@a.example/?token=geheim"
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"in our words":      {web.Faultf("answers 404"), "a.example: answers 404"},
		"with the host":     {web.Faultf("a.example answers 404"), "a.example answers 404"},
		"an end":            {fmt.Errorf("Get %q: %w", secret, io.ErrUnexpectedEOF), "a.example: the connection broke off"},
		"what is not known": {errors.New(secret), "a.example gives no answer that can be read"},
		"stopped":           {context.Canceled, "a.example: context canceled"},
	} {
		if got := web.Told("a.example", test.err).Error(); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	fault := &web.Fault{Text: "gone", Is: fs.ErrNotExist}
	if err := web.Told("a.example", fault); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is no longer what it was: %v", err)
	}
	if !web.Passes(fmt.Errorf("x: %w", syscall.ECONNRESET)) || web.Passes(errors.New("x")) {
		t.Error("what passes is not told from what does not")
	}
}

func TestContentRange(t *testing.T) {
	for value, want := range map[string][2]int64{
		"bytes 7-9/10":  {7, 10},
		"bytes 7-9/*":   {7, -1},
		"bytes 7-9":     {7, -1},
		"bytes */10":    {-1, -1},
		"bytes 7":       {-1, -1},
		"bytes -7-9/10": {-1, -1},
		"items 7-9/10":  {-1, -1},
		"":              {-1, -1},
	} {
		resp := &http.Response{Header: http.Header{"Content-Range": {value}}}
		if start, total := web.ContentRange(resp); start != want[0] || total != want[1] {
			t.Errorf("%q: got %d of %d, want %d of %d", value, start, total, want[0], want[1])
		}
	}
}

func TestBodiesAreTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
	}))
	defer server.Close()
	o := web.Options{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	client := &http.Client{Transport: o.RoundTripper(o.Transport())}
	resp, err := client.Do(request(t, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := web.Body(resp.Body, "a.example")
	data, err := io.ReadAll(body)
	if string(data) != "half" || err == nil || err.Error() != "a.example: the connection broke off" || !web.Passes(err) {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestPlainHTTP(t *testing.T) {
	for flag, want := range map[string]string{"": "use https", "--allow": "only when asked: --allow a.example"} {
		o := web.Options{InsecureFlag: flag}
		client := &http.Client{Transport: o.RoundTripper(o.Transport())}
		resp, err := client.Do(request(t, "http://a.example/"))
		if err == nil {
			resp.Body.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
