package secrets

import (
	"path"
	"strings"
)

const (
	configAdvice = "Rotate it, rebuild without it (docker build --secret instead of ARG and ENV), and hand it to the container when it starts: from Vault, the cloud's secret manager or a Kubernetes secret"
	layerAdvice  = "Rotate it, rebuild with RUN --mount=type=secret so that no layer holds it, and hand it to the container when it starts: from Vault, the cloud's secret manager or a Kubernetes secret"
)

// advice says in one sentence what to do about a secret, by where it stands.
func advice(file string, image bool) string {
	if image {
		return layerAdvice
	}
	return "Rotate it, as the history keeps it, and " + belongs(file)
}

// belongs says where a secret in such a file belongs.
func belongs(file string) string {
	lower := strings.ToLower(file)
	base, ext := path.Base(lower), path.Ext(lower)
	switch {
	case strings.Contains(lower, ".github/"):
		return "store it as a GitHub Actions secret, or better use OpenID Connect to get a short-lived one"
	case base == ".gitlab-ci.yml":
		return "store it as a masked and protected GitLab CI/CD variable, or better use an ID token to get a short-lived one"
	case base == "azure-pipelines.yml", base == "jenkinsfile":
		return "store it in the secret store of the CI system"
	case strings.Contains(base, "dockerfile"), strings.Contains(base, "containerfile"):
		return "hand it to the build with RUN --mount=type=secret, to the container when it starts"
	case strings.Contains(base, "compose"):
		return "use the secrets section of Compose, with a file that is not checked in"
	case ext == ".tf", ext == ".tfvars", ext == ".hcl":
		return "read it from Vault, AWS Secrets Manager, Google Secret Manager or Azure Key Vault by a data source"
	case ext == ".yaml", ext == ".yml":
		return "keep it in a secret store (for Kubernetes by external secrets), not in the file"
	}
	return "read it at run time from a secret store: Vault, AWS Secrets Manager, Google Secret Manager, Azure Key Vault"
}
