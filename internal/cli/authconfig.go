package cli

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// authConfig finds credentials in the value of DOCKER_AUTH_CONFIG, which is
// a config.json of Docker with nothing but auths; nil where there are none.
// https://docs.gitlab.com/ci/docker/using_docker_images/#use-an-image-from-a-private-registry
func authConfig(value string, at authn.Resource) (authn.Authenticator, error) {
	if strings.TrimSpace(value) == "" {
		return nil, nil //nolint:nilnil // there are none, and that is no error
	}
	var config struct {
		Auths map[string]authn.AuthConfig `json:"auths"` // it takes name and password apart
	}
	if err := json.Unmarshal([]byte(value), &config); err != nil {
		return nil, errors.New("DOCKER_AUTH_CONFIG is no configuration of Docker")
	}
	keys := []string{at.String(), at.RegistryStr(), "https://" + at.RegistryStr()}
	if at.RegistryStr() == name.DefaultRegistry {
		keys = append(keys, authn.DefaultAuthKey, "docker.io")
	}
	for _, key := range keys {
		if auth, ok := config.Auths[key]; ok {
			return authn.FromConfig(auth), nil
		}
	}
	return nil, nil //nolint:nilnil // see above
}
