package secrets

import (
	"bytes"
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
)

// credHit is a credential in a file that is known by its name. The engine's rules
// look for the form of a secret; a password has none, but it stands in a place made
// for passwords.
type credHit struct {
	rule     string // one of credRules
	severity finding.Severity
	// from and to are where the secret stands in the content; equal where the
	// whole file is what is found.
	from, to int
	// note says more, for the end of the message; mostly empty.
	note string
}

// secret is the clear text of what was found: of the region, else of all of it. It
// goes where the clear text of other secrets goes, and no further.
func (h credHit) secret(content []byte) string {
	if h.from < h.to {
		return string(content[h.from:h.to])
	}
	return string(content)
}

// maxCredential bounds how much of a file is looked at: what can be longer, a
// history of a shell or the state of Terraform, is told as a whole.
const maxCredential = 1 << 20

// maxCredHits bounds how many credentials of one file are told.
const maxCredHits = 50

// credKind is a kind of file that holds credentials.
type credKind struct {
	// names are base names, dirs what the path of the folder ends in ("" for any).
	names []string
	dir   string
	find  func(file string, content []byte) []credHit
}

// credKinds lists the files that are known by their whole name. A kind that wants a
// folder stands before one of the same name that does not.
var credKinds = []credKind{
	{names: []string{"credentials", "config"}, dir: ".aws", find: awsCredentials},
	{names: []string{"application_default_credentials.json", "adc.json"}, find: jsonSecrets(ruleCloud, finding.Critical, "refresh_token", "private_key", "client_secret")},
	{names: []string{"credentials.db", "access_tokens.db"}, dir: ".config/gcloud", find: wholeFile(ruleCloud, finding.Critical, 1)},
	{names: []string{"accessTokens.json", "msal_token_cache.json", "service_principal_entries.json", "servicePrincipal.json"}, dir: ".azure", find: jsonSecrets(ruleCloud, finding.Critical, "accessToken", "refreshToken", "secret", "client_secret")},
	{names: []string{"msal_token_cache.bin", "service_principal_entries.bin"}, dir: ".azure", find: wholeFile(ruleCloud, finding.Critical, 1)},
	{names: []string{"config"}, dir: ".oci", find: iniSecrets(ruleCloud, finding.High, "pass_phrase")},
	{names: []string{".boto", "boto.cfg"}, find: iniSecrets(ruleCloud, finding.Critical, "gs_oauth2_refresh_token", "gs_secret_access_key", "aws_secret_access_key")},
	{names: []string{".s3cfg"}, find: iniSecrets(ruleCloud, finding.Critical, "secret_key")},

	{names: []string{"config"}, dir: ".kube", find: yamlSecrets(ruleKubeconfig, finding.Critical, "token", "client-key-data", "password", "id-token", "refresh-token", "access-token")},
	{names: []string{"admin.conf", "super-admin.conf", "kubelet.conf", "controller-manager.conf", "scheduler.conf"}, dir: "etc/kubernetes", find: yamlSecrets(ruleKubeconfig, finding.Critical, "token", "client-key-data", "password")},
	{names: []string{"k3s.yaml", "rke2.yaml"}, find: yamlSecrets(ruleKubeconfig, finding.Critical, "token", "client-key-data", "password")},
	{names: []string{"token"}, dir: "secrets/kubernetes.io/serviceaccount", find: onlyText(ruleServiceAccount, finding.Critical)},

	{names: []string{"config.json"}, dir: ".docker", find: dockerConfig},
	{names: []string{".dockercfg"}, find: dockerConfig},
	{names: []string{"auth.json"}, dir: "containers", find: dockerConfig},
	{names: []string{"auth.json"}, dir: ".composer", find: composerAuth},
	{names: []string{"auth.json"}, dir: ".config/composer", find: composerAuth},

	{names: []string{".npmrc", "npmrc"}, find: npmrc},
	{names: []string{".pypirc"}, find: iniSecrets(ruleRegistry, finding.High, "password")},
	{names: []string{"credentials", "credentials.toml"}, dir: ".cargo", find: iniSecrets(ruleRegistry, finding.High, "token")},
	{names: []string{"credentials"}, dir: ".gem", find: gemCredentials},
	{names: []string{"settings.xml", "settings-security.xml"}, dir: ".m2", find: mavenSettings},
	{names: []string{"gradle.properties"}, find: gradleProperties},

	{names: []string{".netrc", "_netrc"}, find: netrc},
	{names: []string{".git-credentials"}, find: gitCredentials},
	{names: []string{"credentials"}, dir: ".config/git", find: gitCredentials},
	{names: []string{"hosts.yml"}, dir: ".config/gh", find: yamlSecrets(ruleGit, finding.High, "oauth_token")},
	{names: []string{"hub"}, dir: ".config", find: yamlSecrets(ruleGit, finding.High, "oauth_token")},
	{names: []string{"config.yml"}, dir: ".config/glab-cli", find: yamlSecrets(ruleGit, finding.High, "token", "job_token")},

	{names: []string{".pgpass"}, find: pgpass},
	{names: []string{".my.cnf"}, find: iniSecrets(ruleDatabase, finding.High, "password")},
	{names: []string{"debian.cnf"}, dir: "etc/mysql", find: iniSecrets(ruleDatabase, finding.High, "password")},
	{names: []string{".htpasswd", "htpasswd"}, find: htpasswd},

	{names: []string{"terraform.tfstate", "terraform.tfstate.backup"}, find: terraformState},
	{names: []string{".terraformrc", "terraform.rc"}, find: iniSecrets(ruleTerraform, finding.Critical, "token")},
	{names: []string{"credentials.tfrc.json"}, find: jsonSecrets(ruleTerraform, finding.Critical, "token")},
	{names: []string{".vault-token"}, find: onlyText(ruleVault, finding.Critical)},

	{names: []string{
		".bash_history", ".zsh_history", ".zhistory", ".sh_history", ".ash_history", ".ksh_history", ".histfile",
		"fish_history", ".python_history", ".node_repl_history", ".irb_history", ".psql_history", ".mysql_history",
		".sqlite_history", ".rediscli_history", ".dbshell", ".mongosh_history",
	}, find: wholeFile(ruleHistory, finding.Medium, 2)},
}

