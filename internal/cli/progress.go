package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

const (
	// often is how often the progress line is drawn.
	often = 100 * time.Millisecond
	// clearLine goes back to the first column and clears the line: ECMA-48, CR and EL.
	clearLine = "\r\x1b[K"
	// silence is after how long a download that says nothing has ended somehow.
	silence = 2 * time.Second
	// usualColumns is the width of a terminal that does not tell its own.
	usualColumns = 80
)

// progressLine is the last line of a terminal, on which people see how far a command is.
// It stands in front of standard error: what is written there goes above the line.
type progressLine struct {
	w       io.Writer
	columns func() int

	mu    sync.Mutex
	shown string // what stands there
	// fetched is what is said of the download that is going on; empty for none.
	fetched string
	told    time.Time // when that was
}

// withProgress puts a progress line in front of standard error where that is a terminal
// before which somebody may sit: not in a CI job, whose log keeps every line.
func (s System) withProgress() System {
	if s.Terminal == nil || !s.Terminal() || s.Getenv("CI") != "" || s.Getenv("TERM") == "dumb" || ci.Detect(s.Getenv, nil).System != ci.None {
		return s
	}
	s.line = &progressLine{w: s.Stderr, columns: s.Columns}
	s.Stderr = s.line
	return s
}

// withoutProgress is for commands that were told to be quiet.
func (s System) withoutProgress() System {
	s.line = nil // Stderr may stay: nobody draws
	return s
}

// Write implements io.Writer: the line makes way, and comes back when it is drawn next.
func (l *progressLine) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set("")
	return l.w.Write(text)
}

// set draws the line anew where it differs, as far as it fits; nobody holds it against a
// terminal that it cannot be written to. The caller holds the lock.
func (l *progressLine) set(text string) {
	text = report.Line(text, l.width())
	if text == l.shown {
		return
	}
	l.shown = text
	_, _ = io.WriteString(l.w, clearLine+text)
}

// width is how many columns the line may take: behind the last one of the terminal some
// begin a new line.
func (l *progressLine) width() int {
	columns := 0
	if l.columns != nil {
		columns = l.columns()
	}
	if columns < 1 {
		columns = usualColumns
	}
	return max(1, columns-1)
}

// say draws what is going on, unless a download is.
func (l *progressLine) say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fetched != "" && time.Since(l.told) < silence {
		text = l.fetched
	}
	l.set(text)
}

// clear takes the line away.
func (l *progressLine) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fetched = ""
	l.set("")
}

// watch draws the line until the function that it gives is called; then it is gone.
func (l *progressLine) watch(p *scan.Progress) (stop func()) {
	l.say(far(p.Far(), l.width()))
	ticker := time.NewTicker(often)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ticker.C:
				l.say(far(p.Far(), l.width()))
			case <-end:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		<-ended
		l.clear()
	}
}

// leastTarget is how much of a target's name is shown on the narrowest terminal.
const leastTarget = 8

// far is how far the scanning is, in words that fit: of a long name of a target the end
// is left out, as it says least.
func far(f scan.Far, columns int) string {
	if f.Target == "" {
		return "preparing"
	}
	doing := "scanning "
	switch {
	case f.Number == 0:
		doing = "comparing with "
	case f.Of > 1:
		doing = fmt.Sprintf("scanning %d of %d: ", f.Number, f.Of)
	}
	done := ": "
	if f.Units > 1 {
		done += fmt.Sprintf("%d%%, ", 100*f.Walked/f.Units)
	}
	done += fmt.Sprintf("%s, %s, %d found", files(f.Files), megabytes(f.Bytes), f.Found)
	return doing + report.Line(f.Target, max(leastTarget, columns-len(doing)-len(done))) + done
}

func files(n int64) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// watch shows the progress of a scan until the function that it gives is called. It
// gives what the scan has to count with; nil where nobody looks.
func (s System) watch() (p *scan.Progress, stop func()) {
	if s.line == nil {
		return nil, func() {}
	}
	p = new(scan.Progress)
	return p, s.line.watch(p)
}

// progress shows on a terminal how far the fetching is, and nothing elsewhere.
func (s System) progress() func(vulndb.Progress) {
	if s.line == nil {
		return nil
	}
	var last time.Time
	return func(p vulndb.Progress) {
		whole := p.Total > 0 && p.Done >= p.Total
		now := time.Now()
		if !whole && now.Sub(last) < often {
			return
		}
		last = now
		s.line.fetching(p, whole)
	}
}

// fetching says how far a download is; one that is there needs no words.
func (l *progressLine) fetching(p vulndb.Progress, whole bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := ""
	if p.Total > 0 {
		of = " of " + megabytes(p.Total)
	}
	l.fetched = fmt.Sprintf("%s: %s%s", p.Name, megabytes(p.Done), of)
	l.told = time.Now()
	if whole {
		l.fetched = ""
	}
	l.set(l.fetched)
}
