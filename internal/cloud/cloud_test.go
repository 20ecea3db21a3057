package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/cloud"
	"github.com/boltseal/boltseal/internal/cloud/cloudtest"
)

// env are variables, in which @DIR@ stands for the test's folder.
type env map[string]string

// world is a machine with its variables and files, in front of fake clouds.
type world struct {
	*cloudtest.Fake
	*cloud.Keychain
	dir string
}

// live makes one; files are written into its folder.
func live(t testing.TB, e env, files map[string][]byte) *world {
	t.Helper()
	fake, err := cloudtest.New(http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), "@DIR@", filepath.ToSlash(dir))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := cloud.New(cloud.Options{
		Getenv: func(name string) string { return strings.ReplaceAll(e[name], "@DIR@", dir) },
		Proxy: func(u *url.URL) (*url.URL, error) {
			if u.Scheme == "http" {
				t.Errorf("a proxy is looked for for %s", u)
			}
			return nil, nil
		},
	})
	cloud.Testing(k, cloud.Laptop, fake.Reach)
	return &world{fake, k, dir}
}

// told is what comes of asking for a host: the login, or why there is none.
func (w *world) told(t testing.TB, host string) string {
	t.Helper()
	answer, err := w.Credentials(t.Context(), host)
	text := answer.Of
	if err != nil {
		text = "error: " + err.Error()
	}
	for _, secret := range cloudtest.Secrets() {
		if strings.Contains(text, secret) {
			t.Errorf("%q holds %q", text, secret)
		}
	}
	if answer.Login != nil {
		text = answer.Login.Username + ":" + answer.Login.Password + " " + text
	}
	return text
}

const (
	ecrHost    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	googleHost = "europe-docker.pkg.dev"
	acrHost    = "acme.azurecr.io"
)

// What the registries take.
const (
	ecrLogin    = "AWS:" + cloudtest.ECRPassword + " the identity of AWS from "
	googleLogin = "oauth2accesstoken:" + cloudtest.GoogleToken + " the identity of Google Cloud from "
	acrLogin    = "00000000-0000-0000-0000-000000000000:" + cloudtest.ACRToken + " the identity of Azure from "
)

var (
	keysInEnv = env{"AWS_ACCESS_KEY_ID": cloudtest.KeyID, "AWS_SECRET_ACCESS_KEY": cloudtest.Secret, "AWS_SESSION_TOKEN": cloudtest.Session}
	webToken  = env{"AWS_WEB_IDENTITY_TOKEN_FILE": "@DIR@/token", "AWS_ROLE_ARN": cloudtest.RoleARN}
	aToken    = map[string][]byte{"token": []byte(cloudtest.WebToken + "\n")}
	adc       = env{"GOOGLE_APPLICATION_CREDENTIALS": "@DIR@/adc.json"}
	app       = env{"AZURE_CLIENT_ID": cloudtest.ClientID, "AZURE_TENANT_ID": cloudtest.Tenant}
	profile   = "[default]\naws_access_key_id = " + cloudtest.KeyID + "\naws_secret_access_key = " + cloudtest.Secret + "\naws_session_token=" + cloudtest.Session + "\n"
)

