package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/policy"
)

const digestOf = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestEvidenceHasTheFieldsOfAStatement(t *testing.T) {
	run := fixture()
	for i := range run.Scans {
		if run.Scans[i].Digest != "" {
			run.Scans[i].Digest = digestOf
		}
	}
	var got map[string]any
	if err := json.Unmarshal(write(t, "evidence", run, Options{}), &got); err != nil {
		t.Fatal(err)
	}
	predicate, ok := got["predicate"].(map[string]any)
	if !ok || got["_type"] != "https://in-toto.io/Statement/v1" || got["predicateType"] != EvidenceType || len(got) != 4 {
		t.Errorf("got %v", got)
	}
	want := []any{
		map[string]any{"name": imageTarget, "digest": map[string]any{"sha256": strings.TrimPrefix(digestOf, "sha256:")}},
		map[string]any{"name": "git", "digest": map[string]any{"gitCommit": run.Change.Head}},
	}
	if diff := cmp.Diff(want, got["subject"]); diff != "" {
		t.Error(diff)
	}
	if predicate["holdsUntil"] != "2026-12-01" {
		t.Errorf("holds until %v", predicate["holdsUntil"])
	}
}

func TestEvidenceIsAboutTheCommitUnderTest(t *testing.T) {
	head, checkedOut := strings.Repeat("a", 40), strings.Repeat("b", 40)
	for name, test := range map[string]struct {
		change *Change
		want   string
	}{
		"a change's is the author's":                         {&Change{Head: head}, head},
		"without a change it is the one that is checked out": {nil, checkedOut},
		"and where a change does not name its own":           {&Change{Base: head}, checkedOut},
	} {
		run := &Run{Change: test.change, Commit: checkedOut}
		if diff := cmp.Diff([]EvidenceSubject{{"git", map[string]string{"gitCommit": test.want}}}, evidenceSubjects(run)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEvidenceIsAboutSomething(t *testing.T) {
	for name, change := range map[string]func(*Run){
		"no digest and no commit": func(r *Run) { r.Change = nil },
		"no commit":               func(r *Run) { r.Change.Head = "main" },
		"half a digest":           func(r *Run) { r.Change, r.Scans[4].Digest = nil, digestOf[:20] },
	} {
		run := fixture()
		change(run)
		if err := Write(&bytes.Buffer{}, "evidence", run, Options{}); !errors.Is(err, ErrNoSubject) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEvidenceIsReadBack(t *testing.T) {
	data := write(t, "evidence", fixture(), Options{})
	envelope := fmt.Sprintf(`{"payloadType": "application/vnd.in-toto+json", "payload": %q, "signatures": [{"sig": "x"}]}`, base64.StdEncoding.EncodeToString(data))
	for _, form := range []string{string(data), envelope} {
		e, err := ReadEvidence(strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		var again bytes.Buffer
		if err := encodeJSON(&again, e); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(data), again.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReadEvidenceIsStrict(t *testing.T) {
	valid := string(write(t, "evidence", fixture(), Options{}))
	for name, test := range map[string]struct{ from, to, want string }{
		"nothing":                {valid, "", "it is empty"},
		"no JSON":                {valid, "x", "1:2"},
		"another type":           {StatementType, "https://in-toto.io/Statement/v0.1", "its type is"},
		"another predicate":      {EvidenceType, "https://slsa.dev/provenance/v1", "it states"},
		"an unknown field":       {`"holdsUntil"`, `"holdsuntil"`, "unknown field"},
		"a field twice":          {`"subject": [`, `"subject": [], "subject": [`, "is here twice"},
		"no verdict":             {`"verdict"`, `"judge"`, "unknown field"},
		"a verdict that is none": {`"status": "blocked"`, `"status": "fine"`, "is none of"},
		"an envelope in one":     {valid, `{"payloadType": "application/vnd.in-toto+json", "payload": "` + base64.StdEncoding.EncodeToString([]byte(`{"payloadType": "x"}`)) + `"}`, "an envelope in an envelope"},
		"a broken envelope":      {valid, `{"payloadType": "application/vnd.in-toto+json", "payload": "%"}`, "payload of the envelope"},
		"a run file":             {valid, string(write(t, "json", fixture(), Options{})), "its type is"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(valid, test.from, test.to, 1)
			if text == valid {
				t.Fatal("nothing changed")
			}
			if _, err := ReadEvidence(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	none := &Run{Schema: Schema, Change: &Change{Head: fixture().Change.Head}, Verdict: policy.Verdict{Status: policy.Pass}}
	text := string(write(t, "evidence", none, Options{}))
	from, to := strings.Index(text, `"subject": [`), strings.Index(text, `"predicateType"`)
	if _, err := ReadEvidence(strings.NewReader(text[:from] + `"subject": [], ` + text[to:])); err == nil {
		t.Error("evidence about nothing is read")
	}
}

func FuzzReadEvidence(f *testing.F) {
	f.Add(write(f, "evidence", fixture(), Options{}))
	f.Add([]byte(`{"payloadType": "application/vnd.in-toto+json", "payload": "e30="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ReadEvidence(bytes.NewReader(data))
		if err == nil && (e.Type != StatementType || len(e.Subject) == 0) {
			t.Errorf("read as %+v", e)
		}
	})
}

func TestEvidenceIsOfAWholeRun(t *testing.T) {
	run := fixture()
	run.Shard = &Shard{Index: 1, Of: 2, Plan: "sha256:0"}
	var b bytes.Buffer
	if err := Write(&b, "evidence", run, Options{}); !errors.Is(err, ErrShard) || b.Len() > 0 {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestIsCommit(t *testing.T) {
	sha := strings.Repeat("0a", 20)
	for id, want := range map[string]bool{
		sha: true, strings.Repeat("f", 64): true,
		"": false, "main": false, sha[1:]: false, sha + "0": false, strings.ToUpper(sha): false, sha[1:] + "\n": false, sha[1:] + "/": false, sha[:20] + "g" + sha[21:]: false,
	} {
		if IsCommit(id) != want {
			t.Errorf("%q is a commit: %t", id, !want)
		}
	}
}
