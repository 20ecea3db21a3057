package cloud_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/cloud"
	"github.com/boltseal/boltseal/internal/cloud/cloudtest"
)

// answers of servers that go wrong.
func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func typed(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		fmt.Fprint(w, body)
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func away(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", "https://elsewhere.example.com"+r.URL.Path)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// TestBrokenServers goes through every server, and has it do what servers do.
func TestBrokenServers(t *testing.T) {
	type way struct {
		host, server string
		env          env
		files        map[string][]byte
	}
	ways := map[string]way{
		"STS":             {ecrHost, "sts.eu-west-1.amazonaws.com", webToken, aToken},
		"ECR":             {ecrHost, "api.ecr.eu-west-1.amazonaws.com", keysInEnv, nil},
		"the pod's agent": {ecrHost, "169.254.170.23", env{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": cloudtest.Container}, nil},
		"OAuth":           {googleHost, "oauth2.googleapis.com", adc, adcFile(cloudtest.AuthorizedUser())},
		"OAuth, asserted": {googleHost, "oauth2.googleapis.com", adc, adcFile(cloudtest.ServiceAccount())},
		"token exchange":  {googleHost, "sts.googleapis.com", adc, adcFile(cloudtest.ExternalAccount(map[string]any{"file": "@DIR@/token"}))},
		"Entra":           {acrHost, "login.microsoftonline.com", app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret), nil},
		"ACR":             {acrHost, acrHost, app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret), nil},
		"GitHub Actions":  {acrHost, "actions.example.com", app.and("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", cloudtest.ActionsToken), nil},
	}
	leak := strings.Join(cloudtest.Secrets(), " ")
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
		tries  int
	}{
		"is down":                     {status(503, leak), ": answers 503 Service Unavailable, 5 times", 5},
		"has too much to do":          {status(429, leak), ": answers 429 Too Many Requests, 5 times", 5},
		"refuses in its own words":    {status(400, leak), ": answers 400 Bad Request", 1},
		"refuses by a code of nobody": {status(400, `{"error":"`+cloudtest.Secret+`","__type":"`+cloudtest.Session+`"}`), ": answers 400 Bad Request", 1},
		"answers with a page":         {typed("text/html; charset=utf-8", "<html>"+leak), ": answers with a web page", 1},
		"answers with far too much":   {typed("application/json", strings.Repeat(" ", 2<<20)), ": has more than 1048576 bytes", 1},
		"leads elsewhere":             {away, ": answers 307 Temporary Redirect and leads elsewhere, where no credentials are sent", 1},
		"breaks off":                  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ": the connection broke off", 5},
		"hangs":                       {hang, ": gave no answer in 1s", 1},
	} {
		for who, way := range ways {
			t.Run(who+" "+name, func(t *testing.T) {
				t.Parallel()
				w := live(t, way.env, way.files)
				w.Answer(way.server+"/", tt.answer)
				if name == "hangs" {
					cloud.Limit(w.Keychain, time.Second)
				}
				got := w.told(t, way.host)
				if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, way.server+tt.want) {
					t.Errorf("got %q", got)
				}
				if n := w.Asked("POST "+way.server) + w.Asked("GET "+way.server); n != tt.tries {
					t.Errorf("asked %d times, want %d", n, tt.tries)
				}
				for _, address := range w.Dialed() {
					if strings.HasPrefix(address, "elsewhere") {
						t.Errorf("dialed %s", address)
					}
				}
			})
		}
	}
}

