package cloudtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"sync"
)

// serviceKey is the key of a service account.
var serviceKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // there is no randomness
	}
	return key
})

// ServiceAccount is the file of one.
func ServiceAccount() map[string]any {
	der, err := x509.MarshalPKCS8PrivateKey(serviceKey())
	if err != nil {
		panic(err) // the key is ours
	}
	return map[string]any{ //nolint:gosec // made up
		"type": "service_account", "client_email": "fake@project.iam.gserviceaccount.com", "private_key_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   "https://oauth2.googleapis.com/token",
	}
}

// AuthorizedUser is the file of somebody who has signed in.
func AuthorizedUser() map[string]any {
	return map[string]any{"type": "authorized_user", "client_id": ClientID, "client_secret": ClientSecret, "refresh_token": RefreshToken}
}

// ExternalAccount is the file of whoever somebody else vouches for, by a source.
func ExternalAccount(source map[string]any) map[string]any {
	return map[string]any{ //nolint:gosec // made up
		"type": "external_account", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"audience":  "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/fake/providers/fake",
		"token_url": "https://sts.googleapis.com/v1/token", "credential_source": source,
	}
}

// JSON writes a file.
func JSON(doc map[string]any) []byte {
	data, err := json.Marshal(doc)
	if err != nil {
		panic(err) // it holds nothing but texts
	}
	return data
}
