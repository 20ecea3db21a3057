package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/forge/forgetest"
)

const token = "a-token-of-the-tests"

func dialect() Dialect {
	return Dialect{
		Forge:     "Forge",
		Authorize: func(h http.Header, token string) { h.Set("Token", token) },
		Seen:      []string{"Seen"},
		Said:      func(body []byte) string { return string(body) },
		Limited:   func(a *Answer, _ string) bool { return a.Status == http.StatusTooManyRequests },
		Remaining: "Left", Reset: "Reset",
	}
}

// open makes a transport of a server that answers with each of answers in turn, the last
// one again and again, and counts the calls.
func open(t *testing.T, answers ...forgetest.Answer) (*Transport, *forgetest.Clock, *int) {
	t.Helper()
	calls := new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls++
		if r.Header.Get("Token") != token {
			t.Errorf("the token is %q", r.Header.Get("Token"))
		}
		answers[min(*calls, len(answers))-1](w, r, httptest.NewRecorder())
	}))
	t.Cleanup(server.Close)
	root, err := Root(server.URL, "API")
	if err != nil {
		t.Fatal(err)
	}
	clock := forgetest.NewClock()
	transport, err := New(root, token, nil, clock, dialect())
	if err != nil {
		t.Fatal(err)
	}
	return transport, clock, calls
}

// call sends a request, and gives what came of it.
func (t *Transport) call(ctx context.Context, method string) (string, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, t.root.String()+"x", strings.NewReader(`{}`))
	if err != nil {
		return "", nil, err
	}
	resp, err := t.Client().Do(req)
	if err != nil {
		return "", nil, Doing("calling", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.Status + " " + string(body), resp.Header, err
}

func TestWhatIsRepeated(t *testing.T) {
	broken, limited, denied := forgetest.Says(502, "busy"), forgetest.Says(429, "slow"), forgetest.Says(403, "no")
	again := func(may bool) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return Repeatable(ctx, may) }
	}
	same := func(ctx context.Context) context.Context { return ctx }
	for name, c := range map[string]struct {
		method string
		marked func(context.Context) context.Context
		answer forgetest.Answer
		calls  int
		kind   Kind
	}{
		"a GET that may have failed midway":    {"GET", same, broken, MaxAttempts, Broken},
		"a PUT":                                {"PUT", same, broken, MaxAttempts, Broken},
		"a PUT that is marked":                 {"PUT", again(false), broken, 1, Broken},
		"no POST":                              {"POST", same, broken, 1, Broken},
		"a POST that is marked":                {"POST", again(true), broken, MaxAttempts, Broken},
		"a POST that was not done for a limit": {"POST", same, limited, MaxAttempts - 2, Limited}, // patience ends first
		"nothing that is refused":              {"GET", same, denied, 1, Denied},
		"half an answer":                       {"GET", same, forgetest.Says(200, `{"a":`), MaxAttempts, Broken},
		"an answer of somebody else":           {"POST", same, forgetest.Says(200, forgetest.HTMLError), 1, Broken},
	} {
		transport, clock, calls := open(t, c.answer)
		_, _, err := transport.call(c.marked(t.Context()), c.method)
		if KindOf(err) != c.kind || *calls != c.calls {
			t.Errorf("%s: %d calls, want %d: %v", name, *calls, c.calls, err)
		}
		var waited time.Duration
		for _, d := range clock.Slept() {
			waited += d
		}
		if waited > Patience {
			t.Errorf("%s: waited for %s", name, waited)
		}
	}
}

func TestASuccessIsWhole(t *testing.T) {
	transport, _, _ := open(t, forgetest.Says(202, `{"a":1}`, "Seen", "x", "Left", "0"))
	body, header, err := transport.call(t.Context(), "GET")
	if err != nil || body != `OK {"a":1}` || header.Get("Seen") != "x" || header.Get("Left") != "" {
		t.Errorf("%q, %v, %v", body, header, err)
	}
}

func TestOnce(t *testing.T) {
	gone := &Fault{Kind: Broken, Message: "no answer"}
	for name, c := range map[string]struct {
		fails int  // creations that break
		there bool // whether a look finds it
		kind  Kind
		tried int
	}{
		"done":                                    {0, false, "", 1},
		"broken and done all the same":            {1, true, "", 1},
		"broken once, and not done":               {1, false, "", 2},
		"broken for ever":                         {99, false, Broken, MaxAttempts},
		"broken for ever, and done the last time": {99, true, "", 1},
	} {
		transport, _, _ := open(t, forgetest.Says(200, "{}"))
		tried := 0
		err := transport.Once(t.Context(), func() error {
			if tried++; tried <= c.fails {
				return gone
			}
			return nil
		}, func() (bool, error) { return c.there, nil })
		if KindOf(err) != c.kind || tried != c.tried {
			t.Errorf("%s: tried %d times, want %d: %v", name, tried, c.tried, err)
		}
	}
	// Where nobody can look, nothing is made twice.
	transport, _, _ := open(t, forgetest.Says(200, "{}"))
	tried := 0
	blind := errors.New("blind")
	err := transport.Once(t.Context(), func() error { tried++; return gone }, func() (bool, error) { return false, blind })
	if tried != 1 || !errors.Is(err, blind) || KindOf(err) != Broken {
		t.Errorf("tried %d times: %v", tried, err)
	}
}

func TestTheLimitsOwnWords(t *testing.T) {
	now := forgetest.NewClock().Now()
	at := strconv.FormatInt(now.Add(20*time.Second).Unix(), 10)
	for name, c := range map[string]struct {
		headers []string
		want    time.Duration
	}{
		"how long":                {[]string{"Retry-After", "9"}, 9 * time.Second},
		"until when":              {[]string{"Left", "0", "Reset", at}, 21 * time.Second},
		"until when, and no more": {[]string{"Reset", at}, 21 * time.Second},
		"of another limit":        {[]string{"Left", "7", "Reset", at}, time.Minute},
		"nothing":                 {nil, time.Minute},
		"nonsense":                {[]string{"Retry-After", "soon", "Left", "0", "Reset", "later"}, time.Minute},
	} {
		transport, clock, _ := open(t, forgetest.Says(429, "", c.headers...), forgetest.Says(200, "{}"))
		if _, _, err := transport.call(t.Context(), "POST"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]time.Duration{c.want}, clock.Slept()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAnAnswerThatIsTooLarge(t *testing.T) {
	transport, _, calls := open(t, func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		part := []byte(strings.Repeat(" ", 1<<20))
		for range maxAnswer>>20 + 1 {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	})
	if _, _, err := transport.call(t.Context(), "GET"); KindOf(err) != Invalid || *calls != 1 {
		t.Errorf("%d calls: %v", *calls, err)
	}
}

func TestAFaultHidesTheToken(t *testing.T) {
	transport, _, _ := open(t, forgetest.Says(422, "bad\n::error:: "+token))
	_, _, err := transport.call(t.Context(), "POST")
	if err == nil || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "calling: status 422: bad") {
		t.Errorf("%v", err)
	}
	// A message that is cut within the token does not show the front of it.
	transport, _, _ = open(t, forgetest.Says(422, strings.Repeat("x", maxMessage-len(token)+2)+token+" and more"))
	_, _, err = transport.call(t.Context(), "POST")
	if err == nil || strings.Contains(err.Error(), token[:4]) || !strings.Contains(err.Error(), "xx***") {
		t.Errorf("%v", err)
	}
}
