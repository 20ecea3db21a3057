package cloudtest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What the servers know and give. All of it is made up, and no message may hold any of
// Secrets.
const (
	KeyID     = "AS" + "IAFAKEFAKEFAKE00" // of Session
	UserKeyID = "AK" + "IAFAKEFAKEFAKE00" // of a user, without a session
	Secret    = "s3cret-of-the-key"
	Session   = "s3ssion-of-the-key"
	RoleARN   = "arn:aws:iam::123456789012:role/fake"
	WebToken  = "w3b-identity-token"
	Container = "c0ntainer-authorization"

	ECRPassword   = "p4ssword-of-ecr"
	GoogleToken   = "g00gle-access-token"
	RefreshToken  = "r3fresh-token-of-a-user"
	ClientID      = "a-client-id"
	Tenant        = "a-tenant.example.com"
	ClientSecret  = "cl1ent-secret"
	EntraToken    = "entra-access-t0ken"
	ACRToken      = "acr-r3fresh"
	RegistryToken = "r3gistry-token"
	ActionsToken  = "act1ons-request-token"
	metadataToken = "m3tadata-token"
)

// Secrets are what no message may hold.
func Secrets() []string {
	return []string{
		Secret, Session, WebToken, Container, ECRPassword, GoogleToken, RefreshToken, ClientSecret,
		EntraToken, ACRToken, RegistryToken, ActionsToken, metadataToken, KeyID, UserKeyID,
	}
}

func answer(w http.ResponseWriter, doc any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(doc)
}

func refuse(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc)
}

// sts gives keys for WebToken.
func (f *Fake) sts(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	form := r.PostForm
	if form.Get("Action") != "AssumeRoleWithWebIdentity" || form.Get("Version") != "2011-06-15" ||
		form.Get("RoleArn") != RoleARN || form.Get("WebIdentityToken") != WebToken || form.Get("RoleSessionName") == "" {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not with %s</Message></Error></ErrorResponse>`, html.EscapeString(form.Get("WebIdentityToken")))
		return
	}
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
 <AssumeRoleWithWebIdentityResult><Credentials>
  <AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken>
  <Expiration>2030-01-01T00:00:00Z</Expiration>
 </Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`, KeyID, Secret, Session)
}

// keys are what metadata servers give of a role.
func keys() map[string]any {
	return map[string]any{"Code": "Success", "AccessKeyId": KeyID, "SecretAccessKey": Secret, "Token": Session, "Expiration": "2030-01-01T00:00:00Z"}
}

func (f *Fake) container(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != Container {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer(w, keys())
}

// ecrAPI gives a password for a request that is signed by Secret.
func (f *Fake) ecrAPI(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	region := strings.Split(strings.TrimPrefix(r.Host, "api."), ".")[1]
	id := map[string]string{"": UserKeyID, Session: KeyID}[r.Header.Get("X-Amz-Security-Token")]
	if err := CheckSignature(r, body, id, Secret, region, "ecr", f.now()); err != nil || r.Header.Get("X-Amz-Target") != "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken" {
		refuse(w, http.StatusBadRequest, map[string]string{"__type": "com.amazon.coral.service#InvalidSignatureException", "message": fmt.Sprint(err)})
		return
	}
	answer(w, map[string]any{"authorizationData": []any{map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + ECRPassword)),
		"expiresAt":          float64(f.now().Add(12*time.Hour).Unix()) + 0.25,
		"proxyEndpoint":      "https://123456789012.dkr.ecr." + region + ".amazonaws.com",
	}}})
}

// CheckSignature computes the signature of a request to "/" without a query anew.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func CheckSignature(r *http.Request, body []byte, id, secret, region, service string, now time.Time) error {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return fmt.Errorf("not signed by version 4")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	stamp := r.Header.Get("X-Amz-Date")
	date, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || now.Sub(date).Abs() > 5*time.Minute {
		return fmt.Errorf("signed at %q, and it is %s", stamp, now)
	}
	scope := stamp[:8] + "/" + region + "/" + service + "/aws4_request"
	if parts["Credential"] != id+"/"+scope {
		return fmt.Errorf("scope is %q", parts["Credential"])
	}
	names := strings.Split(parts["SignedHeaders"], ";")
	for _, name := range []string{"host", "x-amz-date", "x-amz-target"} {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s is not signed", name)
		}
	}
	if r.Header.Get("X-Amz-Security-Token") != "" && !slices.Contains(names, "x-amz-security-token") {
		return fmt.Errorf("the session is not signed")
	}
	var canonical strings.Builder
	fmt.Fprintf(&canonical, "%s\n/\n\n", r.Method)
	for _, name := range names {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(len(body))
		}
		fmt.Fprintf(&canonical, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
	}
	fmt.Fprintf(&canonical, "\n%s\n%x", parts["SignedHeaders"], sha256.Sum256(body))
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", stamp, scope, sha256.Sum256([]byte(canonical.String())))
	key := []byte("AWS4" + secret)
	for _, part := range []string{stamp[:8], region, service, "aws4_request"} {
		key = mac(key, part)
	}
	if want := hex.EncodeToString(mac(key, text)); parts["Signature"] != want {
		return fmt.Errorf("signature is another one")
	}
	return nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)
}

