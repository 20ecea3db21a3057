// Package gitlab shows a run on GitLab: as a note and resolvable discussions in the merge
// request, and as a status of the commit. What fails here never changes a verdict, and
// nothing is shown as done that is not.
package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/xanzy/go-gitlab"

	"github.com/boltseal/boltseal/internal/forge/wire"
)

const (
	// maxPages is how many pages are read of anything, and perPage how long they are.
	maxPages = 100
	perPage  = 100
)

// client speaks to one project. go-gitlab builds requests and reads answers; everything
// else about them is the transport's.
type client struct {
	api     *gitlab.Client
	wire    *wire.Transport
	project string
	// self is the id of the user that we write as; 0 while nobody has asked.
	self int
}

// newClient makes a client of the API at address, as CI_API_V4_URL has it. base and
// clock may be nil.
func newClient(address, token string, base http.RoundTripper, clock wire.Clock) (*client, error) {
	root, err := wire.Root(address, "CI_API_V4_URL")
	if err != nil {
		return nil, err
	}
	transport, err := wire.New(root, token, base, clock, dialect())
	if err != nil {
		return nil, err
	}
	// The token is the transport's alone. go-gitlab would repeat a POST after a failure
	// that leaves open whether it was done.
	api, err := gitlab.NewClient("", gitlab.WithBaseURL(root.String()), gitlab.WithHTTPClient(transport.Client()),
		gitlab.WithoutRetries(), gitlab.WithCustomRetryMax(0), gitlab.WithCustomLimiter(unlimited{}))
	if err != nil {
		return nil, errors.New("reading CI_API_V4_URL: it is no address like https://HOST/api/v4")
	}
	api.UserAgent = "boltseal"
	return &client{api: api, wire: transport}, nil
}

// unlimited lets go-gitlab ask at once: the transport knows of limits.
type unlimited struct{}

// Wait implements gitlab.RateLimiter.
func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// APIAddress is the address of the API by the job's variables
// (https://docs.gitlab.com/ci/variables/predefined_variables/).
func APIAddress(getenv func(string) string) string {
	if api := getenv("CI_API_V4_URL"); api != "" {
		return api
	}
	server := strings.TrimRight(getenv("CI_SERVER_URL"), "/")
	if server == "" {
		server = "https://gitlab.com"
	}
	return server + "/api/v4"
}

// whoami finds the user under whom we write: a project's access token has one of its own.
func (c *client) whoami(ctx context.Context) error {
	if c.self != 0 {
		return nil
	}
	user, _, err := c.api.Users.CurrentUser(gitlab.WithContext(ctx))
	if err != nil {
		return wire.Doing("asking who we are", err)
	}
	if user.ID == 0 {
		return wire.Doing("asking who we are", &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"})
	}
	c.self = user.ID
	return nil
}

// pages calls list for every page, at most maxPages of them, and take for everything in
// it: a null in a list is nothing.
func pages[T any](list func(gitlab.ListOptions) ([]*T, *gitlab.Response, error), take func(*T)) error {
	opt := gitlab.ListOptions{PerPage: perPage, Page: 1}
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
