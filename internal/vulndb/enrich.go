package vulndb

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The files that enrich advisories.
const (
	kevFile  = "kev.json"
	epssFile = "epss.csv"
)

// maxEnrichment bounds either of them: KEV has 2 MB, EPSS 15.
const maxEnrichment = 256 << 20

// enrichment is what is known of CVEs beside the advisories.
type enrichment struct {
	kev               map[string]KEV
	epss              map[string]EPSS
	kevDate, epssDate string
}

// readEnrichment reads what there is. A file that is there and cannot be read is
// an error: without it nothing would be known to be exploited.
func readEnrichment(dir string) (*enrichment, error) {
	e := &enrichment{}
	if err := readSide(filepath.Join(dir, kevFile), e.readKEV); err != nil {
		return nil, err
	}
	if err := readSide(filepath.Join(dir, epssFile), e.readEPSS); err != nil {
		return nil, err
	}
	return e, nil
}

func readSide(path string, read func(io.Reader) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading advisories: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read from
	if err := read(io.LimitReader(file, maxEnrichment)); err != nil {
		return fmt.Errorf("reading %q: %w", path, err)
	}
	return nil
}

// readKEV reads CISA's catalogue (https://www.cisa.gov/known-exploited-vulnerabilities-catalog).
func (e *enrichment) readKEV(r io.Reader) error {
	var catalogue struct {
		Released        string `json:"dateReleased"`
		Vulnerabilities []struct {
			ID         string `json:"cveID"`
			Added      string `json:"dateAdded"`
			Due        string `json:"dueDate"`
			Ransomware string `json:"knownRansomwareCampaignUse"`
		} `json:"vulnerabilities"`
	}
	if err := json.NewDecoder(r).Decode(&catalogue); err != nil {
		return fmt.Errorf("decoding JSON: %w", err)
	}
	if len(catalogue.Vulnerabilities) == 0 {
		return errors.New("no vulnerabilities in it: not CISA's catalogue")
	}
	e.kev = make(map[string]KEV, len(catalogue.Vulnerabilities))
	for _, v := range catalogue.Vulnerabilities {
		e.kev[v.ID] = KEV{Added: v.Added, Due: v.Due, Ransomware: v.Ransomware == "Known"}
		e.kevDate = max(e.kevDate, day(v.Added))
	}
	e.kevDate = cmp.Or(day(catalogue.Released), e.kevDate, "unknown")
	return nil
}

// readEPSS reads FIRST's table: "cve,epss,percentile" after a comment that has the
// date, or with a fourth column for it (https://www.first.org/epss/data_stats).
func (e *enrichment) readEPSS(r io.Reader) error {
	e.epss = make(map[string]EPSS)
	lines := bufio.NewScanner(r)
	date := ""
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if _, after, ok := strings.Cut(comment, "score_date:"); ok {
				date = day(after)
			}
			continue
		}
		if line == "" || strings.HasPrefix(line, "cve,") {
			continue
		}
		fields := strings.Split(line, ",")
		if len(fields) < 3 {
			return fmt.Errorf("line %d: want cve,epss,percentile", n)
		}
		score, err1 := strconv.ParseFloat(fields[1], 64)
		percentile, err2 := strconv.ParseFloat(fields[2], 64)
		if err := errors.Join(err1, err2); err != nil || !(score >= 0 && score <= 1) {
			return fmt.Errorf("line %d: %q is no probability", n, clip(fields[1], 40))
		}
		row := EPSS{Score: score, Percentile: percentile, Date: date}
		if len(fields) > 3 {
			row.Date = day(fields[3])
		}
		e.epss[strings.Clone(fields[0])] = row
		e.epssDate = max(e.epssDate, row.Date)
	}
	return lines.Err()
}

func day(s string) string {
	if len(s) < len("2006-01-02") {
		return ""
	}
	return strings.Clone(s[:len("2006-01-02")])
}

// extras tells what is known of an id beside the advisories.
type extras interface {
	// about gives nil for what is not known.
	about(id string) (*KEV, *EPSS, error)
}

func (e *enrichment) about(id string) (*KEV, *EPSS, error) {
	var kev *KEV
	var epss *EPSS
	if k, ok := e.kev[id]; ok {
		kev = &k
	}
	if s, ok := e.epss[id]; ok {
		epss = &s
	}
	return kev, epss, nil
}

// enrich adds what is known of any of an advisory's ids; of several the worst.
func enrich(x extras, advisories []Advisory) error {
	for i := range advisories {
		a := &advisories[i]
		for _, id := range append([]string{a.ID}, a.Aliases...) {
			kev, epss, err := x.about(id)
			if err != nil {
				return err
			}
			if kev != nil && a.KEV == nil {
				a.KEV = kev
			}
			if epss != nil && (a.EPSS == nil || epss.Score > a.EPSS.Score) {
				a.EPSS = epss
			}
		}
	}
	return nil
}
