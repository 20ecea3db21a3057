package report

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/policy"
)

// texts gives what stands in one column of the findings, from the first row on.
const texts = `[...document.querySelectorAll("#rows tr")].filter(r => r.cells.length === 6).map(r => r.cells[%d].textContent)`

func (p *page) column(n int) []string {
	p.t.Helper()
	return eval[[]string](p, fmt.Sprintf(texts, n))
}

// focused says what has the focus: its id, else its text.
const focused = `document.activeElement.id || document.activeElement.textContent`

// tabTo goes on by the keyboard until something has the focus that it can be seen to
// have.
func (p *page) tabTo(name string) {
	p.t.Helper()
	const enough = 60
	var on []string
	for range enough {
		p.press(tab, 0)
		at := eval[string](p, focused)
		if !eval[bool](p, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
			p.t.Errorf("that %q has the focus is not to be seen", at)
		}
		if at == name {
			return
		}
		on = append(on, at)
	}
	p.t.Fatalf("%q is not reached by the keyboard: %q", name, on)
}

// TestHTMLInABrowser looks at what the page does, in headless Chromium.
func TestHTMLInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	b := startBrowser(t)
	shown := func(run *Run) []byte { return write(t, "html", run, Options{Catalogue: catalogue(t)}) }
	t.Run("filter, sort and open", func(t *testing.T) { useFindings(b.open(t, shown(fixture()), 1280, "light")) })
	t.Run("by keyboard only", func(t *testing.T) { useKeyboard(b.open(t, shown(fixture()), 1280, "light")) })
	t.Run("ten thousand findings", func(t *testing.T) { useMany(b.open(t, shown(many(10_000, policy.Warn)), 1280, "light")) })
	t.Run("texts of a hostile repository run no script", func(t *testing.T) {
		for _, text := range scripts {
			run := fixture()
			fill(run, text)
			openAll(b.open(t, shown(run), 1280, "light"), text)
		}
	})
	t.Run("fits a phone", func(t *testing.T) {
		p := b.open(t, shown(fixture()), 390, "light")
		if wide := eval[int](p, "document.documentElement.scrollWidth"); wide > 390 {
			t.Errorf("the page is %d pixels wide on 390", wide)
		}
	})
}

func useFindings(p *page) {
	if got := p.column(0); len(got) != 9 || got[0] != "block" {
		p.t.Errorf("decisions at first: %q", got)
	}
	set := func(id, value string) {
		eval[any](p, fmt.Sprintf(`{ const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("input")) }`, id, value))
	}
	set("severity", "critical")
	if diff := cmp.Diff([]string{"critical", "critical"}, p.column(1)); diff != "" {
		p.t.Errorf("critical only: %s", diff)
	}
	set("severity", "")
	set("search", "LODASH injection")
	if diff := cmp.Diff([]string{"CVE-2021-23337"}, p.column(3)); diff != "" {
		p.t.Errorf("words in any case of letters: %s", diff)
	}
	if said := eval[string](p, `document.getElementById("count").textContent`); said != "1 of 9 findings match, 1 are shown" {
		p.t.Errorf("it says %q", said)
	}
	set("search", "")
	click := func(selector string) { eval[any](p, fmt.Sprintf("document.querySelector(%q).click()", selector)) }
	click(`th[data-key=severity] button`)
	up := p.column(1)
	click(`th[data-key=severity] button`)
	down := p.column(1)
	want := []string{"critical", "critical", "high", "high", "high", "high", "medium", "unknown", "info"}
	if diff := cmp.Diff(want, up); diff != "" {
		p.t.Errorf("sorted: %s", diff)
	}
	if down[0] != "info" || down[8] != "critical" || eval[string](p, `document.querySelector("th[data-key=severity]").getAttribute("aria-sort")`) != "descending" {
		p.t.Errorf("sorted the other way: %q", down)
	}
	set("search", "DL3007")
	click(`#rows button`)
	opened := eval[string](p, `document.querySelector("#rows dl").textContent + document.querySelector("#rows pre").textContent`)
	for _, part := range []string{"FROM debian:latest", "decided by", "default rule lint", "Pin it by digest"} {
		if !strings.Contains(opened, part) {
			p.t.Errorf("opened it does not say %q: %q", part, opened)
		}
	}
	p.quiet()
}

