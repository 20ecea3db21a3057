package cloud

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
)

// azureLogin is an application that azure/login, or az login, has signed in to the Azure
// CLI, with the proof that is kept beside it: a secret, or the word of somebody else, which
// ends soon. The zero value is nobody, as where a person has signed in: what the CLI keeps
// of people is not read.
type azureLogin struct {
	Client    string `json:"client_id"`
	Tenant    string `json:"tenant"`
	Secret    string `json:"client_secret"`
	Assertion string `json:"client_assertion"`
}

// azureLogin reads who has signed in, by the files in which the CLI keeps that on Linux and
// macOS. The program itself is not run.
// https://github.com/Azure/azure-cli/blob/dev/src/azure-cli-core/azure/cli/core/auth/identity.py
func (k *Keychain) azureLogin() (azureLogin, error) {
	folder := k.getenv("AZURE_CONFIG_DIR")
	if folder == "" {
		home := cmp.Or(k.getenv("HOME"), k.getenv("USERPROFILE"))
		if home == "" {
			return azureLogin{}, nil
		}
		folder = filepath.Join(home, ".azure")
	}
	var profile struct {
		Subscriptions []struct {
			IsDefault bool   `json:"isDefault"`
			Tenant    string `json:"tenantId"`
			User      struct{ Name, Type string }
		} `json:"subscriptions"`
	}
	var logins []azureLogin
	for _, f := range []struct {
		name string
		into any
	}{{"azureProfile.json", &profile}, {"service_principal_entries.json", &logins}} {
		if err := readJSON(filepath.Join(folder, f.name), f.into); err != nil {
			return azureLogin{}, at("the Azure CLI's "+f.name, err)
		}
	}
	for _, s := range profile.Subscriptions {
		if !s.IsDefault || s.User.Type != "servicePrincipal" {
			continue
		}
		for _, l := range logins {
			if l.Client == s.User.Name && l.Tenant == s.Tenant && l.usable() {
				return l, nil
			}
		}
	}
	return azureLogin{}, nil
}

func (l azureLogin) usable() bool {
	return isClean(l.Client) && isClean(l.Tenant) && (isClean(l.Secret) || isClean(l.Assertion))
}

// proof is what the login is shown by.
func (l azureLogin) proof() url.Values {
	if l.Secret != "" {
		return url.Values{"client_secret": {l.Secret}}
	}
	return assertion(l.Assertion)
}

// readJSON reads a file, which may begin with the mark of its byte order; one that is not
// there leaves the value as it is.
func readJSON(path string, into any) error {
	data, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), into) != nil {
		return faultf("holds no JSON of the kind that is known here")
	}
	return nil
}
