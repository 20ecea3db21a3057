package git

import "bytes"

// combined reads one file of a merge, as "diff --cc" shows it
// (https://git-scm.com/docs/diff-format#_combined_diff_format).
func (p *patchParser) combined(header []byte) error {
	path, err := plainPath(header)
	return p.hunks(path, err, p.combinedBlock)
}

// combinedBlock reads one hunk of a merge. Lines that no parent has are given, the
// consecutive ones together. A line begins with a column for each parent.
func (p *patchParser) combinedBlock() error {
	line, err := p.line()
	if err != nil {
		return err
	}
	parents, at, err := combinedHeader(line)
	if err != nil {
		return p.errorf("%w", err)
	}
	p.text = p.text[:0]
	start, plus := 0, false
	for {
		c := p.first()
		if c == '\\' {
			if err := p.noNewline(plus); err != nil {
				return err
			}
			continue
		}
		if c != ' ' && c != '+' && c != '-' {
			return p.flush(start)
		}
		columns, err := p.r.Peek(parents)
		if err != nil {
			return p.inside(err)
		}
		fresh, gone := bytes.Count(columns, []byte{'+'}) == parents, bytes.IndexByte(columns, '-') >= 0
		switch {
		case fresh && start == 0:
			start = max(at, 1)
			err = p.take(parents)
		case fresh:
			err = p.take(parents)
		case gone:
			// Shown before the lines that come in its place, also between them:
			// it takes no line of the result.
			err = p.skip()
		default:
			if err = p.flush(start); err == nil {
				err = p.skip()
			}
			start = 0
		}
		if err != nil {
			return err
		}
		if plus = fresh; !gone {
			at++
		}
	}
}

// flush gives the lines gathered since start, if there are any.
func (p *patchParser) flush(start int) error {
	if start == 0 || p.deleted {
		return nil
	}
	p.h.Line = start
	err := p.give()
	p.text = p.text[:0]
	return err
}

// combinedHeader reads "@@@ -1,2 -3,4 +5,6 @@@": as many parents as there are signs
// less one, and the first line in the result.
func combinedHeader(line []byte) (parents, at int, err error) {
	signs := 0
	for signs < len(line) && line[signs] == '@' {
		signs++
	}
	parents = signs - 1
	rest, ok := line[signs:], parents >= 2
	for range parents {
		if ok {
			rest, ok = bytes.CutPrefix(rest, []byte(" -"))
		}
		if ok {
			_, _, rest, ok = blockRange(rest)
		}
	}
	if ok {
		rest, ok = bytes.CutPrefix(rest, []byte(" +"))
	}
	if ok {
		at, _, rest, ok = blockRange(rest)
	}
	if !ok || !bytes.HasPrefix(rest, append([]byte{' '}, line[:signs]...)) {
		return 0, 0, errBlock
	}
	return parents, at, nil
}
