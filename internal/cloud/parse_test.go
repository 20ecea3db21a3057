package cloud_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/cloud"
	"github.com/boltseal/boltseal/internal/cloud/cloudtest"
)

func TestHosts(t *testing.T) {
	const account = "123456789012"
	for host, want := range map[string]string{
		account + ".dkr.ecr.us-east-1.amazonaws.com":                     "api.ecr.us-east-1.amazonaws.com",
		account + ".dkr.ecr.us-east-1.amazonaws.com:443":                 "api.ecr.us-east-1.amazonaws.com",
		account + ".dkr.ecr.ap-southeast-2.amazonaws.com":                "api.ecr.ap-southeast-2.amazonaws.com",
		account + ".dkr.ecr.us-gov-west-1.amazonaws.com":                 "api.ecr.us-gov-west-1.amazonaws.com",
		account + ".dkr.ecr-fips.us-gov-east-1.amazonaws.com":            "ecr-fips.us-gov-east-1.amazonaws.com",
		account + ".dkr.ecr.cn-northwest-1.amazonaws.com.cn":             "api.ecr.cn-northwest-1.amazonaws.com.cn",
		strings.ToUpper(account+".dkr.ecr.us-east-1.") + "Amazonaws.com": "api.ecr.us-east-1.amazonaws.com",
		account + ".dkr.ecr-fips.cn-north-1.amazonaws.com.cn":            "api.ecr-fips.cn-north-1.amazonaws.com.cn",
		"gcr.io":                          "google",
		"gcr.io:443":                      "google",
		"us.gcr.io":                       "google",
		"europe-west1-docker.pkg.dev":     "google",
		"acme.azurecr.io":                 "https://login.microsoftonline.com",
		"acme-a1b2c3.azurecr.io":          "https://login.microsoftonline.com",
		"acme.azurecr.cn":                 "https://login.chinacloudapi.cn",
		"acme.azurecr.us":                 "https://login.microsoftonline.us",
		"":                                "",
		"gcr.io.evil.com":                 "",
		"evilgcr.io":                      "",
		"evil-gcr.io":                     "",
		"a.b.gcr.io":                      "",
		".gcr.io":                         "",
		"gcr.io.":                         "",
		"gcr.io:80":                       "",
		"gcr.io:4433":                     "",
		"gcr.io:443:443":                  "",
		"gcr.io\n":                        "",
		"gcr.io/x":                        "",
		"user@gcr.io":                     "",
		"docker.pkg.dev":                  "",
		"docker-pkg.dev":                  "",
		"europe-docker.pkg.dev.evil.com":  "",
		"europe-docker.pkg.dev@evil.com":  "",
		"europe-npm.pkg.dev":              "",
		"a.europe-docker.pkg.dev":         "",
		"azurecr.io":                      "",
		".azurecr.io":                     "",
		"evilazurecr.io":                  "",
		"acme.azurecr.io.evil.com":        "",
		"acme.azurecr.de":                 "",
		"acme.westeurope.data.azurecr.io": "",
		"-acme.azurecr.io":                "",
		"public.ecr.aws":                  "",
		account + ".dkr.ecr.us-east-1.amazonaws.com.evil.com":  "",
		account + ".dkr.ecr.us-east-1.amazonaws.com.cn":        "",
		account + ".dkr.ecr.cn-north-1.amazonaws.com":          "",
		account + ".dkr.ecr.us-east-1.evil.com":                "",
		account + ".dkr.ecr.us-east-1.evil.com.amazonaws.com":  "",
		account + ".dkr.ecr.evil.amazonaws.com":                "",
		account + ".dkr.ecr.us-east-1.s3.amazonaws.com":        "",
		account + ".dkr.ecr..amazonaws.com":                    "",
		"x.dkr.ecr.us-east-1.amazonaws.com":                    "",
		"x.dkr.ecr.us-east-1.amazonaws.com.evil.com":           "",
		"1" + account + ".dkr.ecr.us-east-1.amazonaws.com":     "",
		"evil." + account + ".dkr.ecr.us-east-1.amazonaws.com": "",
		account + "xdkr.ecr.us-east-1.amazonaws.com":           "",
		account + ".dkr.ecr.us-east-1.amazonawsxcom":           "",
		strings.Repeat("a", 300) + ".azurecr.io":               "",
	} {
		if got, ok := cloud.Place(host); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q, %v, want %q", host, got, ok, want)
		}
	}
}

