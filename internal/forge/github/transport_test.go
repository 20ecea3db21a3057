package github

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/forgetest"
	"github.com/boltseal/boltseal/internal/forge/wire"
)

// clientOf makes a client of a server that answers with each of answers in turn,
// the last one again and again.
func clientOf(t *testing.T, answers ...http.HandlerFunc) (*client, *forgetest.Clock, *int) {
	t.Helper()
	calls := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls++
		answers[min(*calls, len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	clock := newClock()
	c, err := newClient(server.URL, token, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	c.owner, c.repo = "acme", "app"
	return c, clock, calls
}

func reply(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { says(status, body, header...)(w, r, nil) }
}

func read(t *testing.T, c *client) error {
	t.Helper()
	_, _, err := c.api.PullRequests.Get(t.Context(), "acme", "app", pull)
	return err
}

func post(t *testing.T, c *client) error {
	t.Helper()
	_, _, err := c.api.Issues.CreateComment(t.Context(), "acme", "app", pull, &github.IssueComment{Body: new("x")})
	return err
}

func TestTheTokenGoesToNoOtherHost(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request came to another host, with Authorization %q", r.Header.Get("Authorization"))
	}))
	defer stranger.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, _, _ := clientOf(t, reply(status, "", "Location", stranger.URL+"/x"))
		for name, do := range map[string]func(*testing.T, *client) error{"GET": read, "POST": post} {
			if err := do(t, c); wire.KindOf(err) != wire.Moved {
				t.Errorf("%s answered with %d: %v, want that it moved", name, status, err)
			}
		}
	}
	// go-github takes the address of a next page from nobody; a whole address in a
	// request goes nowhere either.
	c, _, _ := clientOf(t, reply(200, "{}"))
	req, err := c.api.NewRequest(http.MethodGet, stranger.URL+"/y", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.api.Do(t.Context(), req, nil); wire.KindOf(err) != wire.Moved {
		t.Errorf("%v", err)
	}
}

func TestRedirectsThatMakeAGetOfAPostAreRefused(t *testing.T) {
	for _, status := range []int{301, 302, 303} {
		c, _, calls := clientOf(t, reply(status, "", "Location", "/repositories/1/issues/7/comments"), reply(200, `[]`))
		err := post(t, c)
		if wire.KindOf(err) != wire.Moved || !strings.Contains(err.Error(), "lose it") {
			t.Errorf("%d: %v", status, err)
		}
		if *calls != 1 {
			t.Errorf("%d: %d calls, want one", status, *calls)
		}
	}
}

func TestRedirectsThatKeepTheMethodAreFollowed(t *testing.T) {
	for _, status := range []int{307, 308} {
		body := ""
		c, _, _ := clientOf(t, reply(status, "", "Location", "/elsewhere"), func(w http.ResponseWriter, r *http.Request) {
			b := make([]byte, 100)
			n, _ := r.Body.Read(b)
			body = r.Method + " " + r.URL.Path + " " + string(b[:n])
			reply(201, `{"id":1}`)(w, r)
		})
		if err := post(t, c); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff("POST /elsewhere {\"body\":\"x\"}\n", body); diff != "" {
			t.Errorf("%d: %s", status, diff)
		}
	}
	c, _, calls := clientOf(t, reply(302, "", "Location", "/round"))
	if err := read(t, c); wire.KindOf(err) != wire.Moved || *calls != wire.MaxHops+1 {
		t.Errorf("%v after %d calls", err, *calls)
	}
}

func TestHowLongWeWait(t *testing.T) {
	reset := newClock().Now().Add(40 * time.Second).Unix()
	ok := reply(200, "{}")
	for name, c := range map[string]struct {
		first http.HandlerFunc
		want  time.Duration
	}{
		"as Retry-After says":          {reply(429, "", "Retry-After", "7"), 7 * time.Second},
		"as Retry-After says, by date": {reply(403, `{"message":"x"}`, "Retry-After", newClock().Now().Add(9*time.Second).Format(http.TimeFormat)), 9 * time.Second},
		"until the limit is reset":     {reply(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset, 10)), 41 * time.Second},
		"a minute where nothing says":  {reply(403, `{"message":"You have exceeded a secondary rate limit"}`), time.Minute},
		"a little after a failure":     {reply(502, htmlError), time.Second},
		"as a failure says":            {reply(503, "", "Retry-After", "20"), 20 * time.Second},
		"not back in time":             {reply(429, "", "Retry-After", "-5"), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			client, clock, _ := clientOf(t, c.first, ok)
			if err := read(t, client); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]time.Duration{c.want}, clock.Slept()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALimitThatLastsTooLongIsTold(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an hour":     reply(429, `{"message":"API rate limit exceeded"}`, "Retry-After", "3600"),
		"for ever":    reply(403, `{"message":"You have exceeded a secondary rate limit"}`),
		"a century":   reply(429, "", "Retry-After", "99999999999999999999"),
		"a bad reset": reply(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "soon"),
	} {
		client, clock, _ := clientOf(t, answer)
		if err := post(t, client); wire.KindOf(err) != wire.Limited {
			t.Errorf("%s: %v", name, err)
		}
		var sum time.Duration
		for _, d := range clock.Slept() {
			sum += d
		}
		if sum > wire.Patience {
			t.Errorf("%s: waited for %s", name, sum)
		}
	}
}

