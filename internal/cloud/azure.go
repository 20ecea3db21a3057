package cloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
)

// azureCloud is one of Azure's: who signs in there, and what a token for its registries is
// for. The registries of all of them take tokens for the cloud's management as well, but
// one for registries alone is of less use to whoever gets it; the other two clouds'
// registries are not known to take it.
type azureCloud struct{ authority, audience string }

func (p place) azure() azureCloud {
	switch p.suffix {
	case "azurecr.cn":
		return azureCloud{"https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"}
	case "azurecr.us":
		return azureCloud{"https://login.microsoftonline.us", "https://management.usgovcloudapi.net"}
	}
	return azureCloud{"https://login.microsoftonline.com", "https://containerregistry.azure.net"}
}

// noAzure is what is told where nothing is found.
const noAzure = "no identity of Azure is in AZURE_CLIENT_ID and AZURE_TENANT_ID with AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE or the token of a job of GitHub Actions (id-token: write), nor has an application signed in to the Azure CLI, and "

// rememberEntra has one token for all registries of a cloud.
func (k *Keychain) rememberEntra(ctx context.Context, p place) (Answer, error) {
	return k.remember(ctx, "entra "+p.suffix, func(ctx context.Context) (Answer, error) { return k.entra(ctx, p) })
}

// entra has a token of Microsoft Entra ID: by what an application knows, by what somebody
// else vouches for (a cluster, a job), or by what the machine is. Of the answer the
// password is the token, and Of where it is from.
func (k *Keychain) entra(ctx context.Context, p place) (Answer, error) {
	v, err := k.settings("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST")
	if err != nil {
		return Answer{}, at("Azure", err)
	}
	app := application{v["AZURE_CLIENT_ID"], v["AZURE_TENANT_ID"], cmp.Or(v["AZURE_AUTHORITY_HOST"], p.azure().authority)}
	secret := v["AZURE_CLIENT_SECRET"]
	switch {
	case secret != "":
		return k.signIn(ctx, p, app, "AZURE_CLIENT_SECRET", url.Values{"client_secret": {secret}})
	case k.getenv("AZURE_FEDERATED_TOKEN_FILE") != "":
		token, err := k.tokenFile("AZURE_FEDERATED_TOKEN_FILE")
		if err != nil {
			return Answer{}, at("Azure", err)
		}
		return k.signIn(ctx, p, app, "AZURE_FEDERATED_TOKEN_FILE", assertion(token))
	case app.client != "" && app.tenant != "" && k.inJob():
		return k.jobSignIn(ctx, p, app)
	}
	return k.leftBehind(ctx, p, app)
}

// leftBehind looks for what is set in no variable: who has signed in to the Azure CLI, and
// what the machine is.
func (k *Keychain) leftBehind(ctx context.Context, p place, app application) (Answer, error) {
	login, err := k.azureLogin()
	if err != nil {
		return Answer{}, at("Azure", err)
	}
	if login.Client != "" && cmp.Or(app.client, login.Client) == login.Client {
		signed := application{login.Client, login.Tenant, app.authority}
		// The word that the CLI was given ends in minutes; the job gives another.
		if login.Secret == "" && k.inJob() {
			return k.jobSignIn(ctx, p, signed)
		}
		return k.signIn(ctx, p, signed, "the Azure CLI", login.proof())
	}
	if k.mayBe(azure) {
		return k.azureMachine(ctx, app.client, p.azure().audience)
	}
	return Answer{Of: noAzure + "this machine is none of Azure's"}, nil
}

// inJob says whether this is a job of GitHub Actions that may have GitHub vouch for it.
func (k *Keychain) inJob() bool { return k.getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != "" }

// jobSignIn signs an application in by GitHub's word for the job.
func (k *Keychain) jobSignIn(ctx context.Context, p place, app application) (Answer, error) {
	token, err := k.jobToken(ctx)
	if err != nil {
		return Answer{}, at("Azure: the token of this job of GitHub Actions", err)
	}
	return k.signIn(ctx, p, app, "this job of GitHub Actions", assertion(token))
}

