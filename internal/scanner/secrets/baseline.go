package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of a baseline.
const (
	maxBaselineSize    = 64 << 20
	maxBaselineEntries = 1_000_000
)

// baseline is a report of the engine in JSON, taken as the findings that are
// known. It holds hashes, never a secret, and is read-only; nil knows
// nothing.
//
// A finding is known if an entry has its rule, file, commit, start line and secret,
// and each entry covers one finding: what is there twice and was known once is new
// once. Give findings in a fixed order, so that it is the same one in each run.
// The engine's own comparison (detect.IsNew) differs:
//
//   - It also wants equal columns, end line, match, description, entropy, author,
//     e-mail, date and message. Columns and end line count otherwise there than here;
//     description and entropy change with a version of the rules; the rest follows
//     from the commit. None of them makes another secret of the same.
//   - One entry there covers any number of equal findings: it tells two on one line
//     apart by their columns. Here the count does that.
//   - There a flag says that secrets are redacted, and then all entries are compared
//     without. Here an entry says it itself: REDACTED, or a beginning and "...".
//     Such an entry covers any secret of the rule on that line, and comes last.
//   - Paths there are as they were typed. Here they are relative to the root of the
//     repository: a leading "./" goes, an absolute path matches nothing, which
//     unused tells.
type baseline struct {
	// ids number the distinct entries from 1, counts tell how many of each there
	// are.
	ids    map[baselineKey]int
	counts []int
}

type baselineKey struct {
	rule, file, commit string
	line               int
	hash               string // empty where the secret is redacted
}

// baselineEntry is what counts of an entry.
type baselineEntry struct {
	RuleID    string
	File      string
	Commit    string
	StartLine int
	Secret    string
}

// parseBaseline reads a report of the engine; null is one without findings. Secrets
// pass hash at once, which must be what match is given; its hashes must not be empty
// and should be long: with 16 bits of hash one other secret in 65,536 on the same
// line passes for the known one. The text itself is the caller's to forget.
func parseBaseline(name string, text []byte, hash func(string) string) (*baseline, error) {
	if len(text) > maxBaselineSize {
		return nil, fmt.Errorf("%s: the baseline is larger than %d bytes", name, maxBaselineSize)
	}
	r := &baselineReader{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	b := &baseline{ids: make(map[baselineKey]int), counts: []int{0}}
	if err := r.each(func(e baselineEntry) { b.add(e.key(hash)) }); err != nil {
		line, column := r.position(err)
		return nil, fmt.Errorf("%s:%d:%d: reading the baseline: %w (make it with gitleaks --report-format json)", name, line, column, r.plain(err))
	}
	return b, nil
}

func (e baselineEntry) key(hash func(string) string) baselineKey {
	key := baselineKey{rule: e.RuleID, file: e.File, commit: e.Commit, line: e.StartLine}
	key.file = strings.TrimPrefix(strings.ReplaceAll(key.file, `\`, "/"), "./")
	if !redacted(e.Secret) {
		key.hash = hash(e.Secret)
	}
	return key
}

// redacted says that the engine wrote a secret with --redact: in whole, or its
// beginning.
func redacted(secret string) bool {
	return secret == "REDACTED" || strings.HasSuffix(secret, "...")
}

func (b *baseline) add(key baselineKey) {
	id := b.ids[key]
	if id == 0 {
		id = len(b.counts)
		b.ids[key] = id
		b.counts = append(b.counts, 0)
	}
	b.counts[id]++
}

// find gives the numbers of the entries that could cover a finding: the one with
// its secret, and one that is redacted; 0 for none.
func (b *baseline) find(rule, file, commit string, startLine int, hash string) [2]int {
	if b == nil {
		return [2]int{}
	}
	key := baselineKey{rule, file, commit, startLine, hash}
	exact := b.ids[key]
	key.hash = ""
	return [2]int{exact, b.ids[key]}
}

// tally counts which entries of a baseline are still to cover a finding. The zero
// value covers nothing.
type tally struct{ left []int }

func (b *baseline) tally() tally {
	if b == nil {
		return tally{}
	}
	return tally{slices.Clone(b.counts)}
}

// take says whether one of the entries that find gave covers a finding, and if so
// spends it: the next equal finding needs an entry of its own.
func (t tally) take(ids [2]int) bool {
	for _, id := range ids {
		if id > 0 && id < len(t.left) && t.left[id] > 0 {
			t.left[id]--
			return true
		}
	}
	return false
}

// unused is the number of entries that no finding needed: secrets that are gone, or
// paths that are not relative to the root of the repository.
func (t tally) unused() int {
	n := 0
	for _, left := range t.left {
		n += left
	}
	return n
}

// baselineReader reads one entry after the other.
type baselineReader struct {
	text []byte
	dec  *json.Decoder
	at   int64 // where the entry at hand begins
}

var errNoReport = errors.New("it is no array of findings")

func (r *baselineReader) each(add func(baselineEntry)) error {
	token, err := r.dec.Token()
	if err != nil {
		return err
	}
	if token == nil {
		return r.end()
	}
	if token != json.Delim('[') {
		return errNoReport
	}
	for n := 0; r.dec.More(); n++ {
		r.at = r.dec.InputOffset()
		if n == maxBaselineEntries {
			return fmt.Errorf("more than %d findings", maxBaselineEntries)
		}
		var e baselineEntry
		if err := r.dec.Decode(&e); err != nil {
			return err
		}
		if e.RuleID == "" {
			return fmt.Errorf("finding %d has no RuleID", n+1)
		}
		add(e)
	}
	if _, err := r.dec.Token(); err != nil {
		return err
	}
	return r.end()
}

// end makes sure that nothing stands behind the report.
func (r *baselineReader) end() error {
	r.at = r.dec.InputOffset()
	_, err := r.dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("something stands behind the report")
}

// position says where an error is. The decoder's own offsets leave out what stands
// between tokens, so broken text is looked through again as a whole.
func (r *baselineReader) position(err error) (line, column int) {
	offset := r.skip(r.at)
	if broken(err) {
		var whole json.RawMessage
		if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(r.text, &whole)); ok {
			offset = e.Offset
			if offset < int64(len(r.text)) || !early(err) {
				offset--
			}
		}
	}
	before := r.text[:min(max(0, int(offset)), len(r.text))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

func early(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func broken(err error) bool {
	_, ok := errors.AsType[*json.SyntaxError](err)
	return ok || early(err)
}

// skip goes over what stands between two entries.
func (r *baselineReader) skip(offset int64) int64 {
	for offset < int64(len(r.text)) && bytes.IndexByte([]byte(" \t\r\n,"), r.text[offset]) >= 0 {
		offset++
	}
	return offset
}

// plain takes from an error what the decoder quotes of the text, which may be a
// part of a secret.
func (r *baselineReader) plain(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return errNoReport
		}
		return fmt.Errorf("the field %s has the wrong type", e.Field)
	}
	switch {
	case early(err):
		return errors.New("the JSON ends too early")
	case broken(err):
		return errors.New("the JSON is broken")
	}
	return err
}