// FuzzHost wants what is taken for a cloud's to end in the cloud's name, and where a token
// is had from as well.
func FuzzHost(f *testing.F) {
	for _, s := range []string{"gcr.io", "us-docker.pkg.dev", "a.azurecr.cn", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn:443", "gcr.io.evil.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		at, ok := cloud.Place(host)
		if !ok {
			return
		}
		lower := strings.TrimSuffix(strings.ToLower(host), ":443")
		if strings.ContainsAny(lower, "/@:?# \r\n\t") {
			t.Errorf("%q is a host", host)
		}
		isOf := func(suffixes ...string) bool {
			for _, s := range suffixes {
				if strings.HasSuffix("."+lower, s) {
					return true
				}
			}
			return false
		}
		switch {
		case at == "google" && isOf(".gcr.io", "-docker.pkg.dev"):
		case strings.HasPrefix(at, "https://login.") && isOf(".azurecr.io", ".azurecr.cn", ".azurecr.us"):
		case strings.HasSuffix(at, ".amazonaws.com") && isOf(".amazonaws.com"):
		case strings.HasSuffix(at, ".amazonaws.com.cn") && isOf(".amazonaws.com.cn"):
		default:
			t.Errorf("%q is asked for at %q", host, at)
		}
	})
}

func TestProfiles(t *testing.T) {
	const file = `# of nobody
aws_access_key_id = before
[default]
aws_access_key_id=A ; a comment
aws_secret_access_key = b=c/d+e  # another
s3 =
  aws_session_token = nested
not a setting
; [ci]

[ ci ]
AWS_ACCESS_KEY_ID = C
[profile "two words"]
aws_access_key_id = D
[default]
region = eu-west-1
aws_access_key_id = E
[open
aws_access_key_id = F
`
	for section, want := range map[string]map[string]string{
		"default":           {"aws_access_key_id": "E", "aws_secret_access_key": "b=c/d+e", "s3": "", "region": "eu-west-1"},
		"ci":                {"aws_access_key_id": "C"},
		"profile two words": {"aws_access_key_id": "D"},
		"none":              nil,
	} {
		for name, text := range map[string]string{"": file, " with Windows' lines": strings.ReplaceAll(file, "\n", "\r\n")} {
			if diff := cmp.Diff(want, cloud.ParseProfile([]byte(text), section)); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", section, name, diff)
			}
		}
	}
}

// FuzzProfile wants no setting that does not stand in the file, and none with a line break.
func FuzzProfile(f *testing.F) {
	f.Add([]byte("[default]\na=b\n [x]\n"), "default")
	f.Add([]byte("[profile a]\r\na = b # c\r\n[\n=\n"), "profile a")
	f.Fuzz(func(t *testing.T, data []byte, section string) {
		for name, value := range cloud.ParseProfile(data, section) {
			if strings.ContainsAny(name+value, "\n") || !strings.Contains(string(data), value) {
				t.Errorf("%q = %q", name, value)
			}
		}
	})
}

