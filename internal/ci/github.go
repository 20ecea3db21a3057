package ci

import (
	"encoding/json"
	"strconv"
	"strings"
)

// githubEvent is what is read of an event.
type githubEvent struct {
	Before      string
	PullRequest struct {
		Number int
		Head   struct{ SHA string }
		Base   struct{ Ref string }
	} `json:"pull_request"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	}
}

// githubEvents are the kinds of GitHub's events; every other one is a dispatch: it
// runs on some branch, which only the default branch can vouch for.
var githubEvents = map[string]Event{
	"pull_request":        Pull,
	"pull_request_target": Pull,
	"merge_group":         Queue,
	"push":                Push,
	"schedule":            Schedule,
}

func github(getenv func(string) string, event []byte) Context {
	var e githubEvent
	if json.Unmarshal(event, &e) != nil {
		e = githubEvent{} // half an event says nothing
	}
	ref := getenv("GITHUB_REF")
	c := Context{
		System:  GitHub,
		Event:   githubEvents[getenv("GITHUB_EVENT_NAME")],
		Commit:  commit(getenv("GITHUB_SHA")),
		Default: e.Repository.DefaultBranch,
	}
	c.Branch, c.Repository = branch(ref), getenv("GITHUB_REPOSITORY")
	if server, name := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"); server != "" && name != "" {
		c.URL = strings.TrimSuffix(server, "/") + "/" + name
	}
	switch c.Event {
	case Pull:
		c.Change, c.Head = true, commit(e.PullRequest.Head.SHA)
		c.Source = getenv("GITHUB_HEAD_REF")
		c.Ours = getenv("GITHUB_EVENT_NAME") == "pull_request_target"
		if e.PullRequest.Number > 0 {
			c.Number = strconv.Itoa(e.PullRequest.Number)
		}
		if c.Target = getenv("GITHUB_BASE_REF"); c.Target == "" {
			c.Target = e.PullRequest.Base.Ref
		}
		c.Merge = strings.HasPrefix(ref, "refs/pull/") && strings.HasSuffix(ref, "/merge")
		c.Branch = "" // of pull_request_target it is the target
	case Queue:
		c.Change, c.Head, c.Before = true, commit(e.MergeGroup.HeadSHA), commit(e.MergeGroup.BaseSHA)
		c.Target = branch(e.MergeGroup.BaseRef)
		c.Branch = ""
	case Push:
		c.Before = commit(e.Before)
		if strings.HasPrefix(ref, "refs/tags/") {
			c.Event, c.Before = Tag, ""
		}
	case Schedule:
		if c.Default == "" {
			c.Default = c.Branch // it only ever runs there
		}
	case Unknown:
		if c.Event = Dispatch; strings.HasPrefix(ref, "refs/tags/") {
			c.Event = Tag
		}
	case Tag, Dispatch:
	}
	return c
}
