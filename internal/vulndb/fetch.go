package vulndb

import (
	"context"
	"crypto/md5" //nolint:gosec // what a server calls its checksum; it proves no origin
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/web"
)

// Progress is how far the fetching of something is.
type Progress struct {
	// Name is an ecosystem, "KEV", "EPSS" or a file of a database.
	Name string
	// Total is 0 where it is not known.
	Done, Total int64
}

// maxBreaks bounds how often a broken connection is taken up again for one file.
const maxBreaks = 20

// fetcher fetches files into a folder that is locked. What came before a break is
// kept there, for the next attempt of this process or of a later one.
type fetcher struct {
	dir      string
	web      web.Options
	base     *http.Transport
	strict   *http.Client // stays on one host: nothing vouches for what it gets
	loose    *http.Client // for what has a digest
	progress func(Progress)
}

func newFetcher(dir string, o web.Options, progress func(Progress)) *fetcher {
	if o.Wait == nil {
		o.Wait = web.Pause
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	base := o.Transport()
	return &fetcher{
		dir: dir, web: o, base: base, progress: progress,
		strict: &http.Client{Transport: o.RoundTripper(base), CheckRedirect: web.SameHost},
		loose:  &http.Client{Transport: o.RoundTripper(base), CheckRedirect: web.Redirect},
	}
}

func (f *fetcher) close() { f.base.CloseIdleConnections() }

// validator says which version of a file a server has.
type validator struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
}

// strong is what a rest may be asked for with; empty where that would not be safe.
func (v validator) strong() string {
	if v.ETag != "" && !strings.HasPrefix(v.ETag, "W/") {
		return v.ETag
	}
	return ""
}

// wish is a file that is wanted.
type wish struct {
	name string // for messages
	url  string
	part string // the name of what is fetched, without its prefix
	most int64  // bytes
	seen validator
}

// got is an answer to a wish.
type got struct {
	validator
	path string // of the file, which is the caller's to remove
	// unchanged says that the server has what was seen before: there is no file.
	unchanged bool
	// resumed says that an earlier process has fetched a part of it.
	resumed bool
}

// partial is what is known of a file that has come in part.
type partial struct {
	validator
	URL string `json:"url"`
}

// fetch gets a file. Where the rest of what came before turns out not to belong to
// it, it is fetched anew.
func (f *fetcher) fetch(ctx context.Context, w wish) (*got, error) {
	g, err := f.attempt(ctx, w)
	if errors.Is(err, errMixed) {
		g, err = f.attempt(ctx, w)
	}
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", w.name, err)
	}
	return g, nil
}

// errMixed says that what was there before and what came do not fit together.
var errMixed = errors.New("what came is not what the server has: its checksum differs")

// attempt fetches, from where the last attempt has ended.
func (f *fetcher) attempt(ctx context.Context, w wish) (*got, error) {
	d := &transfer{fetcher: f, wish: w, path: filepath.Join(f.dir, partPrefix+w.part)}
	d.remember()
	for breaks := 1; ; breaks++ {
		done, err := d.round(ctx)
		switch {
		case err == nil && done:
			return d.finish()
		case err != nil && (!errors.Is(err, errBroken) || breaks == maxBreaks):
			return nil, err
		case breaks == maxBreaks:
			return nil, errBroken
		}
		if err != nil {
			if err := f.web.Wait(ctx, web.FirstPause<<min(breaks-1, 4)); err != nil {
				return nil, err
			}
		}
	}
}

// errBroken says that the connection broke and may be taken up again.
var errBroken = errors.New("the connection broke off")

// transfer is a file on its way.
type transfer struct {
	*fetcher
	wish
	path      string
	have      int64 // bytes that are there
	total     int64 // 0 if unknown
	known     partial
	sums      http.Header // what the server says of the whole
	resumed   bool
	unchanged bool
}

func (d *transfer) metaPath() string { return d.path + ".json" }

// remember finds out what an earlier attempt has left.
func (d *transfer) remember() {
	data, err := readPlain(d.metaPath())
	if err != nil || json.Unmarshal(data, &d.known) != nil || d.known.URL != shownAddress(d.url) || d.known.strong() == "" {
		d.known = partial{}
		return
	}
	if info, err := os.Lstat(d.path); err == nil && info.Mode().IsRegular() {
		d.have = info.Size()
		d.resumed = d.have > 0
	}
}