func TestReasons(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"invalid_grant","error_description":"x"}`:                                   "invalid_grant",
		`{"error":"invalid_client","error_codes":[7000215]}`:                                  "invalid_client, AADSTS7000215",
		`{"error":"invalid_client","error_codes":["x"]}`:                                      "",
		`{"error":{"code":403,"status":"PERMISSION_DENIED"}}`:                                 "PERMISSION_DENIED",
		`{"errors":[{"code":"of nobody"},{"code":"UNAUTHORIZED"}]}`:                           "UNAUTHORIZED",
		`{"__type":"com.amazon.coral.service#UnrecognizedClientException"}`:                   "UnrecognizedClientException",
		`{"__type":"AccessDeniedException:http://internal.amazon.com/x"}`:                     "AccessDeniedException",
		`<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>`:             "ExpiredToken",
		`<ErrorResponse><Error><Code>` + cloudtest.Secret + `</Code></Error></ErrorResponse>`: "",
		`{"error":"` + cloudtest.Secret + `"}`:                                                "",
		`{"error":"ExpiredToken` + "\\n" + `"}`:                                               "",
		`{"error":"of_nobody"}`:                                                               "",
		`nonsense`:                                                                            "",
		``:                                                                                    "",
		`[]`:                                                                                  "",
	} {
		if got := cloud.Reason([]byte(body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// FuzzAnswers has a server answer with arbitrary bytes: neither a secret that it sends
// back nor anything else of it may be told.
func FuzzAnswers(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"access_token":"a","expires_in":"1","refresh_token":"b","authorizationData":[{"authorizationToken":"YTpi","expiresAt":1e300}]}`))
	f.Add(400, "text/xml", []byte(`<E><Error><Code>AccessDenied</Code></Error></E>`))
	f.Add(200, "text/xml", []byte(`<A><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>x</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult></A>`))
	f.Add(302, "", []byte("null"))
	e := webToken.and("GOOGLE_APPLICATION_CREDENTIALS", "@DIR@/adc.json", "AZURE_CLIENT_ID", cloudtest.ClientID, "AZURE_TENANT_ID", cloudtest.Tenant, "AZURE_CLIENT_SECRET", cloudtest.ClientSecret)
	files := adcFile(cloudtest.AuthorizedUser())
	w := live(f, e, files)
	f.Fuzz(func(t *testing.T, code int, kind string, body []byte) {
		if code < 200 || code > 599 || strings.ContainsAny(kind, "\r\n\x00") || code == 204 || code == 304 {
			t.Skip()
		}
		w.Answer("", func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", kind)
			out.WriteHeader(code)
			_, _ = out.Write(body)
		})
		k := cloud.Again(w.Keychain)
		for _, host := range []string{ecrHost, googleHost, acrHost} {
			answer, err := k.Credentials(t.Context(), host)
			text := answer.Of
			if err != nil {
				text = err.Error()
			}
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || text == "" {
				t.Errorf("told %q", text)
			}
			for _, secret := range cloudtest.Secrets() {
				if strings.Contains(text, secret) {
					t.Errorf("%q holds %q", text, secret)
				}
			}
			if answer.Login != nil && strings.ContainsAny(answer.Login.Username+answer.Login.Password, "\r\n\x00 ") {
				t.Errorf("login %q", answer.Login)
			}
		}
	})
}

// FuzzGoogleFile reads arbitrary files of credentials; where they lead is answered with no.
func FuzzGoogleFile(f *testing.F) {
	for _, doc := range []map[string]any{
		cloudtest.ServiceAccount(), cloudtest.AuthorizedUser(), cloudtest.ExternalAccount(map[string]any{"url": "https://a.example.com/"}),
		cloudtest.ExternalAccount(map[string]any{"environment_id": "aws1", "region_url": "http://169.254.169.254/", "url": "http://169.254.169.254/"}),
		{"type": "impersonated_service_account", "service_account_impersonation_url": "https://a.example.com/", "source_credentials": cloudtest.AuthorizedUser()},
		{"type": "external_account_authorized_user", "token_url": "https://a.example.com/", "refresh_token": "x", "client_id": "x", "client_secret": "x"},
		{"type": "authorized_user", "web": map[string]any{"redirect_uris": []string{"x"}}},
	} {
		f.Add(cloudtest.JSON(doc))
	}
	w := live(f, nil, nil)
	w.Answer("", status(400, "{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), `"file"`) {
			t.Skip() // nothing of this machine is read
		}
		if got, err := cloud.GoogleFile(t.Context(), w.Keychain, data); err == nil {
			t.Errorf("got %q", got.Of)
		}
	})
}
