package dashboard

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/web"
)

// server keeps what it is sent and answers by turns; the last answer stays.
type server struct {
	*httptest.Server
	answers []http.HandlerFunc
	got     []*http.Request
	bodies  []string
	slept   []time.Duration
}

func newServer(t *testing.T, answers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		kept := r.Clone(t.Context()) // the server looks at its own when the answer is out
		kept.Body = io.NopCloser(strings.NewReader(string(body)))
		s.got, s.bodies = append(s.got, kept), append(s.bodies, string(body))
		if n := min(len(s.got), len(s.answers)) - 1; n >= 0 {
			s.answers[n](w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) sender() *Sender {
	return New(web.Options{Wait: func(_ context.Context, d time.Duration) error {
		s.slept = append(s.slept, d)
		return nil
	}}, "1.2.3")
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestWebhook(t *testing.T) {
	s := newServer(t, status(202))
	if err := s.sender().Webhook(t.Context(), s.URL+"/in?key=x", "application/json", "It's a Secret to Everybody", []byte("Hello, World!")); err != nil {
		t.Fatal(err)
	}
	r := s.got[0]
	got := []string{r.Method, r.URL.String(), s.bodies[0], r.Header.Get("Content-Type"), r.Header.Get(SignatureHeader), r.Header.Get(KeyHeader), r.Header.Get("User-Agent")}
	want := []string{
		"POST", "/in?key=x", "Hello, World!", "application/json",
		// printf 'Hello, World!' | openssl dgst -sha256 -hmac "It's a Secret to Everybody"
		"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
		"dffd6021bb2bd5b0af676290809ec3a53191dd81c7f70a4b28688a362182986f", "boltseal/1.2.3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := s.sender().Webhook(t.Context(), s.URL, "application/json", "", nil); err != nil || s.got[1].Header.Values(SignatureHeader) != nil {
		t.Errorf("without a secret: %v, signature %q", err, s.got[1].Header.Values(SignatureHeader))
	}
}

func TestWhatIsSentAgain(t *testing.T) {
	other := newServer(t, status(200))
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		calls   int
		want    string // of the error; empty for none
	}{
		"busy, then well":              {[]http.HandlerFunc{status(503), status(429, "Retry-After", "7"), status(200)}, 3, ""},
		"cut off, then well":           {[]http.HandlerFunc{cut, status(200)}, 2, ""},
		"busy for ever":                {[]http.HandlerFunc{status(502)}, web.MaxTries, "127.0.0.1: answers 502 Bad Gateway"},
		"an hour to wait":              {[]http.HandlerFunc{status(429, "Retry-After", "3600")}, 1, "asks to wait for 1h0m0s"},
		"refused":                      {[]http.HandlerFunc{status(403)}, 1, "127.0.0.1: answers 403 Forbidden"},
		"a redirect of the same host":  {[]http.HandlerFunc{status(307, "Location", "/there"), status(200)}, 2, ""},
		"a redirect that loses it":     {[]http.HandlerFunc{status(302, "Location", "/there"), status(200)}, 1, "loses what is sent"},
		"a redirect to another host":   {[]http.HandlerFunc{status(307, "Location", other.URL)}, 1, "leads to another host"},
		"a redirect to plain metadata": {[]http.HandlerFunc{status(307, "Location", "http://169.254.169.254/latest")}, 1, "leads to another host"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.answers...)
			err := s.sender().Webhook(t.Context(), s.URL+"/secret-path?key=hidden", "application/json", "s", []byte("body"))
			if len(s.got) != c.calls || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%d calls, want %d; error %v, want %q", len(s.got), c.calls, err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "secret-path")) {
				t.Errorf("the address is told: %v", err)
			}
			for i, body := range s.bodies {
				if body != "body" || s.got[i].Header.Get(KeyHeader) != s.got[0].Header.Get(KeyHeader) || s.got[i].Header.Get(SignatureHeader) == "" {
					t.Errorf("try %d sends %q with %v", i+1, body, s.got[i].Header)
				}
			}
		})
	}
	if len(other.got) > 0 {
		t.Error("the other host was asked")
	}
}

func TestPlainHTTPIsForThisMachine(t *testing.T) {
	err := newServer(t).sender().Webhook(t.Context(), "http://192.0.2.1/", "application/json", "", nil)
	if err == nil || !strings.Contains(err.Error(), "plain HTTP") {
		t.Errorf("got %v", err)
	}
}

func TestDefectDojo(t *testing.T) {
	s := newServer(t, status(500), status(201))
	in := Import{Server: s.URL + "/dojo/", Token: "the-token", Product: "app", Engagement: "ci\r\n--x", Test: "boltseal", ProductType: "web", Commit: "abc", SARIF: []byte(`{"runs":[]}`)}
	if err := s.sender().DefectDojo(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if len(s.got) != 2 || s.got[1].URL.Path != "/dojo/api/v2/reimport-scan/" || s.got[1].Header.Get("Authorization") != "Token the-token" {
		t.Errorf("%d calls, the last to %s", len(s.got), s.got[len(s.got)-1].URL)
	}
	if err := s.got[1].ParseMultipartForm(1 << 20); err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"scan_type": {"SARIF"}, "product_name": {"app"}, "engagement_name": {"ci\r\n--x"}, "test_title": {"boltseal"}, "minimum_severity": {"Info"},
		"close_old_findings": {"true"}, "commit_hash": {"abc"}, "product_type_name": {"web"}, "auto_create_context": {"true"},
	}
	if diff := cmp.Diff(want, url.Values(s.got[1].MultipartForm.Value)); diff != "" {
		t.Error(diff)
	}
	file := s.got[1].MultipartForm.File["file"][0]
	f, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(f)
	if file.Filename != "boltseal.sarif" || string(data) != `{"runs":[]}` {
		t.Errorf("the file is %s: %s", file.Filename, data)
	}

	in.Token = "a\r\nb"
	if err := s.sender().DefectDojo(t.Context(), in); err == nil || strings.Contains(err.Error(), "a\r") || len(s.got) != 2 {
		t.Errorf("a token with a line break: %v", err)
	}
}