func TestAPostIsNotBlindlyRepeated(t *testing.T) {
	client, _, calls := clientOf(t, reply(502, htmlError))
	if err := post(t, client); wire.KindOf(err) != wire.Broken || *calls != 1 {
		t.Errorf("%v after %d calls", err, *calls)
	}
	client, _, calls = clientOf(t, reply(502, htmlError))
	if err := read(t, client); wire.KindOf(err) != wire.Broken || *calls != wire.MaxAttempts {
		t.Errorf("%v after %d calls", err, *calls)
	}
}

func TestErrorsAreHarmless(t *testing.T) {
	client, _, _ := clientOf(t, reply(422, `{"message":"bad\u001b[31m\n::error::x `+token+`","errors":[{"message":"##[error]"}]}`))
	err := wire.Doing("posting", post(t, client))
	for _, bad := range []string{token, "\n", "\x1b", "##["} {
		if strings.Contains(err.Error(), bad) {
			t.Errorf("%q is in %q", bad, err)
		}
	}
	if !strings.Contains(err.Error(), "posting: status 422: bad") {
		t.Errorf("%q says too little", err)
	}
}

func TestWhereTheAPIIs(t *testing.T) {
	for name, c := range map[string]struct {
		env     map[string]string
		want    string
		graphql string
		bad     bool
	}{
		"github.com":              {map[string]string{"GITHUB_SERVER_URL": "https://github.com"}, "https://api.github.com", "https://api.github.com/graphql", false},
		"nothing set":             {nil, "https://api.github.com", "https://api.github.com/graphql", false},
		"an Enterprise Server":    {map[string]string{"GITHUB_API_URL": "https://ghe.example.com/api/v3", "GITHUB_SERVER_URL": "https://ghe.example.com"}, "https://ghe.example.com/api/v3", "https://ghe.example.com/api/graphql", false},
		"only its server":         {map[string]string{"GITHUB_SERVER_URL": "https://ghe.example.com/"}, "https://ghe.example.com/api/v3", "https://ghe.example.com/api/graphql", false},
		"plain http":              {map[string]string{"GITHUB_API_URL": "http://ghe.example.com/api/v3"}, "http://ghe.example.com/api/v3", "", true},
		"plain http on loopback":  {map[string]string{"GITHUB_API_URL": "http://127.0.0.1:1/api/v3"}, "http://127.0.0.1:1/api/v3", "http://127.0.0.1:1/api/graphql", false},
		"a password in it":        {map[string]string{"GITHUB_API_URL": "https://a:b@ghe.example.com"}, "https://a:b@ghe.example.com", "", true},
		"another scheme":          {map[string]string{"GITHUB_API_URL": "file:///etc/passwd"}, "file:///etc/passwd", "", true},
		"a host like loopback":    {map[string]string{"GITHUB_API_URL": "http://127.0.0.1.example.com"}, "http://127.0.0.1.example.com", "", true},
		"a query that is no path": {map[string]string{"GITHUB_API_URL": "https://x.example.com/?a=b"}, "https://x.example.com/?a=b", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := APIAddress(func(k string) string { return c.env[k] })
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			client, err := newClient(got, token, nil, nil)
			if (err != nil) != c.bad {
				t.Fatalf("error %v, want one: %t", err, c.bad)
			}
			if err == nil && client.graphql != c.graphql {
				t.Errorf("%q, want %q", client.graphql, c.graphql)
			}
		})
	}
	for _, bad := range []string{"", "a\nb"} {
		if _, err := newClient("https://api.github.com", bad, nil, nil); err == nil {
			t.Errorf("the token %q was taken", bad)
		}
	}
}

func TestEnterpriseServerPaths(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		reply(200, `{"data":{"viewer":{"login":"x"}}}`)(w, r)
	}))
	defer server.Close()
	c, err := newClient(server.URL+"/api/v3", token, nil, newClock())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(read(t, c), c.whoami(t.Context())); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"/api/v3/repos/acme/app/pulls/7", "/api/graphql"}, paths); diff != "" {
		t.Error(diff)
	}
}
