package cloud

import (
	"context"
	"net/http"
	"time"
)

// Machine is machine.
type Machine = machine

// The machines of the clouds, and one of nobody's.
var (
	AmazonMachine = machine{vendor: "Amazon EC2"}
	XenMachine    = machine{vendor: "Xen", bios: "4.11.amazon"}
	GoogleMachine = machine{vendor: "Google", product: "Google Compute Engine"}
	AzureMachine  = machine{vendor: "Microsoft Corporation", product: "Virtual Machine", tag: azureTag}
	HyperV        = machine{vendor: "Microsoft Corporation", product: "Virtual Machine"}
	Laptop        = machine{vendor: "LENOVO", product: "20XW"}
	NoFirmware    = machine{}
)

// MachineOf is what a folder says of the machine.
func MachineOf(folder string) Machine { return New(Options{Firmware: folder}).machine() }

// Testing has a keychain reach fake servers, from a machine, and not wait between tries.
func Testing(k *Keychain, m machine, reach func(*http.Transport)) {
	k.machine = func() machine { return m }
	for _, b := range k.requests.bases {
		reach(b)
	}
	k.requests.wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
}

// At sets the time of day.
func At(k *Keychain, now func() time.Time) { k.now = now }

// Limit bounds an answer.
func Limit(k *Keychain, d time.Duration) { k.limit = d }

// Place is what a host is of, by the host that gives tokens for it.
func Place(host string) (string, bool) {
	p, ok := parseHost(host)
	switch p.cloud {
	case amazon:
		return p.api(), ok
	case google:
		return "google", ok
	case azure:
		return p.azure().authority, ok
	}
	return "", ok
}

// ParseProfile is parseProfile.
func ParseProfile(data []byte, section string) map[string]string { return parseProfile(data, section) }

// Reason is the code in an answer that says no.
func Reason(data []byte) string { return reason(data, nil) }

// Assumed is the id of the keys in an answer of STS.
func Assumed(data []byte) (string, error) {
	keys, err := assumed(data)
	return keys.id, err
}

// Again is a keychain that knows nothing yet.
func Again(k *Keychain) *Keychain {
	return &Keychain{getenv: k.getenv, requests: k.requests, machine: k.machine, now: k.now, limit: k.limit, known: make(map[string]*memory)}
}

// GoogleFile has a token by a file.
func GoogleFile(ctx context.Context, k *Keychain, data []byte) (Answer, error) {
	return k.googleFile(ctx, "a file", data)
}
