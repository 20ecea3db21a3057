package cloud

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/authn"
)

// acrUser says to a registry of Azure's that the password is a token of its own.
// https://learn.microsoft.com/azure/container-registry/container-registry-authentication
const acrUser = "00000000-0000-0000-0000-000000000000"

// acr trades a token of Microsoft Entra ID (AAD) for one of the registry. One that the
// registry does not take is a stranger's there; what is public needs none.
// https://azure.github.io/acr/AAD-OAuth.html
func (k *Keychain) acr(ctx context.Context, p place) (Answer, error) {
	entra, err := k.rememberEntra(ctx, p)
	if err != nil || entra.Login == nil {
		return Answer{Of: entra.Of}, err
	}
	form := url.Values{"grant_type": {"access_token"}, "service": {p.host}, "access_token": {entra.Login.Password}}
	if tenant := k.getenv("AZURE_TENANT_ID"); tenantForm().MatchString(tenant) {
		form.Set("tenant", tenant)
	}
	of := "the identity of Azure from " + entra.Of
	step := "Azure: the exchange of its token, from " + entra.Of
	data, err := k.requests.form(ctx, "https://"+p.host+"/oauth2/exchange", form)
	if refusal(err, http.StatusUnauthorized, http.StatusForbidden) {
		return Answer{Of: of + " is refused (" + err.Error() + ")", until: k.after(0)}, nil
	}
	if err != nil {
		return Answer{}, at(step, err)
	}
	var doc struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := document(data, &doc); err != nil {
		return Answer{}, at(step+": "+p.host, err)
	}
	if !isClean(doc.RefreshToken) {
		return Answer{}, faultf("%s: %s gives no token", step, p.host)
	}
	// It holds for three hours; when it ends stands in it alone.
	return Answer{Login: &authn.AuthConfig{Username: acrUser, Password: doc.RefreshToken}, Of: of, until: k.after(60 * 60)}, nil
}
