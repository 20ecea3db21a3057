package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/credential-file", Severity: finding.High,
	Title:       "Key or credentials are copied into the image",
	Remediation: "Give it to the RUN that needs it: RUN --mount=type=secret, or --mount=type=ssh; give it to the container when it starts",
	Controls:    []string{"cis-docker-1.6:4.10", "nist-800-190:4.1.4"},
}, onFile(func(r *report, f *file) {
	published := f.published()
	for _, i := range f.instructions {
		st := i.stage
		if t := i.trigger; t != nil {
			i = t
		}
		if (i.keyword == "COPY" || i.keyword == "ADD") && !i.broken && len(i.words) > 1 {
			copiedCredentials(r, i, published[st])
		}
	}
}))

func copiedCredentials(r *report, i *instruction, published bool) {
	last := len(i.words) - 1
	to := unquote(i.words[last].text)
	for n, w := range i.words[:last] {
		source := unquote(w.text)
		if strings.HasPrefix(source, "<<") || remote(source) || trustsKeys(to) || forTests(source) {
			continue
		}
		what := credential(source)
		if what == "" && !strings.HasSuffix(to, "/") && !slices.Contains(credentialFolders, path.Base(to)) {
			what = credential(to)
		}
		if what != "" && (published || !passing(what)) {
			r.part(i, i.wordSpan(n), "%s is copied into the image: %s", quote(source), what)
		}
	}
}

// What files may hold that a build has a use for: in a stage that is thrown away
// they do no harm.
const (
	settings    = "settings that are mostly secret"
	history     = "the history, with all that was ever in it"
	npmSettings = "may hold a registry's token"
)

func passing(what string) bool { return what == settings || what == history || what == npmSettings }

// credentialFolders are folders that programs keep secrets in, beside other things:
// what is copied there need be none.
var credentialFolders = []string{".ssh", ".gnupg", ".aws", ".azure", ".docker", ".kube", "gcloud", ".git"}

// credentials are files and folders that hold secrets, by the last part of their
// path; within is the folder that such a file must lie in to be one.
var credentials = map[string][]struct{ within, what string }{
	"id_rsa":                               {{"", "a private key"}},
	"id_dsa":                               {{"", "a private key"}},
	"id_ecdsa":                             {{"", "a private key"}},
	"id_ecdsa_sk":                          {{"", "a private key"}},
	"id_ed25519":                           {{"", "a private key"}},
	"id_ed25519_sk":                        {{"", "a private key"}},
	".ssh":                                 {{"", "keys of SSH"}},
	".gnupg":                               {{"", "keys of GnuPG"}},
	".npmrc":                               {{"", npmSettings}},
	".netrc":                               {{"", "passwords of servers"}},
	"_netrc":                               {{"", "passwords of servers"}},
	".pypirc":                              {{"", "a registry's password"}},
	".git-credentials":                     {{"", "passwords of git servers"}},
	".pgpass":                              {{"", "passwords of databases"}},
	".my.cnf":                              {{"", "passwords of databases"}},
	".s3cfg":                               {{"", "keys of a cloud"}},
	".boto":                                {{"", "keys of a cloud"}},
	".aws":                                 {{"", "keys of a cloud"}},
	"credentials":                          {{"/.aws/", "keys of a cloud"}, {"/.gem/", "a registry's key"}, {"/.cargo/", "a registry's token"}},
	"gcloud":                               {{"/.config/", "tokens of a cloud"}},
	"application_default_credentials.json": {{"", "keys of a cloud"}},
	"config.json":                          {{"/.docker/", "passwords of registries"}},
	".dockercfg":                           {{"", "passwords of registries"}},
	".dockerconfigjson":                    {{"", "passwords of registries"}},
	"kubeconfig":                           {{"", "access to a cluster"}},
	"config":                               {{"/.kube/", "access to a cluster"}},
	".kube":                                {{"", "access to a cluster"}},
	".vault-token":                         {{"", "a token of Vault"}},
	".terraformrc":                         {{"", "a token of Terraform"}},
	"terraform.tfstate":                    {{"", "state of Terraform, with its secrets"}},
	"credentials.toml":                     {{"/.cargo/", "a registry's token"}},
	"settings-security.xml":                {{"/.m2/", "passwords of repositories"}},
	"shadow":                               {{"/etc/", "hashes of passwords"}},
	".env":                                 {{"", settings}},
	".git":                                 {{"", history}},
}

// keyEndings are endings of files that hold private keys.
var keyEndings = []string{".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".ppk", ".kdbx"}

// publicWords in a name say that it is a certificate, a key that everyone may have,
// or one that is made for tests.
var publicWords = []string{
	"ca", "cert", "certs", "cacert", "cacerts", "certificate", "certificates", "chain", "fullchain", "bundle", "root", "pub", "public", "dh", "dhparam",
	"dhparams", "trust", "trusted", "truststore", "crt", "gpg", "pgp", "apt", "repo", "release", "archive", "signing", "keyring", "rpm", "yum", "roots", "dummy",
}

// credential says what secret a path names; empty for none. What comes as an example
// is none.
func credential(p string) string {
	p = strings.TrimRight(p, "*/")
	base := strings.ToLower(p[strings.LastIndexAny(p, `/\`)+1:])
	for _, c := range credentials[base] {
		if c.within == "" || strings.HasSuffix("/"+strings.ToLower(strings.ReplaceAll(p, `\`, "/")), c.within+base) {
			return c.what
		}
	}
	if kind, found := strings.CutPrefix(base, ".env."); found && !example(kind) {
		return settings
	}
	ending := path.Ext(base)
	if !slices.Contains(keyEndings, ending) || strings.Contains(p, "/keyrings/") || strings.Contains(p, "ca-certificates") {
		return ""
	}
	words := strings.FieldsFunc(strings.TrimSuffix(base, ending), func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' })
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(publicWords, strings.Trim(w, "0123456789")) }) {
		return ""
	}
	return "a private key"
}

// example says whether an ending of .env marks a file that holds no real settings.
func example(kind string) bool {
	for word := range strings.SplitSeq(kind, ".") {
		if slices.Contains([]string{"example", "sample", "template", "tpl", "tmpl", "dist", "default", "defaults", "test", "testing", "ci", "schema", "vault"}, word) {
			return true
		}
	}
	return false
}

// forTests says whether a file lies where what tests need is kept.
func forTests(file string) bool {
	for dir := range strings.SplitSeq(path.Dir(file), "/") {
		switch strings.ToLower(dir) {
		case "test", "tests", "testdata", "fixture", "fixtures", "__tests__", "spec", "example", "examples", "node_modules", "vendor":
			return true
		}
	}
	return false
}

// trustsKeys says whether what lies in a place is public: keys of repositories,
// certificates of authorities.
func trustsKeys(to string) bool {
	for _, dir := range []string{"/etc/apt/", "/etc/pki/", "/usr/share/keyrings", "/usr/local/share/ca-certificates", "/etc/ssl/certs", "/etc/apk/keys"} {
		if strings.HasPrefix(to, dir) {
			return true
		}
	}
	return false
}