// application is who signs in, and where.
type application struct{ client, tenant, authority string }

var tenantForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$`) })

// address is where an application signs in.
func (a application) address() (string, error) {
	switch {
	case a.client == "" || a.tenant == "":
		return "", faultf("AZURE_CLIENT_ID and AZURE_TENANT_ID are to be set as well")
	case !tenantForm().MatchString(a.tenant):
		return "", faultf("AZURE_TENANT_ID is no tenant")
	}
	u, err := url.Parse(a.authority)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", faultf("AZURE_AUTHORITY_HOST is not https://HOST")
	}
	return "https://" + u.Host + "/" + a.tenant + "/oauth2/v2.0/token", nil
}

// assertion is somebody else's word for the application.
func assertion(token string) url.Values {
	return url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {token},
	}
}

// signIn has a token for an application by its proof.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func (k *Keychain) signIn(ctx context.Context, p place, app application, of string, proof url.Values) (Answer, error) {
	step := "Azure: signing in with " + of
	address, err := app.address()
	if err != nil {
		return Answer{}, at(step, err)
	}
	proof.Set("grant_type", "client_credentials")
	proof.Set("client_id", app.client)
	proof.Set("scope", p.azure().audience+"/.default")
	data, err := k.requests.form(ctx, address, proof)
	if err != nil {
		return Answer{}, at(step, err)
	}
	return k.entraAnswer(data, step, of)
}

func (k *Keychain) entraAnswer(data []byte, step, of string) (Answer, error) {
	var doc struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   seconds `json:"expires_in"`
	}
	if err := document(data, &doc); err != nil {
		return Answer{}, at(step, err)
	}
	if !isClean(doc.AccessToken) {
		return Answer{}, faultf("%s: no token is given", step)
	}
	return Answer{Login: &authn.AuthConfig{Password: doc.AccessToken}, Of: of, until: k.after(doc.ExpiresIn)}, nil
}

// jobToken has GitHub vouch for a job.
// https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
func (k *Keychain) jobToken(ctx context.Context) (string, error) {
	bearer, err := k.setting("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if err != nil {
		return "", err
	}
	u, err := url.Parse(k.getenv("ACTIONS_ID_TOKEN_REQUEST_URL"))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "", faultf("ACTIONS_ID_TOKEN_REQUEST_URL is no address with https")
	}
	query := u.Query()
	query.Set("audience", "api://AzureADTokenExchange")
	u.RawQuery = query.Encode()
	data, err := k.requests.ask(ctx, http.MethodGet, u.String(), http.Header{"Authorization": {"Bearer " + bearer}}, nil)
	if err != nil {
		return "", err
	}
	var doc struct{ Value string }
	if err := document(data, &doc); err != nil {
		return "", err
	}
	if !isClean(doc.Value) {
		return "", faultf("no token is given")
	}
	return doc.Value, nil
}

// azureMachine asks the metadata server for a token of the machine's managed identity; a
// machine with several says by AZURE_CLIENT_ID which.
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
func (k *Keychain) azureMachine(ctx context.Context, client, audience string) (Answer, error) {
	ctx, cancel := metadataTime(ctx)
	defer cancel()
	query := url.Values{"api-version": {"2018-02-01"}, "resource": {audience}}
	if client != "" {
		query.Set("client_id", client)
	}
	address := "http://" + metadataHost + "/metadata/identity/oauth2/token?" + query.Encode()
	data, err := k.requests.ask(ctx, http.MethodGet, address, http.Header{"Metadata": {"true"}}, nil)
	if errors.Is(err, context.Canceled) {
		return Answer{}, err
	}
	if err != nil {
		return Answer{Of: noAzure + "this machine has no managed identity to give (" + err.Error() + ")"}, nil
	}
	return k.entraAnswer(data, "Azure: a token of this machine's managed identity", "this machine's managed identity")
}