// and adds variables to others.
func (e env) and(more ...string) env {
	all := env{}
	maps.Copy(all, e)
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func adcFile(doc map[string]any) map[string][]byte {
	return map[string][]byte{"adc.json": cloudtest.JSON(doc), "token": []byte(cloudtest.WebToken), "token.json": []byte(`{"t":"` + cloudtest.WebToken + `"}`)}
}

// azureFiles are those in which the Azure CLI keeps an application and its proof.
func azureFiles(isDefault bool, proof, value string) map[string][]byte {
	profile := fmt.Sprintf("\ufeff"+`{"subscriptions":[
		{"id":"1","user":{"name":"a@example.com","type":"user"},"isDefault":%t,"tenantId":"other.example.com"},
		{"id":"2","user":{"name":%q,"type":"servicePrincipal"},"isDefault":%t,"tenantId":%q}]}`, !isDefault, cloudtest.ClientID, isDefault, cloudtest.Tenant)
	logins := fmt.Sprintf(`[{"client_id":%q,"tenant":"other.example.com","client_secret":"x"},{"client_id":%[1]q,"tenant":%q,%q:%q}]`, cloudtest.ClientID, cloudtest.Tenant, proof, value)
	return map[string][]byte{".azure/azureProfile.json": []byte(profile), ".azure/service_principal_entries.json": []byte(logins)}
}

// with changes a document.
func with(doc map[string]any, name string, value any) map[string]any {
	doc[name] = value
	return doc
}

func TestCredentials(t *testing.T) {
	fileSource := map[string]any{"file": "@DIR@/token"}
	for name, tt := range map[string]struct {
		host  string
		env   env
		files map[string][]byte
		want  string   // what is told, or its beginning
		asked []string // in this order
	}{
		"keys in the environment": {ecrHost, keysInEnv, nil, ecrLogin + "AWS_ACCESS_KEY_ID", []string{"POST api.ecr.eu-west-1.amazonaws.com/"}},
		"keys without a session":  {ecrHost, keysInEnv.and("AWS_ACCESS_KEY_ID", cloudtest.UserKeyID, "AWS_SESSION_TOKEN", ""), nil, ecrLogin + "AWS_ACCESS_KEY_ID", nil},
		"keys before a token and a profile": {
			ecrHost, keysInEnv.and("AWS_WEB_IDENTITY_TOKEN_FILE", "@DIR@/none", "HOME", "@DIR@"),
			map[string][]byte{".aws/credentials/x": nil},
			ecrLogin + "AWS_ACCESS_KEY_ID", nil,
		},
		"a token before a profile": {
			ecrHost, webToken.and("HOME", "@DIR@"),
			map[string][]byte{"token": []byte(cloudtest.WebToken), ".aws/credentials/x": nil},
			ecrLogin + "AWS_WEB_IDENTITY_TOKEN_FILE", nil,
		},
		"a profile before a container": {
			ecrHost,
			env{"HOME": "@DIR@", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/"},
			map[string][]byte{".aws/credentials": []byte(profile)},
			ecrLogin + "a profile in ~/.aws",
			[]string{"POST api.ecr.eu-west-1.amazonaws.com/"},
		},
		"a secret before a token's file": {
			acrHost, app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret, "AZURE_FEDERATED_TOKEN_FILE", "@DIR@/none", "ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/"), nil,
			acrLogin + "AZURE_CLIENT_SECRET", nil,
		},
		"a token's file before a job": {
			acrHost, app.and("AZURE_FEDERATED_TOKEN_FILE", "@DIR@/token", "ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/"), aToken,
			acrLogin + "AZURE_FEDERATED_TOKEN_FILE", nil,
		},
		"a file that is named before gcloud's": {
			googleHost,
			env{"GOOGLE_APPLICATION_CREDENTIALS": "@DIR@/adc.json", "CLOUDSDK_CONFIG": "@DIR@"},
			map[string][]byte{"adc.json": cloudtest.JSON(cloudtest.AuthorizedUser()), "application_default_credentials.json": []byte("x")},
			googleLogin + "GOOGLE_APPLICATION_CREDENTIALS", nil,
		},
		"a registry in China": {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", keysInEnv, nil, ecrLogin, []string{"POST api.ecr.cn-north-1.amazonaws.com.cn/"}},
		"a registry with validated cryptography": {"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", keysInEnv, nil, ecrLogin, []string{
			"POST ecr-fips.us-gov-west-1.amazonaws.com/",
		}},
		"a key without its secret": {ecrHost, env{"AWS_ACCESS_KEY_ID": cloudtest.KeyID}, nil, "error: AWS: AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not", nil},
		"a secret without its key": {ecrHost, env{"AWS_SECRET_ACCESS_KEY": cloudtest.Secret}, nil, "error: AWS: AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not", nil},
		"a secret with a line break": {
			ecrHost, keysInEnv.and("AWS_SECRET_ACCESS_KEY", cloudtest.Secret+"\n"), nil,
			"error: AWS: AWS_SECRET_ACCESS_KEY holds a space or a line break", nil,
		},
		"a wrong secret": {
			ecrHost, keysInEnv.and("AWS_SECRET_ACCESS_KEY", "another"), nil,
			"error: AWS: GetAuthorizationToken with AWS_ACCESS_KEY_ID: api.ecr.eu-west-1.amazonaws.com: answers 400 Bad Request (InvalidSignatureException)", nil,
		},
		"a cluster's token": {ecrHost, webToken, aToken, ecrLogin + "AWS_WEB_IDENTITY_TOKEN_FILE", []string{
			"POST sts.eu-west-1.amazonaws.com/", "POST api.ecr.eu-west-1.amazonaws.com/",
		}},
		"a token, and a region of the job": {ecrHost, webToken.and("AWS_REGION", "us-east-2", "AWS_ROLE_SESSION_NAME", "job-7"), aToken, ecrLogin, []string{
			"POST sts.us-east-2.amazonaws.com/", "POST api.ecr.eu-west-1.amazonaws.com/",
		}},
		"a token, and a region of another partition": {ecrHost, webToken.and("AWS_DEFAULT_REGION", "cn-north-1"), aToken, ecrLogin, []string{
			"POST sts.eu-west-1.amazonaws.com/", "POST api.ecr.eu-west-1.amazonaws.com/",
		}},
		"a token, and a region that is a host": {ecrHost, webToken.and("AWS_REGION", "evil.example.com/"), aToken, ecrLogin, []string{
			"POST sts.eu-west-1.amazonaws.com/", "POST api.ecr.eu-west-1.amazonaws.com/",
		}},
		"a token without a role": {ecrHost, webToken.and("AWS_ROLE_ARN", ""), aToken, "error: AWS: AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not", nil},
		"a token that is not there": {
			ecrHost, webToken, nil,
			"error: AWS: the file of AWS_WEB_IDENTITY_TOKEN_FILE: is not there",
			[]string{},
		},
		"a token that is refused": {
			ecrHost, webToken,
			map[string][]byte{"token": []byte("expired")},
			"error: AWS: AssumeRoleWithWebIdentity with AWS_WEB_IDENTITY_TOKEN_FILE: sts.eu-west-1.amazonaws.com: answers 403 Forbidden (AccessDenied)", nil,
		},
		"a file of no token": {ecrHost, webToken, map[string][]byte{"token": []byte("a b")}, "error: AWS: the file of AWS_WEB_IDENTITY_TOKEN_FILE holds no token", []string{}},
		"a profile":          {ecrHost, env{"HOME": "@DIR@"}, map[string][]byte{".aws/credentials": []byte(profile)}, ecrLogin + "a profile in ~/.aws", nil},
		"a profile by name": {
			ecrHost,
			env{"HOME": "@DIR@", "AWS_PROFILE": "ci"},
			map[string][]byte{".aws/credentials": []byte("[default]\naws_access_key_id=x\n" + strings.Replace(profile, "default", "ci", 1))},
			ecrLogin, nil,
		},
		"a profile in the other file": {
			ecrHost,
			env{"AWS_PROFILE": "ci", "AWS_CONFIG_FILE": "@DIR@/config", "AWS_SHARED_CREDENTIALS_FILE": "@DIR@/none"},
			map[string][]byte{"config": []byte(strings.Replace(profile, "default", "profile ci", 1))},
			ecrLogin, nil,
		},
		"a profile that is not there": {
			ecrHost,
			env{"HOME": "@DIR@", "AWS_PROFILE": "ci"},
			map[string][]byte{".aws/credentials": []byte(profile)},
			"error: AWS: the profile that AWS_PROFILE names is in neither", nil,
		},
		"a profile that signs in elsewhere": {
			ecrHost,
			env{"HOME": "@DIR@"},
			map[string][]byte{".aws/config": []byte("[default]\nregion = eu-west-1\nsso_session = acme\n")},
			"error: AWS: the profile has its keys by sso_session, which is not followed", nil,
		},
		"half a profile": {
			ecrHost,
			env{"HOME": "@DIR@"},
			map[string][]byte{".aws/credentials": []byte("[default]\naws_access_key_id = x\n")},
			"error: AWS: the profile's aws_access_key_id and aws_secret_access_key are no pair", nil,
		},
		"a folder of that name": {
			ecrHost,
			env{"HOME": "@DIR@"},
			map[string][]byte{".aws/credentials/x": nil},
			"error: AWS: ~/.aws/credentials: is no file", nil,
		},
		"a container on ECS": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": cloudtest.Container},
			nil,
			ecrLogin + "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
			[]string{"GET 169.254.170.2/v2/credentials/x", "POST api.ecr.eu-west-1.amazonaws.com/"},
		},
		"a pod on EKS": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@DIR@/token"},
			map[string][]byte{"token": []byte(cloudtest.Container)},
			ecrLogin + "AWS_CONTAINER_CREDENTIALS_FULL_URI",
			[]string{"GET 169.254.170.23/v1/credentials", "POST api.ecr.eu-west-1.amazonaws.com/"},
		},
		"a container without its token's file": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@DIR@/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN": cloudtest.Container},
			nil,
			"error: AWS: the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: is not there",
			[]string{},
		},
		"a container's token of two lines": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX-Other: b"},
			nil,
			"error: AWS: AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line break",
			[]string{},
		},
		"a container's path that is another host": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.example.com/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": cloudtest.Container},
			nil,
			ecrLogin,
			[]string{"GET 169.254.170.2/@evil.example.com/", "POST api.ecr.eu-west-1.amazonaws.com/"},
		},
		"a container's address that is another host": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example.com/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": cloudtest.Container},
			nil,
			"error: AWS: AWS_CONTAINER_CREDENTIALS_FULL_URI names neither https nor an address of this machine",
			[]string{},
		},
		"a container's address with a port of another": {
			ecrHost,
			env{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23:8080/"},
			nil,
			"error: AWS: AWS_CONTAINER_CREDENTIALS_FULL_URI names neither https nor an address of this machine",
			[]string{},
		},
		"nothing of Amazon's": {ecrHost, nil, nil, "no identity of AWS is in AWS_ACCESS_KEY_ID, ", []string{}},

		"a service account":                       {"gcr.io", adc, adcFile(cloudtest.ServiceAccount()), googleLogin + "GOOGLE_APPLICATION_CREDENTIALS", []string{"POST oauth2.googleapis.com/token"}},
		"somebody who has signed in":              {"eu.gcr.io", adc, adcFile(cloudtest.AuthorizedUser()), googleLogin, []string{"POST oauth2.googleapis.com/token"}},
		"a job's token in a file":                 {googleHost, adc, adcFile(cloudtest.ExternalAccount(fileSource)), googleLogin, []string{"POST sts.googleapis.com/v1/token"}},
		"a job's token in a file, within a field": {googleHost, adc, adcFile(cloudtest.ExternalAccount(map[string]any{"file": "@DIR@/token.json", "format": map[string]string{"type": "json", "subject_token_field_name": "t"}})), googleLogin, nil},
		"a job's token from a server": {
			googleHost, adc, adcFile(cloudtest.ExternalAccount(map[string]any{
				"url": "https://actions.example.com/?audience=api://AzureADTokenExchange", "headers": map[string]string{"Authorization": "Bearer " + cloudtest.ActionsToken},
				"format": map[string]string{"type": "json", "subject_token_field_name": "value"},
			})),
			googleLogin,
			[]string{"GET actions.example.com/", "POST sts.googleapis.com/v1/token"},
		},
		"a service account that is stood in for": {
			googleHost, adc, adcFile(with(cloudtest.ExternalAccount(fileSource), "service_account_impersonation_url", "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a:generateAccessToken")),
			googleLogin,
			[]string{"POST sts.googleapis.com/v1/token", "POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a:generateAccessToken"},
		},
		"where gcloud puts it": {
			googleHost,
			env{"HOME": "@DIR@"},
			map[string][]byte{".config/gcloud/application_default_credentials.json": cloudtest.JSON(cloudtest.AuthorizedUser())},
			googleLogin + "gcloud's application default credentials", nil,
		},
		"where gcloud is told to put it": {
			googleHost,
			env{"HOME": "@DIR@/none", "CLOUDSDK_CONFIG": "@DIR@"},
			map[string][]byte{"application_default_credentials.json": cloudtest.JSON(cloudtest.AuthorizedUser())},
			googleLogin, nil,
		},
		"a user who has left": {
			googleHost, adc, adcFile(with(cloudtest.AuthorizedUser(), "refresh_token", "another")),
			"error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: oauth2.googleapis.com: answers 400 Bad Request (invalid_grant)", nil,
		},
		"a job's token that is refused": {
			googleHost, adc,
			map[string][]byte{"adc.json": cloudtest.JSON(cloudtest.ExternalAccount(fileSource)), "token": []byte("expired")},
			"error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: sts.googleapis.com: answers 400 Bad Request (invalid_grant)", nil,
		},
		"a job's token that is not there": {
			googleHost, adc,
			map[string][]byte{"adc.json": cloudtest.JSON(cloudtest.ExternalAccount(fileSource))},
			"error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: the token's file that it names: is not there",
			[]string{},
		},
		"a token server without encryption": {
			googleHost, adc, adcFile(with(cloudtest.ExternalAccount(fileSource), "token_url", "http://sts.googleapis.com/v1/token")),
			"error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: sts.googleapis.com is not reached over plain HTTP",
			[]string{},
		},
		"an application's file":  {googleHost, adc, map[string][]byte{"adc.json": []byte(`{"type":"authorized_user","installed":{"redirect_uris":["x"]}}`)}, "error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: it holds an application", []string{}},
		"a file of another kind": {googleHost, adc, map[string][]byte{"adc.json": []byte(`{"type":"gdch_service_account"}`)}, "error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: it holds credentials of no kind", []string{}},
		"a file of nonsense":     {googleHost, adc, map[string][]byte{"adc.json": []byte(cloudtest.GoogleToken)}, "error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: it holds no JSON", []string{}},
		"a key that is none":     {googleHost, adc, adcFile(with(cloudtest.ServiceAccount(), "private_key", cloudtest.Secret)), "error: Google Cloud: a token by GOOGLE_APPLICATION_CREDENTIALS: what it holds", []string{}},
		"a huge file":            {googleHost, adc, map[string][]byte{"adc.json": make([]byte, 2<<20)}, "error: Google Cloud: the file of GOOGLE_APPLICATION_CREDENTIALS: has more than 1048576 bytes", []string{}},
		"no file":                {googleHost, adc, nil, "error: Google Cloud: the file of GOOGLE_APPLICATION_CREDENTIALS: is not there", []string{}},
		"nothing of Google's":    {googleHost, env{"HOME": "@DIR@"}, nil, "no identity of Google Cloud is in GOOGLE_APPLICATION_CREDENTIALS", []string{}},

		"an application's secret": {acrHost, app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret), nil, acrLogin + "AZURE_CLIENT_SECRET", []string{
			"POST login.microsoftonline.com/" + cloudtest.Tenant + "/oauth2/v2.0/token", "POST " + acrHost + "/oauth2/exchange",
		}},
		"an application's secret, in China": {"acme.azurecr.cn", app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret), nil, acrLogin, []string{
			"POST login.chinacloudapi.cn/" + cloudtest.Tenant + "/oauth2/v2.0/token", "POST acme.azurecr.cn/oauth2/exchange",
		}},
		"a sign-in server of choice": {acrHost, app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret, "AZURE_AUTHORITY_HOST", "https://login.example.com/"), nil, acrLogin, []string{
			"POST login.example.com/" + cloudtest.Tenant + "/oauth2/v2.0/token", "POST " + acrHost + "/oauth2/exchange",
		}},
		"a cluster's token on AKS": {acrHost, app.and("AZURE_FEDERATED_TOKEN_FILE", "@DIR@/token"), aToken, acrLogin + "AZURE_FEDERATED_TOKEN_FILE", nil},
		"a job of GitHub Actions": {
			acrHost, app.and("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/token?v=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", cloudtest.ActionsToken), nil,
			acrLogin + "this job of GitHub Actions",
			[]string{
				"GET actions.example.com/token", "POST login.microsoftonline.com/" + cloudtest.Tenant + "/oauth2/v2.0/token", "POST " + acrHost + "/oauth2/exchange",
			},
		},
		"a job that may not have a token": {
			acrHost, app.and("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example.com/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another"), nil,
			"error: Azure: the token of this job of GitHub Actions: actions.example.com: answers 403 Forbidden", nil,
		},
		"what azure/login leaves of a secret": {
			acrHost, env{"HOME": "@DIR@"}, azureFiles(true, "client_secret", cloudtest.ClientSecret), acrLogin + "the Azure CLI", nil,
		},
		"what azure/login leaves of a job": {
			acrHost,
			env{"AZURE_CONFIG_DIR": "@DIR@/.azure", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://actions.example.com/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": cloudtest.ActionsToken},
			azureFiles(true, "client_assertion", "ended"), acrLogin + "this job of GitHub Actions",
			[]string{
				"GET actions.example.com/", "POST login.microsoftonline.com/" + cloudtest.Tenant + "/oauth2/v2.0/token", "POST " + acrHost + "/oauth2/exchange",
			},
		},
		"what az login leaves of somebody's word": {acrHost, env{"HOME": "@DIR@"}, azureFiles(true, "client_assertion", cloudtest.WebToken), acrLogin + "the Azure CLI", nil},
		"a word that has ended": {
			acrHost,
			env{"HOME": "@DIR@"},
			azureFiles(true, "client_assertion", "ended"),
			"error: Azure: signing in with the Azure CLI: login.microsoftonline.com: answers 401 Unauthorized (invalid_client, AADSTS7000215)", nil,
		},
		"another application than the CLI's":   {acrHost, env{"HOME": "@DIR@", "AZURE_CLIENT_ID": "another"}, azureFiles(true, "client_secret", cloudtest.ClientSecret), "no identity of Azure is in", []string{}},
		"an application that is not in use":    {acrHost, env{"HOME": "@DIR@"}, azureFiles(false, "client_secret", cloudtest.ClientSecret), "no identity of Azure is in", []string{}},
		"an application with its certificate":  {acrHost, env{"HOME": "@DIR@"}, azureFiles(true, "certificate", "/a.pem"), "no identity of Azure is in", []string{}},
		"a file of the Azure CLI that is torn": {acrHost, env{"HOME": "@DIR@"}, map[string][]byte{".azure/service_principal_entries.json": []byte(cloudtest.Secret)}, "error: Azure: the Azure CLI's service_principal_entries.json: holds no JSON", []string{}},
		"a secret that is wrong": {
			acrHost, app.and("AZURE_CLIENT_SECRET", "another"), nil,
			"error: Azure: signing in with AZURE_CLIENT_SECRET: login.microsoftonline.com: answers 401 Unauthorized (invalid_client, AADSTS7000215)", nil,
		},
		"a secret of nobody": {acrHost, env{"AZURE_CLIENT_SECRET": cloudtest.ClientSecret}, nil, "error: Azure: signing in with AZURE_CLIENT_SECRET: AZURE_CLIENT_ID and AZURE_TENANT_ID are to be set as well", []string{}},
		"a tenant that is a path": {
			acrHost, app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret, "AZURE_TENANT_ID", "a/../b"), nil,
			"error: Azure: signing in with AZURE_CLIENT_SECRET: AZURE_TENANT_ID is no tenant",
			[]string{},
		},
		"a sign-in server without encryption": {
			acrHost, app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret, "AZURE_AUTHORITY_HOST", "http://login.example.com"), nil,
			"error: Azure: signing in with AZURE_CLIENT_SECRET: AZURE_AUTHORITY_HOST is not https://HOST",
			[]string{},
		},
		"a token file that is not there": {acrHost, app.and("AZURE_FEDERATED_TOKEN_FILE", "@DIR@/token"), nil, "error: Azure: the file of AZURE_FEDERATED_TOKEN_FILE: is not there", []string{}},
		"nothing of Azure's":             {acrHost, app, nil, "no identity of Azure is in AZURE_CLIENT_ID", []string{}},

		"a registry of no cloud":    {"ghcr.io", keysInEnv, nil, "", []string{}},
		"Amazon's public registry":  {"public.ecr.aws", keysInEnv, nil, "", []string{}},
		"a port of somebody else's": {"gcr.io:8443", adc, adcFile(cloudtest.AuthorizedUser()), "", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := live(t, tt.env, tt.files)
			got := w.told(t, tt.host)
			if !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.asked == nil {
				return
			}
			asked := []string{}
			for _, r := range w.Requests() {
				asked = append(asked, r.String())
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMachines wants metadata servers asked by machines of their cloud alone, and by what
// can be anywhere in a job and in a cluster.
func TestMachines(t *testing.T) {
	const amazon, google, azure = "this machine's role", "this machine's service account", "this machine's managed identity"
	pod := env{"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
	for name, tt := range map[string]struct {
		machine cloud.Machine
		env     env
		host    string
		of      string // empty where nobody is to be asked
	}{
		"EC2":                           {cloud.AmazonMachine, nil, ecrHost, amazon},
		"EC2 on Xen":                    {cloud.XenMachine, nil, ecrHost, amazon},
		"EC2, switched off":             {cloud.AmazonMachine, env{"AWS_EC2_METADATA_DISABLED": "TRUE"}, ecrHost, ""},
		"EC2, for Google's":             {cloud.AmazonMachine, nil, googleHost, ""},
		"Google's":                      {cloud.GoogleMachine, nil, googleHost, google},
		"Google's, for Azure's":         {cloud.GoogleMachine, nil, acrHost, ""},
		"Azure's":                       {cloud.AzureMachine, nil, acrHost, azure},
		"Azure's, an identity of some":  {cloud.AzureMachine, env{"AZURE_CLIENT_ID": "the-second"}, acrHost, azure},
		"Hyper-V":                       {cloud.HyperV, nil, acrHost, ""},
		"a laptop":                      {cloud.Laptop, nil, ecrHost, ""},
		"a laptop, for Google's":        {cloud.Laptop, nil, googleHost, ""},
		"a laptop, for Azure's":         {cloud.Laptop, nil, acrHost, ""},
		"a job on a laptop":             {cloud.Laptop, env{"CI": "true"}, ecrHost, ""},
		"a machine that says nothing":   {cloud.NoFirmware, nil, ecrHost, ""},
		"a pod in a sandbox":            {cloud.NoFirmware, pod, googleHost, google},
		"a job on a machine of silence": {cloud.NoFirmware, env{"CI": "true"}, ecrHost, amazon},
	} {
		t.Run(name, func(t *testing.T) {
			w := live(t, tt.env, nil)
			cloud.Testing(w.Keychain, tt.machine, w.Reach)
			got := w.told(t, tt.host)
			if tt.of == "" {
				if !strings.HasPrefix(got, "no identity of ") || !strings.Contains(got, "this machine is none of ") || len(w.Dialed()) > 0 {
					t.Errorf("got %q, dialed %q", got, w.Dialed())
				}
				return
			}
			if !strings.HasSuffix(got, " from "+tt.of) {
				t.Errorf("got %q, want one from %s", got, tt.of)
			}
			if id := tt.env["AZURE_CLIENT_ID"]; id != "" && w.Requests()[0].Query.Get("client_id") != id {
				t.Errorf("asked for %q", w.Requests()[0].Query)
			}
		})
	}
}

func TestFirmware(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{
		"sys_vendor": "Microsoft Corporation\n", "product_name": "Virtual Machine\n", "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := cloud.MachineOf(dir); got != cloud.AzureMachine {
		t.Errorf("got %+v", got)
	}
	for _, folder := range []string{filepath.Join(dir, "none"), os.DevNull} {
		if got := cloud.MachineOf(folder); got != cloud.NoFirmware {
			t.Errorf("%s: got %+v", folder, got)
		}
	}
}

func TestMemory(t *testing.T) {
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	now := start
	var mu sync.Mutex
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	later := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = start.Add(d)
	}
	secret := app.and("AZURE_CLIENT_SECRET", cloudtest.ClientSecret)
	w := live(t, keysInEnv.and("AZURE_CLIENT_ID", cloudtest.ClientID, "AZURE_TENANT_ID", cloudtest.Tenant, "AZURE_CLIENT_SECRET", secret["AZURE_CLIENT_SECRET"]), nil)
	w.Now = clock
	cloud.At(w.Keychain, clock)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { w.told(t, ecrHost) })
		wg.Go(func() { w.told(t, "999999999999.dkr.ecr.eu-west-1.amazonaws.com") })
		wg.Go(func() { w.told(t, acrHost) })
		wg.Go(func() { w.told(t, "other.azurecr.io") })
	}
	wg.Wait()
	counts := func() []int {
		return []int{w.Asked("POST api.ecr."), w.Asked("POST login."), w.Asked("POST " + acrHost), w.Asked("POST other.")}
	}
	if diff := cmp.Diff([]int{1, 1, 1, 1}, counts()); diff != "" {
		t.Errorf("asked at once (-want +got):\n%s", diff)
	}
	later(57 * time.Minute)
	w.told(t, acrHost)
	w.told(t, ecrHost)
	if diff := cmp.Diff([]int{1, 1, 1, 1}, counts()); diff != "" {
		t.Errorf("asked while it holds (-want +got):\n%s", diff)
	}
	later(59 * time.Minute)
	w.told(t, acrHost)
	if diff := cmp.Diff([]int{1, 2, 2, 1}, counts()); diff != "" {
		t.Errorf("asked before it ends (-want +got):\n%s", diff)
	}
	later(12*time.Hour - time.Minute)
	w.told(t, ecrHost)
	if diff := cmp.Diff([]int{2, 2, 2, 1}, counts()); diff != "" {
		t.Errorf("asked before the day's end (-want +got):\n%s", diff)
	}
	w.Answer("api.ecr.us-east-1.amazonaws.com/", status(400, ""))
	const american = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	for _, d := range []time.Duration{0, 59 * time.Second, 61 * time.Second} {
		later(d)
		if got := w.told(t, american); !strings.HasPrefix(got, "error: ") {
			t.Errorf("got %q", got)
		}
	}
	if n := w.Asked("POST api.ecr.us-east-1"); n != 2 {
		t.Errorf("an error was asked for %d times, want 2", n)
	}
}

// TestStopping wants a run that is stopped to end, and what it did not hear not to be
// remembered as an answer.
func TestStopping(t *testing.T) {
	w := live(t, keysInEnv, nil)
	ctx, cancel := context.WithCancel(t.Context())
	w.Answer("api.ecr.", func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := w.Credentials(ctx, ecrHost); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	w.Answer("api.ecr.eu-west-1.amazonaws.com/", status(400, ""))
	if got := w.told(t, ecrHost); !strings.Contains(got, "answers 400") {
		t.Errorf("got %q", got)
	}
}
