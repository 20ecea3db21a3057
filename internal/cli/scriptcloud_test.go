package cli_test

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/boltseal/boltseal/internal/cloud/cloudtest"
)

// clouds starts fake ones behind a proxy. Each of their registries has team/app:1; what
// they take stands in variables, and in files; requests are written to clouds.log.
func clouds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: clouds")
	}
	registry := ggcr.New(ggcr.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	open := httptest.NewServer(registry)
	ts.Defer(open.Close)
	ref, err := name.ParseReference(strings.TrimPrefix(open.URL, "http://") + "/team/app:1")
	ts.Check(err)
	ts.Check(remote.Write(ref, leaky(ts, "amd64")))
	fake, err := cloudtest.New(registry)
	ts.Check(err)
	log, err := os.Create(ts.MkAbs("clouds.log"))
	ts.Check(err)
	fake.Log = log
	ts.Defer(func() {
		fake.Close()
		_ = log.Close()
	})
	ts.Setenv("HTTPS_PROXY", fake.Proxy())
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("authorities.pem"))
	for file, data := range map[string][]byte{
		"authorities.pem": fake.Authorities(),
		"token":           []byte(cloudtest.WebToken + "\n"),
		"expired":         []byte("expired\n"),
		"service.json":    cloudtest.JSON(cloudtest.ServiceAccount()),
		"external.json":   cloudtest.JSON(cloudtest.ExternalAccount(map[string]any{"file": ts.MkAbs("token")})),
	} {
		ts.Check(os.WriteFile(ts.MkAbs(file), data, 0o600))
	}
	for variable, value := range map[string]string{
		"KEY_ID": cloudtest.KeyID, "SECRET": cloudtest.Secret, "SESSION": cloudtest.Session, "ROLE": cloudtest.RoleARN,
		"CLIENT_ID": cloudtest.ClientID, "TENANT": cloudtest.Tenant, "CLIENT_SECRET": cloudtest.ClientSecret,
		"GOOGLE_TOKEN": cloudtest.GoogleToken, "ACTIONS_TOKEN": cloudtest.ActionsToken,
		"SECRETS": strings.Join(cloudtest.Secrets(), "|"),
	} {
		ts.Setenv(variable, value)
	}
}
