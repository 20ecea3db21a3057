package gitlab

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/boltseal/boltseal/internal/report"
)

// Target is what a run is about on GitLab.
type Target struct {
	// Project is the id of the project that a change is for, or of the job's own.
	Project string
	// Number is the merge request's in its project, 0 where there is none.
	Number int
	// Head is the commit that a status is about: a merge request's own last commit, not
	// the one that GitLab makes of it.
	Head string
	// Base is the branch that the change goes to, or that was pushed to; "" for a tag.
	Base string
	// Ref is where the head stands, Pipeline the one that is about it, where there is one.
	Ref      string
	Pipeline int
	// Job is the address of the job; empty for none.
	Job string
	// Commit is what was scanned; empty where that is not known, and Why says why.
	Commit, Why string
}

var projectID = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

// ReadTarget reads the job's variables
// (https://docs.gitlab.com/ci/variables/predefined_variables/). scanned is the commit that
// is checked out, "" where nobody knows. A merge train is about a merge of several
// changes: it has a status, and says nothing in one of them.
func ReadTarget(getenv func(string) string, scanned string) (Target, error) {
	sha := getenv("CI_COMMIT_SHA")
	t := Target{Project: getenv("CI_PROJECT_ID"), Head: sha, Base: getenv("CI_COMMIT_BRANCH"), Ref: getenv("CI_COMMIT_REF_NAME"), Job: getenv("CI_JOB_URL")}
	switch {
	case getenv("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train":
		t.Base = getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
	case getenv("CI_MERGE_REQUEST_IID") != "":
		if err := t.ofMerge(getenv); err != nil {
			return t, err
		}
	}
	if !projectID.MatchString(t.Project) {
		return t, fmt.Errorf("reading the project: %q is no id", t.Project)
	}
	if !report.IsCommit(sha) || !report.IsCommit(t.Head) {
		return t, fmt.Errorf("reading the commit: %q is none", t.Head)
	}
	if sha == t.Head && t.Project == getenv("CI_PROJECT_ID") {
		t.Pipeline, _ = strconv.Atoi(getenv("CI_PIPELINE_ID"))
	}
	switch scanned {
	case sha:
		t.Commit = sha
	case "":
		t.Why = "it is not known which commit is checked out"
	default:
		t.Why = "what is checked out is not the commit of the job"
	}
	return t, nil
}

// ofMerge completes a target of a merge request, which is in the project that the change
// is for, also where a fork's pipeline runs in the fork.
func (t *Target) ofMerge(getenv func(string) string) error {
	var err error
	if t.Number, err = strconv.Atoi(getenv("CI_MERGE_REQUEST_IID")); err != nil || t.Number <= 0 {
		return fmt.Errorf("reading CI_MERGE_REQUEST_IID: %q is no number", getenv("CI_MERGE_REQUEST_IID"))
	}
	t.Project, t.Base, t.Ref = getenv("CI_MERGE_REQUEST_PROJECT_ID"), getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"), getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
	if getenv("CI_MERGE_REQUEST_EVENT_TYPE") == "merged_result" {
		t.Head = getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") // empty in other pipelines
	}
	if getenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != t.Project { // its branch is not here
		t.Ref = fmt.Sprintf("refs/merge-requests/%d/head", t.Number)
	}
	if t.Base == "" {
		return errors.New("reading CI_MERGE_REQUEST_TARGET_BRANCH_NAME: it is empty")
	}
	return nil
}
