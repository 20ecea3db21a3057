package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// The types of a statement (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md)
// and of the envelope in which it is signed
// (https://github.com/secure-systems-lab/dsse/blob/master/envelope.md).
const (
	StatementType = "https://in-toto.io/Statement/v1"
	EvidenceType  = homepage + "/evidence/v1"
	envelopeType  = "application/vnd.in-toto+json"
)

// maxEvidence is how large a piece of evidence may be.
const maxEvidence = 64 << 20

// Evidence is an in-toto statement that a gate has judged something.
type Evidence struct {
	Type          string            `json:"_type"`
	Subject       []EvidenceSubject `json:"subject"`
	PredicateType string            `json:"predicateType"`
	Predicate     EvidencePredicate `json:"predicate"`
}

// EvidenceSubject is what was judged: an image by its digest, or a commit.
type EvidenceSubject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// EvidencePredicate is what is stated. It holds no findings: who reads it need not see
// them.
type EvidencePredicate struct {
	Tool     Tool           `json:"tool"`
	Verdict  policy.Verdict `json:"verdict"`
	Judged   Judged         `json:"judged"`
	Policies []Policy       `json:"policies"`
	Change   *Change        `json:"change,omitempty"`
	Database *Database      `json:"database,omitempty"`
	Scans    []EvidenceScan `json:"scans"`
	// Findings counts them by severity; what is none is left out.
	Findings map[string]int `json:"findings,omitempty"`
	// HoldsUntil is the last day on which all of its decisions stand, "2026-12-01":
	// an exception or a grace ends then. Empty where none ends.
	HoldsUntil string `json:"holdsUntil,omitempty"`
}

// EvidenceScan is how one scanner ended on one target.
type EvidenceScan struct {
	Scanner  string         `json:"scanner"`
	Target   string         `json:"target"`
	Digest   string         `json:"digest,omitempty"`
	Platform string         `json:"platform,omitempty"`
	Status   finding.Status `json:"status"`
	Reason   string         `json:"reason,omitempty"`
}

// writeEvidence writes the statement. Without an image's digest and without a commit
// there is nothing that it could be about, which is an error; and so is a shard, whose
// pass says nothing of the whole.
func writeEvidence(w io.Writer, run *Run, _ Options) error {
	e := Evidence{Type: StatementType, Subject: evidenceSubjects(run), PredicateType: EvidenceType, Predicate: EvidencePredicate{
		Tool: run.Tool, Verdict: run.Verdict, Judged: run.Judged, Policies: run.Policies, Change: run.Change, Database: run.Database,
		Scans: []EvidenceScan{}, Findings: make(map[string]int),
	}}
	switch {
	case run.Shard != nil:
		return ErrShard
	case len(e.Subject) == 0:
		return ErrNoSubject
	}
	if e.Predicate.Policies == nil {
		e.Predicate.Policies = []Policy{}
	}
	for _, s := range run.Scans {
		e.Predicate.Scans = append(e.Predicate.Scans, EvidenceScan{s.Scanner, s.Target, s.Digest, s.Platform, s.Status, s.Reason})
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		e.Predicate.Findings[f.Severity.String()]++
		if until := f.Decision.Until; until != "" && f.Decision.Action != policy.Block && (e.Predicate.HoldsUntil == "" || until < e.Predicate.HoldsUntil) {
			e.Predicate.HoldsUntil = until
		}
	}
	return encodeJSON(w, e)
}

// ErrNoSubject says that evidence would be about nothing.
var ErrNoSubject = errors.New("evidence is about an image by its digest or about a commit, and the run has neither")

// ErrShard says that evidence would be of a part only.
var ErrShard = errors.New("evidence is of a whole run, and this is one of its shards: boltseal merge writes it of all of them")

var imageDigest = regexp.MustCompile(`^(sha256):([0-9a-f]{64})$|^(sha512):([0-9a-f]{128})$`)

// IsCommit says whether a text is the whole id of a commit.
func IsCommit(id string) bool {
	return (len(id) == 40 || len(id) == 64) && strings.Trim(id, "0123456789abcdef") == ""
}

// evidenceSubjects are the images that were scanned, and the commit that was checked out.
func evidenceSubjects(run *Run) []EvidenceSubject {
	subjects := []EvidenceSubject{}
	seen := make(map[string]bool)
	for _, s := range run.Scans {
		if !imageDigest.MatchString(s.Digest) || seen[s.Target+" "+s.Digest] {
			continue
		}
		seen[s.Target+" "+s.Digest] = true
		algorithm, hash, _ := strings.Cut(s.Digest, ":")
		subjects = append(subjects, EvidenceSubject{s.Target, map[string]string{algorithm: hash}})
	}
	commit := run.Commit
	if run.Change != nil {
		commit = cmp.Or(run.Change.Head, commit)
	}
	if IsCommit(commit) {
		subjects = append(subjects, EvidenceSubject{"git", map[string]string{"gitCommit": commit}})
	}
	return subjects
}

// Is says whether a subject has a digest, as "sha256:…", or is a commit.
func (s EvidenceSubject) Is(digest string) bool {
	algorithm, hash, ok := strings.Cut(digest, ":")
	if !ok {
		algorithm, hash = "gitCommit", digest
	}
	return hash != "" && s.Digest[algorithm] == hash
}

// ReadEvidence reads a statement, alone or in the envelope in which it was signed,
// whose signatures it does not check. It is as strict as Read.
func ReadEvidence(r io.Reader) (*Evidence, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxEvidence+1))
	if err != nil {
		return nil, fmt.Errorf("reading evidence: %w", err)
	}
	if len(data) > maxEvidence {
		return nil, fmt.Errorf("reading evidence: larger than %d MiB", maxEvidence>>20)
	}
	e, err := decodeEvidence(data)
	if err != nil {
		return nil, fmt.Errorf("reading evidence: %w", err)
	}
	return e, nil
}

func decodeEvidence(data []byte) (*Evidence, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("it is empty; `boltseal scan -f evidence=FILE` writes one")
	}
	if !json.Valid(data) {
		return nil, located(data, json.Unmarshal(data, new(any)))
	}
	var head struct {
		PayloadType   string `json:"payloadType"`
		Payload       string `json:"payload"`
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, located(data, err)
	}
	switch {
	case head.PayloadType == envelopeType:
		inner, err := base64.StdEncoding.DecodeString(head.Payload)
		if err != nil {
			return nil, fmt.Errorf("payload of the envelope: %w", err)
		}
		if bytes.Contains(inner, []byte(`"payloadType"`)) {
			return nil, errors.New("an envelope in an envelope")
		}
		return decodeEvidence(inner)
	case head.Type != StatementType:
		return nil, fmt.Errorf("its type is %q, not %q", Plain(head.Type), StatementType)
	case head.PredicateType != EvidenceType:
		return nil, fmt.Errorf("it states %q, and this boltseal reads %q", Plain(head.PredicateType), EvidenceType)
	}
	s := &shape{data: data, objects: maxObjects, values: maxValues, known: map[reflect.Type][]member{}}
	if err := s.value(reflect.TypeFor[Evidence]()); err != nil {
		return nil, err
	}
	e := new(Evidence)
	if err := json.Unmarshal(data, e); err != nil {
		return nil, located(data, err)
	}
	if len(e.Subject) == 0 {
		return nil, errors.New("it is about nothing: there is no subject")
	}
	return e, nil
}
