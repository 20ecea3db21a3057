// Package github shows a run on GitHub: as a comment and review comments in the
// pull request, as a check run, and in code scanning. What fails here never
// changes a verdict, and nothing is shown as done that is not.
package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/wire"
)

// client speaks to one repository. go-github builds requests and reads answers;
// everything else about them is the transport's.
type client struct {
	api         *github.Client
	wire        *wire.Transport
	graphql     string
	owner, repo string
	// self is the login under which we write; "" while nobody has asked.
	self string
}

// newClient makes a client of the API at address, as GITHUB_API_URL has it. base and
// clock may be nil.
func newClient(address, token string, base http.RoundTripper, clock wire.Clock) (*client, error) {
	root, err := wire.Root(address, "GITHUB_API_URL")
	if err != nil {
		return nil, err
	}
	transport, err := wire.New(root, token, base, clock, dialect())
	if err != nil {
		return nil, err
	}
	api := github.NewClient(transport.Client())
	api.BaseURL = root
	api.UserAgent = "boltseal"
	return &client{api: api, wire: transport, graphql: graphQLAddress(root)}, nil
}

// graphQLAddress is where GraphQL is spoken: beside v3 on an Enterprise Server
// (https://docs.github.com/enterprise-server/graphql/guides/forming-calls-with-graphql).
func graphQLAddress(root *url.URL) string {
	u := *root
	if before, ok := strings.CutSuffix(u.Path, "/v3/"); ok {
		u.Path = before + "/graphql"
	} else {
		u.Path += "graphql"
	}
	return u.String()
}

// APIAddress is the address of the API by the runner's variables.
func APIAddress(getenv func(string) string) string {
	if api := getenv("GITHUB_API_URL"); api != "" {
		return api
	}
	server := strings.TrimRight(getenv("GITHUB_SERVER_URL"), "/")
	if server == "" || server == "https://github.com" {
		return "https://api.github.com"
	}
	return server + "/api/v3"
}

// open finds the repository under the name that it has now: a POST to its old name
// would be answered by a redirect.
func (c *client) open(ctx context.Context, owner, repo string) error {
	r, _, err := c.api.Repositories.Get(ctx, owner, repo)
	if err != nil {
		return wire.Doing("reading the repository", err)
	}
	c.owner, c.repo = r.GetOwner().GetLogin(), r.GetName()
	if c.owner == "" || c.repo == "" {
		return errors.New("reading the repository: the answer has no name")
	}
	return nil
}

// query asks GraphQL. Queries and the mutations that we use may be repeated.
func (c *client) query(ctx context.Context, text string, variables map[string]any, into any) error {
	req, err := c.api.NewRequest(http.MethodPost, c.graphql, map[string]any{"query": text, "variables": variables})
	if err != nil {
		return err
	}
	var out struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if _, err := c.api.Do(wire.Repeatable(ctx, true), req, &out); err != nil {
		return err
	}
	if len(out.Errors) > 0 {
		kind := wire.Invalid
		switch out.Errors[0].Type {
		case "FORBIDDEN", "INSUFFICIENT_SCOPES":
			kind = wire.Denied
		case "RATE_LIMITED":
			kind = wire.Limited
		case "NOT_FOUND":
			kind = wire.Missing
		}
		return &wire.Fault{Kind: kind, Message: c.wire.Told(out.Errors[0].Message)}
	}
	if err := json.Unmarshal(out.Data, into); err != nil {
		return &wire.Fault{Kind: wire.Broken, Message: "the answer is not what was asked for"}
	}
	return nil
}

// actionsBot writes what is written with a workflow's own token.
const actionsBot = "github-actions[bot]"

// whoami finds the login under which we write. A workflow's token may not ask REST
// for its user; where GraphQL does not tell either, it is taken for that token.
func (c *client) whoami(ctx context.Context) error {
	if c.self != "" {
		return nil
	}
	var out struct {
		Viewer struct {
			Login string `json:"login"`
		} `json:"viewer"`
	}
	err := c.query(ctx, "query { viewer { login } }", nil, &out)
	switch {
	case err == nil && out.Viewer.Login != "":
		c.self = out.Viewer.Login
	case err == nil || wire.KindOf(err) == wire.Denied || wire.KindOf(err) == wire.Missing || wire.KindOf(err) == wire.Invalid:
		c.self = actionsBot
	default:
		return wire.Doing("asking who we are", err)
	}
	return nil
}

// isSelf says whether a user is we. GraphQL leaves "[bot]" out in places.
func (c *client) isSelf(u *github.User) bool {
	if u.GetLogin() == "" {
		return false
	}
	if strings.EqualFold(u.GetLogin(), c.self) {
		return true
	}
	return u.GetType() == "Bot" && strings.EqualFold(strings.TrimSuffix(u.GetLogin(), "[bot]"), strings.TrimSuffix(c.self, "[bot]"))
}

// pages calls list for every page, at most maxPages of them, and take for everything in
// it: a null in a list is nothing.
func pages[T any](list func(github.ListOptions) ([]*T, *github.Response, error), take func(*T)) error {
	opt := github.ListOptions{PerPage: 100, Page: 1}
	for range maxPages {
		some, resp, err := list(opt)
		if err != nil {
			return err
		}
		for _, one := range some {
			if one != nil {
				take(one)
			}
		}
		if resp.NextPage <= opt.Page {
			return nil
		}
		opt.Page = resp.NextPage
	}
	return fmt.Errorf("there are more than %d pages", maxPages)
}
