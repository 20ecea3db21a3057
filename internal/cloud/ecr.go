package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-containerregistry/pkg/authn"
)

// ecr gives the password for the registries of a region, which Amazon gives for a signed
// request. Of its SDK the signer alone is used: the rest of what finds an identity there
// is ten modules, and asks past the limits of this program.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
func (k *Keychain) ecr(ctx context.Context, p place) (Answer, error) {
	keys, err := k.amazonKeys(ctx, p)
	if err != nil || keys.id == "" {
		return Answer{Of: keys.of}, err
	}
	req, err := k.signed(ctx, p, keys)
	if err != nil {
		return Answer{}, err
	}
	const step = "AWS: GetAuthorizationToken"
	data, err := k.requests.send(req)
	if err != nil {
		return Answer{}, at(step+" with "+keys.of, err)
	}
	var doc struct {
		AuthorizationData []struct {
			AuthorizationToken string  `json:"authorizationToken"`
			ExpiresAt          float64 `json:"expiresAt"`
		} `json:"authorizationData"`
	}
	if err := document(data, &doc); err != nil {
		return Answer{}, at(step, err)
	}
	if len(doc.AuthorizationData) == 0 {
		return Answer{}, faultf("%s: %s gives no token", step, p.api())
	}
	given := doc.AuthorizationData[0]
	pair, err := base64.StdEncoding.DecodeString(given.AuthorizationToken)
	name, password, ok := strings.Cut(string(pair), ":")
	if err != nil || !ok || !isClean(name) || !isClean(password) {
		return Answer{}, faultf("%s: %s gives a token that cannot be read", step, p.api())
	}
	return Answer{
		Login: &authn.AuthConfig{Username: name, Password: password}, Of: "the identity of AWS from " + keys.of,
		until: k.sooner(moment(given.ExpiresAt)),
	}, nil
}

// signed is the request for a token.
func (k *Keychain) signed(ctx context.Context, p place, keys amazonKeys) (*http.Request, error) {
	const body = "{}"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+p.api()+"/", strings.NewReader(body))
	if err != nil {
		return nil, faultf("AWS: no address can be made of %s", p.api())
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
	sum := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: keys.id, SecretAccessKey: keys.secret, SessionToken: keys.session}
	err = v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "ecr", p.region, k.now().UTC())
	if err != nil {
		return nil, faultf("AWS: the request for a token cannot be signed")
	}
	return req, nil
}

// moment is a time that is written as seconds since 1970; zero where it is none.
func moment(at float64) time.Time {
	if math.IsNaN(at) || at <= 0 || at > math.MaxInt32*4.0 {
		return time.Time{}
	}
	return time.Unix(int64(at), 0)
}
