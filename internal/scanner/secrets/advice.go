package secrets

import (
	"path"
	"slices"
	"strings"
)

// where says in what a secret was found.
type where uint8

// Where secrets are found.
const (
	inTree where = iota
	inHistory
	inLayer
	inConfig
)

// kept says why taking the secret out of the place is not enough.
func (w where) kept() string {
	switch w {
	case inHistory:
		return "the git history keeps it, so that only revoking it helps; rewriting the history (git filter-repo) is for afterwards"
	case inLayer:
		return "deleting the file in a later layer is not enough, as the image keeps every layer: rebuild without it"
	case inConfig:
		return "the image's configuration shows it to everybody who can pull the image: rebuild without it"
	case inTree:
	}
	return "deleting it here is not enough, as the git history keeps it"
}

// remediation says in one line what to do about a secret: how to put it out of use,
// what keeps it, and where such a secret belongs, by the file in which it stands.
func remediation(rule, file string, w where) string {
	return rotate(rule) + "; " + w.kept() + "; " + home(rule, file, w)
}

// Stores of secrets, by what reads from them.
const (
	anyStore     = "HashiCorp Vault, AWS Secrets Manager or SSM Parameter Store, Google Secret Manager or Azure Key Vault"
	runtimeStore = "read it at run time from a secret store: " + anyStore
	startStore   = "hand it to the container when it starts: from Vault, the cloud's secret manager or a Kubernetes secret"
	buildMount   = "docker build --secret and RUN --mount=type=secret"
)

// home says where a secret belongs that stands in such a file.
func home(rule, file string, w where) string {
	switch w {
	case inConfig:
		return "in the build use " + buildMount + " instead of ARG and ENV; " + startStore
	case inLayer:
		return "in the build use " + buildMount + "; " + startStore
	case inTree, inHistory:
	}
	if text := fits(file); text != "" {
		return text
	}
	if rule == "private-key" || rule == "age-secret-key" || rule == "pkcs12-file" {
		return keyHome
	}
	return runtimeStore
}

const keyHome = "keep keys in " + anyStore + ", or on the machine that uses them"