// TestAnswersOfNothing has servers answer with success, and with nothing of use.
func TestAnswersOfNothing(t *testing.T) {
	xml := func(body string) string {
		return "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>" + body + "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
	}
	secret := app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret)
	for name, tt := range map[string]struct {
		host, server, body string
		env                env
		files              map[string][]byte
		want               string
	}{
		"STS, an empty page":      {ecrHost, "sts.eu-west-1.amazonaws.com/", "", webToken, aToken, "its answer holds no keys"},
		"STS, no secret":          {ecrHost, "sts.eu-west-1.amazonaws.com/", xml("<AccessKeyId>a</AccessKeyId>"), webToken, aToken, "its answer holds no keys"},
		"STS, a key of two lines": {ecrHost, "sts.eu-west-1.amazonaws.com/", xml("<AccessKeyId>a\nb</AccessKeyId><SecretAccessKey>c</SecretAccessKey>"), webToken, aToken, "its answer holds no keys"},
		"ECR, nothing":            {ecrHost, "api.ecr.eu-west-1.amazonaws.com/", "{}", keysInEnv, nil, "api.ecr.eu-west-1.amazonaws.com gives no token"},
		"ECR, no JSON":            {ecrHost, "api.ecr.eu-west-1.amazonaws.com/", "x", keysInEnv, nil, "its answer cannot be read"},
		"ECR, no pair":            {ecrHost, "api.ecr.eu-west-1.amazonaws.com/", `{"authorizationData":[{"authorizationToken":"QVdT"}]}`, keysInEnv, nil, "gives a token that cannot be read"},
		"ECR, two lines":          {ecrHost, "api.ecr.eu-west-1.amazonaws.com/", `{"authorizationData":[{"authorizationToken":"QTpiCmM="}]}`, keysInEnv, nil, "gives a token that cannot be read"},
		"Google, nothing":         {googleHost, "oauth2.googleapis.com/", "{}", adc, adcFile(cloudtest.AuthorizedUser()), "what it holds, or the answer to it, is not whole"},
		"Google, two lines":       {googleHost, "oauth2.googleapis.com/", `{"access_token":"a\nb"}`, adc, adcFile(cloudtest.AuthorizedUser()), "gives no token"},
		"Entra, nothing":          {acrHost, "login.microsoftonline.com/", "{}", secret, nil, "no token is given"},
		"Entra, no JSON":          {acrHost, "login.microsoftonline.com/", "x", secret, nil, "its answer cannot be read"},
		"ACR, nothing":            {acrHost, acrHost + "/", "{}", secret, nil, acrHost + " gives no token"},
		"ACR, no JSON":            {acrHost, acrHost + "/", "[", secret, nil, acrHost + ": its answer cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			w := live(t, tt.env, tt.files)
			w.Answer(tt.server, typed("application/json", tt.body))
			if got := w.told(t, tt.host); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestMetadataServers wants one that has nothing to give to be no identity, and one that
// gives nonsense to be an error.
func TestMetadataServers(t *testing.T) {
	const roles = "169.254.169.254/latest/meta-data/iam/security-credentials/"
	for name, tt := range map[string]struct {
		machine cloud.Machine
		host    string
		server  string
		answer  http.HandlerFunc
		want    string
	}{
		"EC2, no second version":  {cloud.AmazonMachine, ecrHost, "169.254.169.254/", status(403, ""), "no identity of AWS is in"},
		"EC2, a token of lines":   {cloud.AmazonMachine, ecrHost, "169.254.169.254/latest/api/token", status(200, "a\nb"), "no identity of AWS is in AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, ~/.aws/credentials or AWS_CONTAINER_CREDENTIALS_FULL_URI, and this machine has no role to give (169.254.169.254 gives no token)"},
		"EC2, no role":            {cloud.AmazonMachine, ecrHost, roles, status(404, ""), "no identity of AWS is in"},
		"EC2, a role of no name":  {cloud.AmazonMachine, ecrHost, roles, status(200, "\n"), "no identity of AWS is in"},
		"EC2, a page":             {cloud.AmazonMachine, ecrHost, "169.254.169.254/", typed("text/html", "x"), "no identity of AWS is in"},
		"EC2, elsewhere":          {cloud.AmazonMachine, ecrHost, "169.254.169.254/", away, "no identity of AWS is in"},
		"EC2, a role without":     {cloud.AmazonMachine, ecrHost, roles + "a-role", status(200, `{"Code":"Failed","AccessKeyId":"a","SecretAccessKey":"b"}`), "error: AWS: the keys of this machine's role: its answer holds no keys"},
		"EC2, no keys of a role":  {cloud.AmazonMachine, ecrHost, roles + "a-role", status(500, ``), "error: AWS: the keys of this machine's role: 169.254.169.254: answers 500"},
		"Google's, no account":    {cloud.GoogleMachine, googleHost, "169.254.169.254/", status(404, ""), "no identity of Google Cloud is in"},
		"Google's, no token":      {cloud.GoogleMachine, googleHost, "169.254.169.254/", status(200, "{}"), "error: Google Cloud: this machine's service account gives no token"},
		"Google's, no JSON":       {cloud.GoogleMachine, googleHost, "169.254.169.254/", status(200, "x"), "error: Google Cloud: a token of this machine's service account: 169.254.169.254: its answer cannot be read"},
		"Azure's, no identity":    {cloud.AzureMachine, acrHost, "169.254.169.254/", status(400, `{"error":"identity_not_found"}`), "no identity of Azure is in"},
		"Azure's, no token":       {cloud.AzureMachine, acrHost, "169.254.169.254/", status(200, "{}"), "error: Azure: a token of this machine's managed identity: no token is given"},
		"Azure's, far too much":   {cloud.AzureMachine, acrHost, "169.254.169.254/", status(200, strings.Repeat(" ", 2<<20)), "no identity of Azure is in"},
		"Azure's, and a stranger": {cloud.AzureMachine, acrHost, acrHost + "/", status(403, ""), "the identity of Azure from this machine's managed identity is refused (" + acrHost + ": answers 403 Forbidden)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := live(t, nil, nil)
			cloud.Testing(w.Keychain, tt.machine, w.Reach)
			w.Answer(tt.server, tt.answer)
			if got := w.told(t, tt.host); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestSilentMetadataServer wants the machine's own limit told, and not the long one.
func TestSilentMetadataServer(t *testing.T) {
	for host, machine := range map[string]cloud.Machine{ecrHost: cloud.AmazonMachine, googleHost: cloud.GoogleMachine, acrHost: cloud.AzureMachine} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			w := live(t, nil, nil)
			cloud.Testing(w.Keychain, machine, w.Reach)
			w.Answer("169.254.169.254/", hang)
			for range 2 { // the second time nobody is asked
				if got := w.told(t, host); !strings.HasPrefix(got, "no identity of ") || !strings.HasSuffix(got, "(169.254.169.254: gave no answer in 2s)") {
					t.Errorf("got %q", got)
				}
			}
			if n := len(w.Requests()); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestProgramsAreNotRun has a file name one, also where another file is within.
func TestProgramsAreNotRun(t *testing.T) {
	t.Setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "")
	program := cloudtest.ExternalAccount(map[string]any{"executable": map[string]any{"command": "/usr/bin/touch @DIR@/ran", "timeout_millis": 5000}})
	for name, tt := range map[string]struct {
		doc  map[string]any
		want string
	}{
		"a file": {program, "it names a program, which is run only where GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 allows it"},
		"a file within": {map[string]any{
			"type": "impersonated_service_account", "service_account_impersonation_url": "https://iamcredentials.googleapis.com/x", "source_credentials": program,
		}, "what it holds, or the answer to it, is not whole"},
	} {
		t.Run(name, func(t *testing.T) {
			w := live(t, adc, adcFile(tt.doc))
			if got := w.told(t, googleHost); !strings.Contains(got, tt.want) {
				t.Errorf("got %q", got)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "ran")); !errors.Is(err, fs.ErrNotExist) {
				t.Error("it was run")
			}
		})
	}
}
