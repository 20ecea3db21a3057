package secrets

import (
	"strings"
	"testing"
)

func TestRemediationFitsTheFile(t *testing.T) {
	const token = "stripe-access-token"
	for name, test := range map[string]struct {
		rule, file string
		w          where
		want       string // a part that only this kind of place gets
	}{
		"a workflow":                             {token, ".github/workflows/ci.yml", inTree, "GitHub Actions secret"},
		"a composite action":                     {token, "tools/setup/action.yml", inTree, "GitHub Actions secret"},
		"GitLab CI":                              {token, ".gitlab-ci.yml", inTree, "masked and protected GitLab CI/CD variable"},
		"a file that GitLab CI includes":         {token, ".gitlab/ci/build.yml", inTree, "GitLab CI/CD variable"},
		"Azure Pipelines":                        {token, "azure-pipelines-release.yml", inTree, "secret store of the CI system"},
		"a Jenkinsfile":                          {token, "ci/Jenkinsfile", inTree, "secret store of the CI system"},
		"CircleCI":                               {token, ".circleci/config.yml", inTree, "secret store of the CI system"},
		"Bitbucket Pipelines":                    {token, "bitbucket-pipelines.yml", inTree, "secret store of the CI system"},
		"Buildkite":                              {token, ".buildkite/pipeline.yml", inTree, "secret store of the CI system"},
		"Woodpecker":                             {token, ".woodpecker.yml", inTree, "secret store of the CI system"},
		"a Dockerfile":                           {token, "app/Dockerfile.prod", inTree, "RUN --mount=type=secret"},
		"a Containerfile":                        {token, "Containerfile", inTree, "RUN --mount=type=secret"},
		"a Compose file":                         {token, "docker-compose.override.yml", inTree, "secrets section of Compose"},
		"Terraform":                              {token, "infra/main.tf", inTree, "data source"},
		"values of Terraform":                    {token, "infra/prod.tfvars", inTree, "TF_VAR_name"},
		"a state of Terraform":                   {token, "infra/terraform.tfstate", inTree, "remote backend"},
		"Ansible":                                {token, "group_vars/all.yml", inTree, "Ansible Vault"},
		"a manifest of Kubernetes":               {token, "k8s/app.yaml", inTree, "External Secrets Operator"},
		"values of Helm":                         {token, "charts/app/values-prod.yaml", inTree, "External Secrets Operator"},
		"a .env file":                            {token, "web/.env.production", inTree, ".gitignore"},
		"properties":                             {token, "src/main/resources/application.properties", inTree, "environment variable or a mounted file"},
		"YAML of no special kind":                {token, "conf/app.yaml", inTree, "environment variable or a mounted file"},
		"source code":                            {token, "src/pay.go", inTree, "read it at run time from a secret store: HashiCorp Vault, AWS Secrets Manager"},
		"a file without an extension":            {token, "bin/pay", inTree, "read it at run time"},
		"a notebook":                             {token, "train.ipynb", inTree, "clear the notebook's output"},
		"a shell script":                         {token, "deploy.sh", inTree, "let the script read it"},
		"a history that was checked in":          {token, "home/.bash_history", inTree, "at a prompt"},
		"a document":                             {token, "README.md", inTree, "placeholder in documents"},
		"npm's settings":                         {token, ".npmrc", inTree, "environment variable in the file"},
		"a key file":                             {"private-key", "certs/server.pem", inTree, "keep keys in HashiCorp Vault"},
		"a key in source code":                   {"private-key", "src/keys.go", inTree, "keep keys in HashiCorp Vault"},
		"a path with other slashes and capitals": {token, `.GitHub\workflows\CI.YML`, inTree, "GitHub Actions secret"},
		"a tree":                                 {token, "a.go", inTree, "the git history keeps it"},
		"a commit":                               {token, "a.go", inHistory, "only revoking it helps"},
		"a workflow in the history":              {token, ".github/workflows/ci.yml", inHistory, "GitHub Actions secret"},
		"a layer":                                {token, "app/a.go", inLayer, "the image keeps every layer"},
		"a workflow in a layer":                  {token, ".github/workflows/ci.yml", inLayer, "Kubernetes secret"},
		"a variable of an image":                 {token, "", inConfig, "instead of ARG and ENV"},
		"the provider's page":                    {token, "a.go", inTree, "https://docs.stripe.com/keys-best-practices"},
	} {
		got := remediation(test.rule, test.file, test.w)
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %q says nothing of %q", name, got, test.want)
		}
		if strings.HasSuffix(got, ".") || strings.Contains(got, "\n") || strings.Contains(got, "; ;") {
			t.Errorf("%s: %q is not one line without a full stop", name, got)
		}
	}
}

func TestEveryRuleHasRemediationEverywhere(t *testing.T) {
	for id := range knownRules(t) {
		for _, w := range []where{inTree, inHistory, inLayer, inConfig} {
			if got := remediation(id, "", w); len(got) < 40 || strings.Contains(got, "\n") {
				t.Errorf("remediation(%q, %d) = %q", id, w, got)
			}
		}
	}
}
