package gitlab

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/forge/wire"
)

func TestReadTarget(t *testing.T) {
	branch := map[string]string{
		"CI_PROJECT_ID": "42", "CI_COMMIT_SHA": head, "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_NAME": "main", "CI_PIPELINE_ID": "5", "CI_JOB_URL": "https://gitlab.example.com/j",
	}
	request := map[string]string{
		"CI_PROJECT_ID": "42", "CI_COMMIT_SHA": head, "CI_COMMIT_REF_NAME": "change", "CI_PIPELINE_ID": "5",
		"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "42", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42", "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
		"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "change",
	}
	with := func(base map[string]string, more map[string]string) map[string]string {
		env := maps.Clone(base)
		maps.Copy(env, more)
		return env
	}
	for name, c := range map[string]struct {
		env     map[string]string
		scanned string
		want    Target
		bad     bool
	}{
		"a branch": {branch, head, Target{Project: "42", Head: head, Base: "main", Ref: "main", Pipeline: 5, Job: "https://gitlab.example.com/j", Commit: head}, false},
		"a tag": {
			with(branch, map[string]string{"CI_COMMIT_BRANCH": "", "CI_COMMIT_REF_NAME": "v1"}), head,
			Target{Project: "42", Head: head, Ref: "v1", Pipeline: 5, Job: "https://gitlab.example.com/j", Commit: head},
			false,
		},
		"a merge request": {request, head, Target{Project: "42", Number: 7, Head: head, Base: "main", Ref: "change", Pipeline: 5, Commit: head}, false},
		"merged results": {
			with(request, map[string]string{"CI_MERGE_REQUEST_EVENT_TYPE": "merged_result", "CI_COMMIT_SHA": merged, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": head}), merged,
			Target{Project: "42", Number: 7, Head: head, Base: "main", Ref: "change", Commit: merged},
			false,
		},
		"a merge train": {
			with(request, map[string]string{"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train", "CI_COMMIT_SHA": merged}), merged,
			Target{Project: "42", Head: merged, Base: "main", Ref: "change", Pipeline: 5, Commit: merged},
			false,
		},
		"a fork's own pipeline": {
			with(request, map[string]string{"CI_PROJECT_ID": "99", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99"}), head,
			Target{Project: "42", Number: 7, Head: head, Base: "main", Ref: "refs/merge-requests/7/head", Commit: head},
			false,
		},
		"another checkout":    {branch, merged, Target{Project: "42", Head: head, Base: "main", Ref: "main", Pipeline: 5, Job: "https://gitlab.example.com/j", Why: "what is checked out is not the commit of the job"}, false},
		"an unknown checkout": {branch, "", Target{Project: "42", Head: head, Base: "main", Ref: "main", Pipeline: 5, Job: "https://gitlab.example.com/j", Why: "it is not known which commit is checked out"}, false},
		"no project":          {with(branch, map[string]string{"CI_PROJECT_ID": "acme/app"}), head, Target{}, true},
		"no commit":           {with(branch, map[string]string{"CI_COMMIT_SHA": "main"}), head, Target{}, true},
		"no number":           {with(request, map[string]string{"CI_MERGE_REQUEST_IID": "seven"}), head, Target{}, true},
		"no target branch":    {with(request, map[string]string{"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": ""}), head, Target{}, true},
		"merged results that do not say of what": {
			with(request, map[string]string{"CI_MERGE_REQUEST_EVENT_TYPE": "merged_result", "CI_COMMIT_SHA": merged}), merged, Target{}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadTarget(func(k string) string { return c.env[k] }, c.scanned)
			if (err != nil) != c.bad {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(c.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhereTheAPIIs(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string
		bad  bool
	}{
		"as the job says":        {map[string]string{"CI_API_V4_URL": "https://gitlab.example.com/api/v4", "CI_SERVER_URL": "https://x"}, "https://gitlab.example.com/api/v4", false},
		"below a path":           {map[string]string{"CI_API_V4_URL": "https://example.com/gitlab/api/v4"}, "https://example.com/gitlab/api/v4", false},
		"of the server":          {map[string]string{"CI_SERVER_URL": "https://gitlab.example.com/"}, "https://gitlab.example.com/api/v4", false},
		"nothing set":            {nil, "https://gitlab.com/api/v4", false},
		"plain http":             {map[string]string{"CI_API_V4_URL": "http://gitlab.example.com/api/v4"}, "http://gitlab.example.com/api/v4", true},
		"plain http on loopback": {map[string]string{"CI_API_V4_URL": "http://127.0.0.1:1/api/v4"}, "http://127.0.0.1:1/api/v4", false},
		"a password in it":       {map[string]string{"CI_API_V4_URL": "https://a:b@gitlab.example.com"}, "https://a:b@gitlab.example.com", true},
	} {
		got := APIAddress(func(k string) string { return c.env[k] })
		if got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		client, err := newClient(got, token, nil, nil)
		if (err != nil) != c.bad {
			t.Errorf("%s: error %v", name, err)
		}
		if err == nil && client.api.BaseURL().String() != c.want+"/" {
			t.Errorf("%s: asked is %s", name, client.api.BaseURL())
		}
	}
	for _, bad := range []string{"", "a\nb"} {
		if _, err := newClient("https://gitlab.com/api/v4", bad, nil, nil); err == nil {
			t.Errorf("the token %q was taken", bad)
		}
	}
}

func TestSaid(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"401 Unauthorized"}`:                                    "401 Unauthorized",
		`{"message":{"note":["is too long","is bad"],"a":{"b":["c"]}}}`:     "a b c; note is too long, is bad",
		`{"message":["one","two"]}`:                                         "one; two",
		`{"error":"insufficient_scope","error_description":"needs\n more"}`: "insufficient_scope; needs more",
		`{"message":{"a":{"b":{"c":{"d":"e"}}}}}`:                           "a b c",
		`{"message":["1","2","3","4","5","6"]}`:                             "1; 2; 3; 4; 5",
		`<html>`:                                                            "", ``: "", `[]`: "", `{"message":7}`: "", `null`: "",
	} {
		if got := said([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func FuzzSaid(f *testing.F) {
	f.Add([]byte(`{"message":{"note":["is too long"]}}`))
	f.Add([]byte(`{"error":"x","error_description":"y"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if text := said(body); len(text) > 4*len(body)+maxSaid*4 {
			t.Errorf("%d bytes of %d", len(text), len(body))
		}
	})
}

func TestErrorsAreHarmless(t *testing.T) {
	l := newLab(t)
	l.at = refusing(`{"message":"bad\u001b[31m\n::error::x ` + token + `"}`)
	for _, r := range publish(t, options(l), twoFindings()) {
		if r.Err == nil || wire.KindOf(r.Err) != wire.Denied {
			t.Errorf("%s: %v", r.Part, r.Err)
			continue
		}
		for _, bad := range []string{token, "\n", "\x1b"} {
			if strings.Contains(r.Err.Error(), bad) {
				t.Errorf("%q is in %q", bad, r.Err)
			}
		}
	}
}