// plain removes what stands under a name and is no regular file: a folder that a
// cache has restored can hold a link to anywhere.
func plain(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().IsRegular() {
		return nil //nolint:nilerr // what is not there will be made
	}
	return os.Remove(path)
}

// forget drops what has come.
func (d *transfer) forget() {
	d.have, d.known, d.resumed = 0, partial{}, false
	_ = os.Remove(d.path)
	_ = os.Remove(d.metaPath())
}

// round asks once and takes what comes. A rest that is refused is asked for as
// a whole the next time.
func (d *transfer) round(ctx context.Context) (done bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return false, web.Faultf("no address")
	}
	switch {
	case d.have > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		req.Header.Set("If-Range", d.known.strong())
	case d.seen.ETag != "":
		req.Header.Set("If-None-Match", d.seen.ETag)
	case d.seen.LastModified != "":
		req.Header.Set("If-Modified-Since", d.seen.LastModified)
	}
	resp, err := d.strict.Do(req)
	if err != nil {
		return false, web.Told(req.URL.Host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	switch resp.StatusCode {
	case http.StatusOK:
		return d.take(resp, 0)
	case http.StatusNotModified:
		if d.have > 0 || d.seen == (validator{}) {
			return false, web.Faultf("%s says that nothing is new, which it was not asked", req.URL.Host)
		}
		d.unchanged = true
		return true, nil
	case http.StatusPartialContent:
		if start, _ := web.ContentRange(resp); start == d.have {
			return d.take(resp, d.have)
		}
		if d.have == 0 {
			return false, web.Faultf("%s answers with a part where it was asked for the whole", req.URL.Host)
		}
		d.forget()
		return false, nil
	case http.StatusRequestedRangeNotSatisfiable:
		if d.have == 0 {
			return false, refusal(resp)
		}
		d.forget()
		return false, nil
	}
	return false, refusal(resp)
}

// take writes what comes behind what is there.
func (d *transfer) take(resp *http.Response, start int64) (done bool, err error) {
	if err := noPage(resp); err != nil {
		return false, err
	}
	d.have, d.sums = start, resp.Header
	d.total = 0
	if resp.ContentLength >= 0 {
		d.total = start + resp.ContentLength
	}
	if _, whole := web.ContentRange(resp); resp.StatusCode == http.StatusPartialContent && whole > 0 {
		d.total = whole // whatever part of it this is
	}
	if d.total > d.most {
		return false, fmt.Errorf("%w: it has %d bytes, of at most %d", errLimit, d.total, d.most)
	}
	if start == 0 {
		d.resumed = false
		d.known = partial{validator{clipped(resp.Header.Get("ETag")), clipped(resp.Header.Get("Last-Modified"))}, shownAddress(d.url)}
		meta, err := json.Marshal(d.known)
		if err != nil {
			return false, err
		}
		_ = os.Remove(d.metaPath()) // until what it speaks of is cut
		if err := writeSynced(d.path, nil); err != nil {
			return false, err
		}
		if err := writeSynced(d.metaPath(), meta); err != nil {
			return false, err
		}
	}
	return d.write(resp)
}

// clipped leaves out a header that no server sends.
func clipped(header string) string {
	const most = 1 << 10
	if len(header) > most {
		return ""
	}
	return header
}

func (d *transfer) write(resp *http.Response) (done bool, err error) {
	file, err := os.OpenFile(d.path, os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	// A process that was killed may have left more than was counted: cut it.
	if err := file.Truncate(d.have); err != nil {
		return false, err
	}
	if _, err := file.Seek(d.have, io.SeekStart); err != nil {
		return false, err
	}
	buf := make([]byte, 64<<10)
	for {
		n, readErr := resp.Body.Read(buf)
		if d.have+int64(n) > d.most {
			return false, fmt.Errorf("%w: more than %d bytes", errLimit, d.most)
		}
		if _, err := file.Write(buf[:n]); err != nil {
			d.forget() // a disk that is full is not kept full
			return false, err
		}
		d.have += int64(n)
		d.progress(Progress{d.name, d.have, d.total})
		switch {
		case errors.Is(readErr, io.EOF) && d.have < d.total:
			return false, fmt.Errorf("%s: %w", resp.Request.URL.Host, errBroken)
		case errors.Is(readErr, io.EOF):
			return true, file.Sync()
		case readErr != nil && web.Passes(readErr):
			if d.known.strong() == "" {
				d.forget() // what comes next may be of another version
			}
			return false, fmt.Errorf("%s: %w", resp.Request.URL.Host, errBroken)
		case readErr != nil:
			return false, web.Told(resp.Request.URL.Host, readErr)
		}
	}
}

// finish compares checksums.
func (d *transfer) finish() (*got, error) {
	if d.unchanged {
		return &got{validator: d.seen, unchanged: true}, nil
	}
	_ = os.Remove(d.metaPath()) // what is whole is not gone on with
	if err := d.compare(); err != nil {
		resumed := d.resumed
		d.forget()
		if !resumed && errors.Is(err, errMixed) {
			err = errors.New(errMixed.Error())
		}
		return nil, err
	}
	return &got{validator: d.known.validator, path: d.path, resumed: d.resumed}, nil
}

// compare looks at the checksums that the server gives: Google's storage and
// RFC 9530 are known.
func (d *transfer) compare() error {
	sums := map[string]hash.Hash{}
	want := map[string]string{}
	for _, name := range []string{"X-Goog-Hash", "Repr-Digest"} {
		for _, line := range d.sums.Values(name) {
			for item := range strings.SplitSeq(line, ",") {
				kind, value, ok := strings.Cut(strings.TrimSpace(item), "=")
				h := hashes(kind)
				sum, err := base64.StdEncoding.DecodeString(strings.Trim(value, ":"))
				if ok && h != nil && err == nil && len(sum) == h.Size() {
					sums[kind], want[kind] = h, string(sum)
				}
			}
		}
	}
	if len(sums) == 0 {
		return nil
	}
	file, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read from
	var all []io.Writer
	for _, h := range sums {
		all = append(all, h)
	}
	if _, err := io.Copy(io.MultiWriter(all...), file); err != nil {
		return err
	}
	for kind, h := range sums {
		if string(h.Sum(nil)) != want[kind] {
			return errMixed
		}
	}
	return nil
}

// hashes makes what a server calls by a name, nil for what is not known.
func hashes(kind string) hash.Hash {
	switch kind {
	case "crc32c":
		return crc32.New(castagnoli)
	case "md5":
		return md5.New() //nolint:gosec // see above
	case "sha-256":
		return sha256.New()
	}
	return nil
}

// refusal says what a status means.
func refusal(resp *http.Response) error {
	host := resp.Request.URL.Host
	text := fmt.Sprintf("%s answers %d %s", host, resp.StatusCode, http.StatusText(resp.StatusCode))
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return &web.Fault{Text: text, Is: fs.ErrNotExist}
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return web.Faultf("%s: it wants credentials, or refuses this machine", text)
	}
	return web.Faultf("%s", text)
}

// noPage refuses a web page, which portals and proxies answer with.
func noPage(resp *http.Response) error {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err == nil && (kind == "text/html" || kind == "application/xhtml+xml") {
		return web.Faultf("%s answers with a web page: does a proxy or a sign-in page stand before it?", resp.Request.URL.Host)
	}
	return nil
}

// document fetches a small file into memory.
func (f *fetcher) document(ctx context.Context, address string, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, web.Faultf("no address")
	}
	resp, err := f.strict.Do(req)
	if err != nil {
		return nil, web.Told(req.URL.Host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(resp)
	}
	return wholeBody(resp, req.URL.Host, most)
}

// wholeBody reads the answer of a host that is no web page.
func wholeBody(resp *http.Response, host string, most int64) ([]byte, error) {
	if err := noPage(resp); err != nil {
		return nil, err
	}
	if resp.ContentLength > most {
		return nil, fmt.Errorf("%s: %w: %d bytes, of at most %d", host, errLimit, resp.ContentLength, most)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return nil, web.Told(host, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", host, errLimit, most)
	}
	return data, nil
}

// checkAddress refuses what is no https address. It does not repeat the text, which
// may hold a password.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("not an address: write https://HOST/PATH")
	case u.Scheme == "http" && !web.IsLoopback(u.Hostname()):
		return fmt.Errorf("%q is not reached over plain HTTP: write https://", u.Hostname())
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("an address ends with its path: leave out what stands from ? or # on")
	}
	return nil
}

// shownAddress is an address without what may be secret.
func shownAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// dropStale removes halves that nobody has gone on with for long.
func dropStale(dir string, now time.Time) {
	const long = 7 * 24 * time.Hour
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), partPrefix) && now.Sub(info.ModTime()) > long {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// partName makes a file name of an address.
func partName(address, ext string) string {
	sum := sha256.Sum256([]byte(shownAddress(address)))
	return hex.EncodeToString(sum[:8]) + ext
}
