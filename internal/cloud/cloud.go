// Package cloud gives a machine's own credentials for the registries of the cloud that it
// runs in or is signed in to: Amazon's ECR, Google's Artifact Registry (and gcr.io), and
// Azure's ACR. It reads what the clouds' own tools and their actions leave behind
// (variables, files, the metadata server) and runs none of them.
//
// Nothing is ever written, no secret is in an error, and a server that leads elsewhere is
// not followed. What has been had is kept in memory for as long as it holds.
package cloud

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/boltseal/boltseal/internal/web"
)

// Options are what identities are found by, and how servers are reached.
type Options struct {
	// Getenv gives a variable of the environment.
	Getenv func(string) string
	// Proxy gives the proxy for an address, nil for none. Its errors are told. Metadata
	// servers are reached without.
	Proxy func(*url.URL) (*url.URL, error)
	// Firmware is the folder of what the firmware says of the machine; empty is Linux' own.
	Firmware string
}

// Keychain has the credentials of this machine. It may be used by several at once.
type Keychain struct {
	getenv   func(string) string
	requests *requests
	machine  func() machine
	now      func() time.Time
	limit    time.Duration // for all the requests that one answer needs

	mu    sync.Mutex
	known map[string]*memory
}

// New makes a keychain. Nothing is read or asked before it is wanted.
func New(o Options) *Keychain {
	return &Keychain{
		getenv:   o.Getenv,
		requests: newRequests(o.Proxy),
		machine:  sync.OnceValue(func() machine { return readMachine(cmp.Or(o.Firmware, "/sys/class/dmi/id")) }),
		now:      time.Now,
		limit:    web.StallLimit,
		known:    make(map[string]*memory),
	}
}

// Answer is what a keychain has for a registry.
type Answer struct {
	// Login is what the registry is to be told; nil for nobody.
	Login *authn.AuthConfig
	// Of says for messages whose it is, or where it was looked for in vain: "no identity …".
	// It is empty for a registry of no cloud.
	Of string

	until time.Time // it holds; zero for ever
}

// Credentials gives those for a registry, as HOST or HOST:443. Other hosts than those of
// the three clouds have none, and nothing is asked for them. An identity that is there
// and cannot be used is an error that says at which step.
func (k *Keychain) Credentials(ctx context.Context, host string) (Answer, error) {
	p, ok := parseHost(host)
	if !ok {
		return Answer{}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, k.limit, web.Faultf("gave no answer in %s", k.limit))
	defer cancel()
	switch p.cloud {
	case amazon:
		return k.remember(ctx, "ecr "+p.api(), func(ctx context.Context) (Answer, error) { return k.ecr(ctx, p) })
	case google:
		return k.remember(ctx, "google", k.google)
	default:
		return k.remember(ctx, "acr "+p.host, func(ctx context.Context) (Answer, error) { return k.acr(ctx, p) })
	}
}

// Bounds of how long what is known is believed.
const (
	leeway  = 2 * time.Minute // before a token's end a new one is had
	regrets = time.Minute     // an error is repeated without asking again
)

// memory is an answer, or that somebody is asking for it.
type memory struct {
	mu     sync.Mutex
	had    bool
	answer Answer
	err    error
	until  time.Time
}

// remember asks once for what holds, also where several want it at the same time.
func (k *Keychain) remember(ctx context.Context, key string, ask func(context.Context) (Answer, error)) (Answer, error) {
	k.mu.Lock()
	m := k.known[key]
	if m == nil {
		m = &memory{}
		k.known[key] = m
	}
	k.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.had && (m.until.IsZero() || k.now().Before(m.until)) {
		return m.answer, m.err
	}
	m.answer, m.err = ask(ctx)
	m.had = m.err == nil || !errors.Is(context.Cause(ctx), context.Canceled) // that somebody stops says nothing
	switch {
	case m.err != nil:
		m.until = k.now().Add(regrets)
	case m.answer.until.IsZero():
		m.until = time.Time{}
	default:
		m.until = m.answer.until.Add(-leeway)
	}
	return m.answer, m.err
}