// fileKinds are kinds of files, by path. The first that fits says where a secret belongs.
var fileKinds = []struct {
	is   func(p, base, ext string) bool
	text string
}{
	{
		isGitHub,
		"store it as a GitHub Actions secret and refer to it as ${{ secrets.NAME }}, or better use OpenID Connect to get a short-lived one",
	},
	{
		func(p, base, ext string) bool {
			return strings.HasPrefix(base, ".gitlab-ci") || inFolder(p, ".gitlab/ci") && isYAML(ext)
		},
		"store it as a masked and protected GitLab CI/CD variable, or better use an ID token to get a short-lived one",
	},
	{isCI, "store it in the secret store of the CI system and refer to it by name, or better let the job log in with OpenID Connect"},
	{
		func(_, base, ext string) bool {
			return ext == ".dockerfile" || ext == ".containerfile" || strings.HasPrefix(base, "dockerfile") || strings.HasPrefix(base, "containerfile")
		},
		"hand it to the build by " + buildMount + " (ARG and ENV end up in the image), and to the container when it starts",
	},
	{
		func(_, base, ext string) bool { return isYAML(ext) && strings.Contains(base, "compose") },
		"use the secrets section of Compose, with a file or variable that is not checked in",
	},
	{
		func(_, base, ext string) bool {
			return oneOf(ext, ".tf", ".tfvars", ".hcl", ".tofu") || strings.HasSuffix(base, ".tf.json") || strings.HasSuffix(base, ".tfvars.json")
		},
		"read it by a data source from Vault, AWS Secrets Manager, Google Secret Manager or Azure Key Vault, or hand it over as a sensitive variable (TF_VAR_name)",
	},
	{
		func(_, base, _ string) bool { return strings.Contains(base, ".tfstate") },
		"keep the state in a remote backend with access control, never in a repository",
	},
	{isAnsible, "encrypt it with Ansible Vault, or look it up in HashiCorp Vault or the cloud's secret manager"},
	{
		isKubernetes,
		"keep it in Vault or the cloud's secret manager and bring it into the cluster with external secrets (External Secrets Operator)",
	},
	{isKeyFile, keyHome},
	{
		func(_, base, ext string) bool {
			return base == ".env" || strings.HasPrefix(base, ".env.") || ext == ".env" || base == ".envrc"
		},
		"keep the file out of the repository (.gitignore) and fill the environment from a secret store: " + anyStore,
	},
	{
		func(_, base, ext string) bool { return strings.HasSuffix(base, "_history") || ext == ".history" },
		"keep the file out of the repository (.gitignore), and type secrets at a prompt rather than into commands",
	},
	{
		func(_, base, _ string) bool {
			return oneOf(base, ".npmrc", ".pypirc", ".netrc", "_netrc", ".yarnrc.yml", "pip.conf", "nuget.config", ".git-credentials", "gradle.properties", "auth.json")
		},
		"refer to an environment variable in the file, or keep it in the home directory; in CI fill it from the secrets of the CI system",
	},
	{
		func(_, _, ext string) bool { return ext == ".ipynb" },
		"read it from the environment or ask for it (getpass), and clear the notebook's output before it is checked in",
	},
	{
		func(_, base, ext string) bool {
			return oneOf(ext, ".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".cmd") || base == "makefile"
		},
		"let the script read it from the environment or from a secret store's command line: " + anyStore,
	},
	{
		func(_, _, ext string) bool { return oneOf(ext, ".md", ".rst", ".adoc", ".txt", ".html") },
		"write a placeholder in documents, such as <token>",
	},
	{
		func(_, _, ext string) bool {
			return isYAML(ext) || oneOf(ext, ".properties", ".json", ".toml", ".ini", ".conf", ".cfg", ".config", ".xml", ".cnf")
		},
		"refer to an environment variable or a mounted file in the configuration, and fill it from a secret store: " + anyStore,
	},
}

// fits says where a secret in such a file belongs, "" where the file tells nothing.
func fits(file string) string {
	p := strings.ToLower(strings.ReplaceAll(file, `\`, "/"))
	base, ext := path.Base(p), path.Ext(p)
	for _, k := range fileKinds {
		if file != "" && k.is(p, base, ext) {
			return k.text
		}
	}
	return ""
}

func isGitHub(p, base, ext string) bool {
	return inFolder(p, ".github") && isYAML(ext) || base == "action.yml" || base == "action.yaml"
}

func isCI(p, base, ext string) bool {
	switch {
	case strings.HasPrefix(base, "azure-pipelines"), strings.HasPrefix(base, "bitbucket-pipelines"), strings.HasPrefix(base, "jenkinsfile"):
		return true
	case inFolder(p, ".circleci"), inFolder(p, ".buildkite"), inFolder(p, ".woodpecker"), inFolder(p, ".azure-pipelines"), inFolder(p, ".teamcity"):
		return true
	}
	return isYAML(ext) && oneOf(strings.TrimSuffix(base, ext), ".travis", ".woodpecker", ".drone", ".appveyor", "appveyor", "cloudbuild", "buildspec", ".cirrus")
}

func isAnsible(p, _, ext string) bool {
	if !isYAML(ext) && ext != "" && ext != ".ini" {
		return false
	}
	for _, dir := range []string{"ansible", "playbooks", "group_vars", "host_vars", "roles"} {
		if inFolder(p, dir) {
			return true
		}
	}
	return false
}

// isKubernetes goes by the path: what a manifest says of itself is not seen here.
func isKubernetes(p, base, ext string) bool {
	if !isYAML(ext) {
		return false
	}
	for _, dir := range []string{"k8s", "kubernetes", "kube", "manifests", "charts", "chart", "helm", "kustomize", "overlays", "argocd", "flux", "deploy", "openshift"} {
		if inFolder(p, dir) {
			return true
		}
	}
	name := strings.TrimSuffix(base, ext)
	return name == "kustomization" || name == "values" || strings.HasPrefix(name, "values-") || strings.HasPrefix(name, "values.") ||
		oneOf(name, "deployment", "statefulset", "daemonset", "secret", "secrets", "configmap", "cronjob")
}

func isKeyFile(_, base, ext string) bool {
	return oneOf(ext, ".pem", ".key", ".p12", ".pfx", ".jks", ".ppk", ".p8", ".der", ".keystore") ||
		oneOf(base, "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519") || strings.HasPrefix(base, "ssh_host_")
}

func isYAML(ext string) bool { return ext == ".yml" || ext == ".yaml" }

// inFolder says that a path goes through a folder.
func inFolder(p, dir string) bool {
	return strings.HasPrefix(p, dir+"/") || strings.Contains(p, "/"+dir+"/")
}

func oneOf(s string, all ...string) bool {
	return slices.Contains(all, s)
}
