package report

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium that obeys over its debugging pipe: messages of JSON
// that end in a zero byte (https://chromedevtools.github.io/devtools-protocol/). No port
// is opened.
type browser struct {
	ctx context.Context //nolint:containedctx // lives as long as the test
	in  io.Writer

	mu      sync.Mutex
	changed *sync.Cond
	next    int
	answers map[int]spoken
	events  []spoken
	broken  error
}

// spoken is what the browser says: an answer has an ID, an event a method.
type spoken struct {
	ID      int             `json:"id"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// browserTime is how long the whole test may take before it is given up.
const browserTime = 5 * time.Minute

// startBrowser starts the browser that BOLTSEAL_BROWSER names, else Chromium or Chrome
// where one is on PATH; else the test is skipped.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := os.Getenv("BOLTSEAL_BROWSER")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); program == "" && err == nil {
			program = found
		}
	}
	if program == "" {
		t.Skip("no browser: install chromium, or name one in BOLTSEAL_BROWSER")
	}
	theirIn, ourOut := pipe(t)
	ourIn, theirOut := pipe(t)
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	home, err := os.MkdirTemp("", "browser") //nolint:usetesting // t.TempDir wants it gone at once
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
		"--no-first-run", "--no-default-browser-check", "--disable-dev-shm-usage", "--hide-scrollbars", "--user-data-dir=" + filepath.Join(home, "profile"),
	}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // root's has none
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	cmd.Env = append(os.Environ(), "HOME="+home)
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	theirIn.Close()  // the browser has its own
	theirOut.Close() // as above
	b := &browser{ctx: ctx, in: ourOut, answers: make(map[int]spoken)}
	b.changed = sync.NewCond(&b.mu)
	go b.listen(ourIn)
	stop := context.AfterFunc(ctx, func() { b.fail(context.Cause(ctx)) })
	t.Cleanup(func() {
		stop()
		if _, err := b.call("", "Browser.close", nil); err != nil {
			cancel() // it did not go by itself
		}
		cmd.Wait() // however it ended
		cancel()
		for range 1000 { // its helpers may still write there
			if os.RemoveAll(home) == nil {
				return
			}
		}
	})
	return b
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close() // may be closed already
		w.Close() // as above
	})
	return r, w
}

// listen takes what the browser says until it says nothing any more.
func (b *browser) listen(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			b.fail(fmt.Errorf("the browser is gone: %w", err))
			return
		}
		var m spoken
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.fail(err)
			return
		}
		b.mu.Lock()
		if m.ID != 0 {
			b.answers[m.ID] = m
		} else {
			b.events = append(b.events, m)
		}
		b.changed.Broadcast()
		b.mu.Unlock()
	}
}

func (b *browser) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil {
		b.broken = err
	}
	b.changed.Broadcast()
}

// until waits for something to be so. The caller holds the lock.
func (b *browser) until(so func() bool) error {
	for !so() {
		if b.broken != nil {
			return b.broken
		}
		b.changed.Wait()
	}
	return nil
}

// call gives an order and waits for the answer.
func (b *browser) call(session, method string, params any) (json.RawMessage, error) {
	if params == nil {
		params = struct{}{}
	}
	b.mu.Lock()
	b.next++
	id := b.next
	b.mu.Unlock()
	text, err := json.Marshal(order{id, session, method, params})
	if err != nil {
		return nil, err
	}
	// One test goes on at a time, so orders do not mix.
	if _, err := b.in.Write(append(text, 0)); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var answer spoken
	err = b.until(func() (there bool) {
		answer, there = b.answers[id]
		return there
	})
	delete(b.answers, id)
	if err == nil && answer.Error != nil {
		err = errors.New(answer.Error.Message)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return answer.Result, nil
}

// order is what the browser is told to do.
type order struct {
	ID      int    `json:"id"`
	Session string `json:"sessionId,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// page is a tab.
type page struct {
	t       *testing.T
	browser *browser
	session string
	address string
}

// open shows a document from disk in a new tab, as wide as given, with a colour scheme.
func (b *browser) open(t *testing.T, document []byte, columns int, scheme string) *page {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &page{t: t, browser: b, address: "file://" + filepath.ToSlash(file)}
	var target struct{ TargetID, SessionID string }
	p.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	id := target.TargetID
	p.into(&target, "Target.attachToTarget", map[string]any{"targetId": id, "flatten": true})
	p.session = target.SessionID
	t.Cleanup(func() {
		b.call("", "Target.closeTarget", map[string]any{"targetId": id}) // the browser closes anyway
	})
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.do(domain+".enable", nil)
	}
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": columns, "height": 900, "deviceScaleFactor": 1, "mobile": false})
	p.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}})
	p.do("Page.navigate", map[string]any{"url": p.address})
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.until(func() bool { return len(p.heard("Page.loadEventFired")) > 0 }); err != nil {
		t.Fatalf("loading the page: %v", err)
	}
	return p
}

func (p *page) do(method string, params any) json.RawMessage {
	p.t.Helper()
	result, err := p.browser.call(p.session, method, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

func (p *page) into(result any, method string, params any) {
	p.t.Helper()
	if err := json.Unmarshal(p.do(method, params), result); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
}

// heard gives the events of a method. The caller holds the browser's lock.
func (p *page) heard(method string) []json.RawMessage {
	var all []json.RawMessage
	for _, e := range p.browser.events {
		if e.Session == p.session && e.Method == method {
			all = append(all, e.Params)
		}
	}
	return all
}

// eval gives the value of an expression, after the promise that it may be.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	var answer struct {
		Result           struct{ Value T }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.into(&answer, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if e := answer.ExceptionDetails; e != nil {
		p.t.Fatalf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return answer.Result.Value
}

// key is a key with what it types.
type key struct {
	name, text string
	code       int
}

var (
	tab   = key{"Tab", "", 9}
	enter = key{"Enter", "\r", 13}
)

func (p *page) press(k key, modifiers int) {
	p.t.Helper()
	params := map[string]any{"type": "keyDown", "key": k.name, "code": k.name, "text": k.text, "windowsVirtualKeyCode": k.code, "modifiers": modifiers}
	p.do("Input.dispatchKeyEvent", params)
	params["type"], params["text"] = "keyUp", ""
	p.do("Input.dispatchKeyEvent", params)
}

// write types a text.
func (p *page) write(text string) {
	p.t.Helper()
	p.do("Input.insertText", map[string]any{"text": text})
}

// quiet fails the test for whatever the page said, did or asked for that it should not
// have.
func (p *page) quiet() {
	p.t.Helper()
	// Two frames later all that was begun has been told.
	eval[bool](p, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	for _, method := range []string{"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening", "Page.windowOpen", "Page.frameAttached", "Page.downloadWillBegin"} {
		for _, said := range p.heard(method) {
			p.t.Errorf("%s: %s", method, said)
		}
	}
	for _, asked := range p.heard("Network.requestWillBeSent") {
		var r struct{ Request struct{ URL string } }
		if err := json.Unmarshal(asked, &r); err != nil {
			p.t.Error(err)
		}
		if r.Request.URL != p.address && !strings.HasPrefix(r.Request.URL, "data:,") {
			p.t.Errorf("a request leaves the page: %s", r.Request.URL)
		}
	}
}