// credNames finds the kinds by base name.
var credNames = func() map[string][]credKind {
	byName := make(map[string][]credKind)
	for _, k := range credKinds {
		for _, name := range k.names {
			byName[name] = append(byName[name], k)
		}
	}
	return byName
}()

// credFinder gives what looks into a file of that name, nil where nothing does.
func credFinder(file string) func(file string, content []byte) []credHit {
	dir, base := path.Dir(file), path.Base(file)
	for _, k := range credNames[base] {
		if k.dir == "" || dir == k.dir || strings.HasSuffix(dir, "/"+k.dir) {
			return k.find
		}
	}
	switch {
	case isKeystoreName(base):
		return findKeystore
	case isKeyName(dir, base):
		return findKeys
	}
	return nil
}

// isCredentialName says that a file's name promises credentials, so that its content
// is wanted even where the engine's rules leave it out.
func isCredentialName(file string) bool { return credFinder(file) != nil }

// credentialFiles finds the credentials in a file of an image that is known by its
// name. What is empty, or is filled in from somewhere else, is none; a placeholder is
// told as info, as the engine's findings are. Content may be anything.
func credentialFiles(file string, content []byte) []credHit {
	find := credFinder(file)
	if find == nil || len(content) == 0 {
		return nil
	}
	hits := find(file, content[:min(len(content), maxCredential)])
	if len(hits) > maxCredHits {
		hits = hits[:maxCredHits]
	}
	for i := range hits {
		h := &hits[i]
		if h.from >= h.to {
			continue
		}
		rule := h.rule
		if rule == rulePrivateKey {
			rule = "private-key"
		}
		if why := exampleSecret(rule, h.secret(content)); why != "" {
			h.severity, h.note = finding.Info, why
		}
	}
	return hits
}

// region gives where a hit stands, as findings count: lines and columns from 1, the
// end column behind it; zeros where the whole file is what is found.
func (h credHit) region(content []byte) [4]int {
	if h.from >= h.to {
		return [4]int{}
	}
	line := func(at int) (n, column int) {
		n = bytes.Count(content[:at], []byte("\n"))
		return n + 1, at - bytes.LastIndexByte(content[:at], '\n')
	}
	startLine, startColumn := line(h.from)
	endLine, endColumn := line(h.to - 1)
	return [4]int{startLine, startColumn, endLine, endColumn + 1}
}

// wholeFile finds a file that is not empty, blank space aside.
func wholeFile(rule string, severity finding.Severity, least int) func(string, []byte) []credHit {
	return func(_ string, content []byte) []credHit {
		if len(bytes.TrimSpace(content)) < least {
			return nil
		}
		return []credHit{{rule: rule, severity: severity}}
	}
}

// onlyText finds a secret that is all that a file holds.
func onlyText(rule string, severity finding.Severity) func(string, []byte) []credHit {
	return func(_ string, content []byte) []credHit {
		text := bytes.TrimSpace(content)
		if len(text) == 0 || isReference(string(text)) {
			return nil
		}
		from := bytes.Index(content, text)
		return []credHit{{rule: rule, severity: severity, from: from, to: from + len(text)}}
	}
}
