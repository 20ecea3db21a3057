package vulndb

import (
	"testing"

	"pgregory.net/rapid"
)

// TestIDs holds that every id comes back as it was.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom([]string{`(CVE|GO|ALSA|X-CVE)[-:](19|20|00)[0-9]{2}[-:][0-9]{0,10}`, `GHSA(-[2-9cfghjmpqrvwx]{4}){3}`, `GHSA(-[a-z0-9]{4}){3}`, `.{0,12}`}).Draw(t, "pattern")
		id := rapid.StringMatching(pattern).Draw(t, "id")
		links := rapid.SampledFrom([][]string{nil, {"CVE-2024-0012"}, {"", "x"}}).Draw(t, "links")
		if len(links) > 0 && rapid.Bool().Draw(t, "linked") {
			id += links[0]
		}
		prefixes := map[string]int{}
		var list []string
		if p, ok := prefixOf(id, links); ok {
			prefixes[p] = 0
			list = append(list, p)
		}
		var w writer
		putID(&w, id, links, prefixes)
		r := &reader{data: w.data}
		code := readID(r)
		link := ""
		if len(links) > 0 {
			link = links[0]
		}
		if got := string(code.append([]byte("x"), r, list, []byte(link))); got != "x"+id || r.bad || r.left() > 0 {
			t.Fatalf("%q comes back as %q", id, got)
		}
	})
}

func TestNumberedIDs(t *testing.T) {
	for id, want := range map[string]int{
		"CVE-2024-0000": idPadded, "CVE-2024-0012": idPadded, "CVE-2024-1000": idPadded, "CVE-2024-123456": idPadded,
		"PYSEC-2024-7": idPlain, "CVE-2024-00012": -1, "CVE-0024-1": -1, "A*-2024-0001": -1, "2024-1": -1,
	} {
		got := -1
		if _, code, ok := numberedID(id); ok {
			got = code.kind
		}
		if got != want {
			t.Errorf("%s: kind %d, want %d", id, got, want)
		}
	}
}
