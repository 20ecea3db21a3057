package packages

import (
	"context"
	"slices"

	"github.com/boltseal/boltseal/internal/scan"
)

// listed looks at a list of software that was made elsewhere: it matches what the
// list holds, and reads nothing.
type listed struct{ pass }

// Wants implements scan.Pass: the document, so that it counts as read.
func (*listed) Wants(*scan.Entry, func(int) []byte) scan.Want { return scan.Want{Mode: scan.Stream} }

// File implements scan.Pass. The source has read the document.
func (*listed) File(context.Context, *scan.Entry, *scan.Content) (scan.Part, error) { return nil, nil }

// Finish implements scan.Pass.
func (l *listed) Finish(ctx context.Context, _ *scan.View, _ []scan.Ref) scan.Result {
	var res scan.Result
	list := l.target.Listed
	if list == nil {
		return res
	}
	res.Notes = slices.Clone(list.Notes)
	res.Errors = slices.Clone(list.Problems)
	byKey := make(map[string]bool)
	found := make([]located, 0, len(list.Packages))
	kind := scan.KindSBOM
	if l.target.Image != nil {
		kind = scan.KindImage // the list is of what an image held
	}
	for i := range list.Packages {
		one := located{Package: list.Packages[i]}
		one.Target = l.target.Name
		if i < len(list.Lines) {
			one.line = list.Lines[i]
		}
		if key := one.key(kind); !byKey[key] { // the same package for each file that holds it
			byKey[key] = true
			found = append(found, one)
		}
	}
	slices.SortFunc(found, compareLocated)
	l.conclude(ctx, found, &res)
	return res
}
