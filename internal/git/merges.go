package git

import (
	"bytes"
	"context"
	"errors"
	"strings"
)

// QuietMerges says which merges bring nothing of their own: every file is as in one
// of the parents, below a path relative to the root; "" is the root. Patches has
// nothing to show of them, but takes long to find out, as it looks for renames.
// Merges of which nothing is known are not among them.
func (o *Objects) QuietMerges(ctx context.Context, merges []string, sub string) map[string]bool {
	quiet := make(map[string]bool, len(merges))
	for len(merges) > 0 && ctx.Err() == nil {
		part := merges[:min(len(merges), batch)]
		merges = merges[len(part):]
		if found, err := o.quietMerges(ctx, part, sub); err == nil {
			for _, id := range found {
				quiet[id] = true
			}
		}
	}
	return quiet
}

func (o *Objects) quietMerges(ctx context.Context, merges []string, sub string) ([]string, error) {
	d, err := o.differ(mergeArgs, sub)
	if err != nil {
		return nil, err
	}
	unhook := context.AfterFunc(ctx, d.cancel)
	d.send(merges)
	quiet, err := d.readMerges(merges)
	if _, complaints := d.stderr.lines(); err == nil && len(complaints) > 0 {
		err = errors.New(complaints[0])
	}
	if !unhook() || err != nil {
		d.kill()
		<-d.sent
		return nil, errors.Join(err, ctx.Err())
	}
	<-d.sent
	o.rest(d)
	return quiet, nil
}

// readMerges reads the answer about some merges: the id of each, followed by a line
// for each path that is as in no parent.
func (d *differ) readMerges(merges []string) ([]string, error) {
	var quiet []string
	named, own := 0, false
	for {
		line, err := d.r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = line[:len(line)-1]
		switch {
		case bytes.HasPrefix(line, []byte("::")):
			own = true
			continue
		case named > 0 && !own:
			quiet = append(quiet, merges[named-1])
		}
		own = false
		switch {
		case string(line) == endMark && named == len(merges):
			return quiet, nil
		case named == len(merges) || string(line) != merges[named]:
			return nil, errors.New("git diff-tree: cannot read " + strings.ToValidUTF8(string(line), ""))
		}
		named++
	}
}