// metadata is that of the machine, in all three clouds at once.
func (f *Fake) metadata(w http.ResponseWriter, r *http.Request) {
	const roles = "/latest/meta-data/iam/security-credentials/"
	isAmazon := r.Header.Get("X-Aws-Ec2-Metadata-Token") == metadataToken
	switch {
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") != "":
		_, _ = io.WriteString(w, metadataToken)
	case r.URL.Path == roles && isAmazon:
		_, _ = io.WriteString(w, "a-role\n")
	case r.URL.Path == roles+"a-role" && isAmazon:
		answer(w, keys())
	case r.URL.Path == "/computeMetadata/v1/instance/service-accounts/default/token" && r.Header.Get("Metadata-Flavor") == "Google":
		answer(w, map[string]any{"access_token": GoogleToken, "expires_in": 3599, "token_type": "Bearer"})
	case r.URL.Path == "/metadata/identity/oauth2/token" && r.Header.Get("Metadata") == "true" && r.URL.Query().Get("resource") != "":
		answer(w, map[string]any{"access_token": EntraToken, "expires_in": "3599", "token_type": "Bearer"})
	default:
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// googleAPI gives tokens for a user, for an assertion and for somebody else's token.
func (f *Fake) googleAPI(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	ok := false
	switch {
	case r.Host == "iamcredentials.googleapis.com":
		if r.Header.Get("Authorization") == "Bearer "+GoogleToken {
			answer(w, map[string]any{"accessToken": GoogleToken, "expireTime": "2035-01-01T00:00:00Z"})
			return
		}
		refuse(w, http.StatusForbidden, map[string]any{"error": map[string]any{"code": 403, "status": "PERMISSION_DENIED", "message": r.Header.Get("Authorization")}})
		return
	case r.Host == "sts.googleapis.com":
		ok = form.Get("subject_token") == WebToken && form.Get("audience") != "" && form.Get("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange"
	case form.Get("grant_type") == "refresh_token":
		ok = form.Get("refresh_token") == RefreshToken
	case form.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
		ok = f.asserted(form.Get("assertion"))
	}
	if !ok {
		refuse(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": "not with " + form.Encode()})
		return
	}
	answer(w, map[string]any{"access_token": GoogleToken, "expires_in": 3600, "token_type": "Bearer", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}) //nolint:gosec // made up
}

// asserted checks the signature of a service account's assertion.
func (f *Fake) asserted(assertion string) bool {
	signed, signature, _ := cutLast(assertion, ".")
	sum := sha256.Sum256([]byte(signed))
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	return err == nil && rsa.VerifyPKCS1v15(&serviceKey().PublicKey, crypto.SHA256, sum[:], raw) == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// entra signs an application in by its secret, or by somebody else's token.
func (f *Fake) entra(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	proven := form.Get("client_secret") == ClientSecret || form.Get("client_assertion") == WebToken &&
		form.Get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	switch {
	case r.URL.Path != "/"+Tenant+"/oauth2/v2.0/token" || !strings.HasSuffix(form.Get("scope"), "/.default") || form.Get("grant_type") != "client_credentials":
		refuse(w, http.StatusNotFound, map[string]any{"error": "invalid_request"})
	case !proven || form.Get("client_id") != ClientID:
		refuse(w, http.StatusUnauthorized, map[string]any{
			"error": "invalid_client", "error_codes": []int{7000215},
			"error_description": "AADSTS7000215: not with " + form.Get("client_secret") + form.Get("client_assertion"),
		})
	default:
		answer(w, map[string]any{"access_token": EntraToken, "expires_in": 3599, "token_type": "Bearer"})
	}
}

func (f *Fake) acr(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	switch {
	case r.URL.Path != "/oauth2/exchange":
		f.bearer("/oauth2/token", "00000000-0000-0000-0000-000000000000", ACRToken)(w, r)
	case form.Get("access_token") == EntraToken && form.Get("service") == r.Host && form.Get("grant_type") == "access_token":
		answer(w, map[string]any{"refresh_token": ACRToken})
	default:
		refuse(w, http.StatusUnauthorized, map[string]any{"errors": []any{map[string]string{"code": "UNAUTHORIZED", "message": form.Get("access_token")}}})
	}
}

// actions vouches for a job of GitHub Actions.
func (f *Fake) actions(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+ActionsToken || r.URL.Query().Get("audience") != "api://AzureADTokenExchange" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	answer(w, map[string]string{"value": WebToken})
}
