package secrets

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// Our own rules: files of an image that are known to hold credentials by their name
// and content. In trees the set stays the engine's.
const (
	rulePrivateKey     = "secrets/private-key-file"
	ruleKeystore       = "secrets/keystore"
	ruleCloud          = "secrets/cloud-credentials"
	ruleKubeconfig     = "secrets/kubeconfig"
	ruleServiceAccount = "secrets/service-account-token"
	ruleDocker         = "secrets/docker-config"
	ruleRegistry       = "secrets/package-registry"
	ruleNetrc          = "secrets/netrc"
	ruleGit            = "secrets/git-credentials"
	ruleDatabase       = "secrets/database-password"
	ruleHtpasswd       = "secrets/htpasswd"
	ruleTerraform      = "secrets/terraform"
	ruleVault          = "secrets/vault-token"
	ruleHistory        = "secrets/shell-history"
)

// credRule is one of them with what its page says.
type credRule struct {
	id       string
	title    string
	severity finding.Severity
	// files are those that it looks at, why says what they open, how how the build
	// does without them.
	files, why, how string
}

// credRuleOf gives a rule of ours; nil where the id is none.
func credRuleOf(id string) *credRule {
	for i := range credRules {
		if credRules[i].id == id {
			return &credRules[i]
		}
	}
	return nil
}

var credRules = []credRule{
	{
		ruleCloud, "The image holds the credentials of a cloud account", finding.Critical,
		"`.aws/credentials`, `application_default_credentials.json`, `.config/gcloud/*.db`, the tokens in `.azure`, `.oci/config`, `.boto`, `.s3cfg`",
		"They act for a person or a service account in the cloud, often for months.",
		"Give the workload an identity of its own (instance profile, workload identity, managed identity); in the build mount the file: `RUN --mount=type=secret,id=aws,target=/root/.aws/credentials`",
	},
	{
		ruleDatabase, "The image holds a database password", finding.High,
		"`.pgpass`, `.my.cnf`, `/etc/mysql/debian.cnf`",
		"It opens the database to everybody who can reach it and pull the image.",
		"Hand the password to the container when it starts, from the secret store of the platform",
	},
	{
		ruleDocker, "The image holds the login of a container registry", finding.High,
		"`.docker/config.json`, `.dockercfg`, `containers/auth.json` with an `auth`, a password or a token in it",
		"Who has it pulls private images, and where it may push, replaces them.",
		"Log in outside of the build; where the build itself needs the registry, mount the file: `RUN --mount=type=secret,id=docker,target=/root/.docker/config.json`",
	},
	{
		ruleGit, "The image holds the login of a git server", finding.High,
		"`.git-credentials`, `.config/gh/hosts.yml`, `.config/glab-cli/config.yml`, `.config/hub`",
		"It reads private repositories, and where it may push, changes them.",
		"Clone in the build with `RUN --mount=type=ssh` or `RUN --mount=type=secret`, or copy the sources in from outside",
	},
	{
		ruleHtpasswd, "The image holds hashes of passwords", finding.Medium,
		"`.htpasswd`",
		"Hashes can be guessed at without end by who has them.",
		"Mount the file when the container starts",
	},
	{
		ruleKeystore, "The image holds a keystore with a private key", finding.High,
		"Java keystores (`.jks`, `.jceks`, `.keystore`, `.ks`) and others in PKCS #12 form; trust stores, which hold certificates only, are none; `*.p12` and `*.pfx` are the rule `pkcs12-file`",
		"Its password is mostly short, well known (\"changeit\") or in the image as well.",
		"Mount the keystore when the container starts, and take its key out of use",
	},
	{
		ruleKubeconfig, "The image holds the login of a Kubernetes cluster", finding.Critical,
		"`.kube/config`, `/etc/kubernetes/*.conf`, `k3s.yaml`, `rke2.yaml` with a token, a key or a password",
		"It is mostly an administrator's.",
		"In a cluster use the pod's service account; elsewhere mount the file when the container starts",
	},
	{
		ruleNetrc, "The image holds a password in .netrc", finding.High,
		"`.netrc`, `_netrc`",
		"curl, git and package managers log in with it wherever it names.",
		"Mount it for the step that needs it: `RUN --mount=type=secret,id=netrc,target=/root/.netrc`",
	},
	{
		ruleRegistry, "The image holds the token of a package registry", finding.High,
		"`.npmrc`, `.pypirc`, `.cargo/credentials.toml`, `.gem/credentials`, `.composer/auth.json`, `.m2/settings.xml`, `gradle.properties`",
		"It reads private packages, and where it may publish, replaces what others install.",
		"Mount it for the step that needs it: `RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci`",
	},
	{
		rulePrivateKey, "The image holds a private key", finding.Critical,
		"files named as keys (`id_*`, `.ssh/*`, `ssh_host_*_key`, `*.pem`, `*.key`, `*.der`, `*.p8`, `*.ppk`) that hold one, in PEM, OpenSSH, PuTTY or binary form",
		"Who pulls the image can log in, sign or pose as the server with it. Host keys in an image are the same in every container.",
		"Take the key out of use, and mount a new one when the container starts; make host keys at the first start; clone with `RUN --mount=type=ssh`",
	},
	{
		ruleServiceAccount, "The image holds the token of a Kubernetes service account", finding.Critical,
		"`/var/run/secrets/kubernetes.io/serviceaccount/token`",
		"It got in where the image was built, or committed, in a pod of that cluster.",
		"Delete the service account's token, and keep `/var/run/secrets` out of the image",
	},
	{
		ruleHistory, "The image holds the history of a shell", finding.Medium,
		"`.bash_history`, `.zsh_history`, `.python_history`, `.psql_history`, `.mysql_history` and the like that are not empty",
		"People type passwords and tokens into shells, and a history says which systems they used.",
		"Build from a Dockerfile rather than by `docker commit`, and read the file for secrets to rotate",
	},
	{
		ruleTerraform, "The image holds the state or the login of Terraform", finding.High,
		"`terraform.tfstate` with resources, `.terraformrc`, `credentials.tfrc.json`",
		"The state has the attributes of all resources in clear, passwords and keys among them.",
		"Keep the state in a remote backend and out of the build context",
	},
	{
		ruleVault, "The image holds a token of Vault", finding.Critical,
		"`.vault-token`",
		"It opens the secrets that its policies name until it is revoked or expires.",
		"Revoke it (`vault token revoke`), and let the workload log in with an identity of its own",
	},
}

// credentialRules are our own rules for the catalogue. They come without cases, as
// the engine's: those would be secrets.
func credentialRules() []rule.Rule {
	out := make([]rule.Rule, 0, len(credRules))
	for _, r := range credRules {
		out = append(out, rule.Rule{
			Meta: rule.Meta{
				ID: r.id, Scanner: finding.Secrets, Title: r.title, Severity: r.severity,
				Remediation: remediation(r.id, "", inLayer),
				Controls:    []string{"nist-800-190:4.1.4"},
			},
			Page: rule.Page{Text: credPage(r)},
		})
	}
	return out
}

func credPage(r credRule) string {
	return fmt.Sprintf(`%s. %s

The rule is for images. It looks at %s. What is empty or refers to the environment
is not told, placeholders are told as info.

What to do:

1. **Rotate it** where it was issued. A file that a later layer deletes is still in the image, for
   everybody who can pull it.
2. **Build without it.** %s.
3. **Look for copies**: caches of the builder, other tags, registries that mirror the image.
`, r.title, r.why, r.files, r.how)
}