func useKeyboard(p *page) {
	p.tabTo("search")
	p.write("aws")
	p.tabTo("rule")
	p.press(enter, 0)
	if got := eval[string](p, `document.querySelector("th[data-key=rule]").getAttribute("aria-sort")`); got != "ascending" {
		p.t.Errorf("sorted by rule: %q", got)
	}
	p.tabTo("aws-access-token")
	p.press(enter, 0)
	if got := eval[string](p, `document.activeElement.getAttribute("aria-expanded") + document.querySelectorAll("#rows dl").length`); got != "true1" {
		p.t.Errorf("opened: %q", got)
	}
	p.press(enter, 0)
	if got := eval[string](p, `document.activeElement.getAttribute("aria-expanded") + document.querySelectorAll("#rows dl").length`); got != "false0" {
		p.t.Errorf("closed: %q", got)
	}
	const shift = 8
	p.press(tab, shift)
	if got := eval[string](p, focused); got != "what" {
		p.t.Errorf("one back is %q", got)
	}
	p.quiet()
}

func useMany(p *page) {
	rows := func() int { return eval[int](p, `document.querySelectorAll("#rows tr").length`) }
	if n := rows(); n != 100 {
		p.t.Errorf("%d rows at first", n)
	}
	eval[any](p, `{ const e = document.getElementById("search"); e.value = "number 9999|"; e.dispatchEvent(new Event("input")) }`)
	if got := p.column(5); len(got) != 1 || got[0] != "finding number 9999|" {
		p.t.Errorf("found are %q", got)
	}
	eval[any](p, `{ const e = document.getElementById("search"); e.value = ""; e.dispatchEvent(new Event("input")) }`)
	eval[any](p, `document.getElementById("more").click()`)
	if n := rows(); n != 300 {
		p.t.Errorf("%d rows after more", n)
	}
	if at := eval[int](p, `[...document.querySelectorAll("#rows button")].indexOf(document.activeElement)`); at != 100 {
		p.t.Errorf("the focus is on row %d", at)
	}
	p.quiet()
}

// scripts are texts that run a script where they become markup, or part of one.
var scripts = []string{
	`</script><script>pwned=1</script>`, `<img src=x onerror=pwned=1>`, `"><svg onload=pwned=1>`, `' autofocus onfocus='pwned=1`, `" autofocus onfocus="pwned=1`,
	`javascript:pwned=1`, `https://evil.example/"onmouseover="pwned=1`, `</style><script>pwned=1</script>`, `</title><iframe src="javascript:top.pwned=1">`, `<!--<script>`,
	`${pwned=1}`, "`;pwned=1;`", `\u003cscript\u003epwned=1\u003c/script\u003e`, `<meta http-equiv=refresh content="0;url=https://evil.example">`, `<link rel=stylesheet href=https://evil.example/a.css>`,
	`__proto__`, `constructor`, "\u2028pwned=1", `]]><script>pwned=1</script>`, `<base href=https://evil.example/>`, `<form action=https://evil.example><button>`, evil,
}

func openAll(p *page, text string) {
	n := eval[int](p, `{ const all = [...document.querySelectorAll("#rows button")]; all.forEach(b => b.click()); document.querySelectorAll("th button").forEach(b => b.click()); all.length }`)
	if n != 9 {
		p.t.Errorf("%q: %d findings are there", text, n)
	}
	found := eval[string](p, `typeof pwned + document.querySelectorAll("main img, iframe, form, object, embed, base, main link, main meta, main style, main script, [onerror], [onload], [onfocus]").length`)
	if found != "undefined0" {
		p.t.Errorf("%q does something: %s", text, found)
	}
	p.quiet()
}

// TestHTMLIsAccessible asks axe-core, which comes in by the debugging protocol, as the
// page's own policy lets no other script in.
func TestHTMLIsAccessible(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	name := os.Getenv("BOLTSEAL_AXE")
	if name == "" {
		t.Skip("no axe-core: name its axe.min.js in BOLTSEAL_AXE")
	}
	axe, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	for name, run := range map[string]*Run{"findings of all kinds": fixture(), "no findings": {Schema: Schema}} {
		for _, scheme := range []string{"light", "dark"} {
			for _, columns := range []int{1280, 390} {
				t.Run(fmt.Sprintf("%s, %s, %d wide", name, scheme, columns), func(t *testing.T) {
					p := b.open(t, write(t, "html", run, Options{Catalogue: catalogue(t)}), columns, scheme)
					eval[any](p, `document.querySelectorAll("#rows button").forEach(b => b.click())`)
					eval[any](p, string(axe))
					violations := eval[json.RawMessage](p, `axe.run(document).then(r => r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html)]))`)
					if string(violations) != "[]" {
						t.Errorf("%s", violations)
					}
					if passed := eval[int](p, `axe.run(document).then(r => r.passes.length)`); passed < 10 {
						t.Errorf("only %d rules had something to look at", passed)
					}
				})
			}
		}
	}
}
