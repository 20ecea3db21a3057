// Package change is what is said of a run in a pull or merge request, whichever forge it
// is on: one comment that is kept up to date, and comments on the lines of the diff.
// What is ours is known by a marker and by its author.
package change

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// maxRounds is how often a comment that somebody else takes away is made anew.
const maxRounds = 3

// budgets are the sizes of a comment that are tried, the largest first. GitHub takes
// 65,536 (https://docs.github.com/rest/issues/comments says of no limit), GitLab 1,000,000.
var budgets = []int{60_000, 30_000, 8_000}

// Key is a name as it stands in a marker: nothing that anybody writes can end it.
func Key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}

// CommentMarker begins the comment of a gate.
func CommentMarker(gate string) string { return "<!-- boltseal:gate:" + Key(gate) + " -->\n" }

// Stored is a text as forges give it back.
func Stored(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// marked says whether a body begins with a marker. One that stands further down may
// be anybody's text.
func marked(body, marker string) bool { return strings.HasPrefix(Stored(body)+"\n", marker) }

// Comment is a comment that we wrote.
type Comment struct {
	ID   int64
	Body string
}

// Page is where a change's comments stand.
type Page interface {
	// Comments are all of ours.
	Comments(ctx context.Context) ([]Comment, error)
	Post(ctx context.Context, body string) error
	Edit(ctx context.Context, id int64, body string) error
	Delete(ctx context.Context, id int64) error
}

// Sticky is a gate's one comment in a change.
type Sticky struct {
	Page Page
	Wire *wire.Transport
	Gate string
	// Report says how the run is shown. Shape changes the text for the forge, and may be
	// nil.
	Report report.Options
	Shape  func(string) string
}

// Show makes the comment say what the run says.
func (s Sticky) Show(ctx context.Context, run *report.Run) error {
	var err error
	for _, budget := range budgets {
		var b bytes.Buffer
		opt := s.Report
		opt.MaxBytes = budget
		if err := report.Write(&b, "markdown", run, opt); err != nil {
			return wire.Doing("writing the comment", err)
		}
		body := CommentMarker(s.Gate) + b.String()
		if s.Shape != nil {
			body = s.Shape(body)
		}
		err = s.upsert(ctx, body, report.WorthSaying(run))
		// Forges say in more than one way that a text is too long.
		if k := wire.KindOf(err); k != wire.TooLarge && k != wire.Invalid {
			return err
		}
	}
	return err
}

// comments are the gate's, the oldest first.
func (s Sticky) comments(ctx context.Context) ([]Comment, error) {
	all, err := s.Page.Comments(ctx)
	marker := CommentMarker(s.Gate)
	mine := slices.DeleteFunc(all, func(c Comment) bool { return !marked(c.Body, marker) })
	slices.SortFunc(mine, func(a, b Comment) int { return cmp.Compare(a.ID, b.ID) })
	return mine, wire.Doing("reading the comments", err)
}

// upsert makes body the text of the one comment. A comment that is not there is made
// only where it is worth it.
func (s Sticky) upsert(ctx context.Context, body string, worth bool) error {
	var err error
	for range maxRounds {
		var mine []Comment
		if mine, err = s.comments(ctx); err != nil {
			return err
		}
		if len(mine) == 0 {
			if !worth {
				return nil
			}
			if mine, err = s.post(ctx, body); err != nil {
				return err
			}
		}
		if err = s.settle(ctx, mine, body); wire.KindOf(err) != wire.Missing {
			return err
		}
	}
	return err
}

// post makes a comment, and gives all that there are then: another job may have
// made one at the same time.
func (s Sticky) post(ctx context.Context, body string) ([]Comment, error) {
	err := s.Wire.Once(ctx, func() error { return s.Page.Post(ctx, body) }, func() (bool, error) {
		mine, err := s.comments(ctx)
		return len(mine) > 0, err
	})
	if err != nil {
		return nil, wire.Doing("posting the comment", err)
	}
	return s.comments(ctx)
}

// settle leaves the oldest comment, with body as its text.
func (s Sticky) settle(ctx context.Context, mine []Comment, body string) error {
	if len(mine) == 0 {
		return nil // just posted, and not listed yet
	}
	var errs []error
	for _, c := range mine[1:] {
		err := s.Page.Delete(ctx, c.ID)
		if wire.KindOf(err) != wire.Missing { // the other job did
			errs = append(errs, wire.Doing("deleting a second comment", err))
		}
	}
	if Stored(mine[0].Body) != Stored(body) {
		if err := s.Page.Edit(ctx, mine[0].ID, body); err != nil {
			return wire.Doing("updating the comment", err)
		}
	}
	return errors.Join(errs...)
}
