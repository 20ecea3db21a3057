package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
)

// The variables that are no flags.
const (
	envFingerprintKey = "BOLTSEAL_FINGERPRINT_KEY" // key of the hashes of secrets
	envGitHubToken    = "BOLTSEAL_GITHUB_TOKEN"    //nolint:gosec // the name of a variable: what ci publishes with, before GITHUB_TOKEN
	envGitLabToken    = "BOLTSEAL_GITLAB_TOKEN"    //nolint:gosec // the name of a variable: what ci publishes with, before GITLAB_TOKEN
	envNoColor        = "NO_COLOR"                 // see https://no-color.org
)

// setting is something that can be said by flag, by variable and, in a workflow,
// by an input of the action or of the component.
type setting struct {
	flag string
	env  string
	// action is the input of action.yml, gitlab the one of templates/boltseal.yml;
	// empty where there is none.
	action, gitlab string
}

// settings is the one table of variables. A flag goes before its variable, which
// goes before the policy file and the default.
var settings = []setting{
	{"policy", "BOLTSEAL_POLICY", "policy", "policy"},
	{"scanners", "BOLTSEAL_SCANNERS", "scanners", "scanners"},
	{"fail-on", "BOLTSEAL_FAIL_ON", "fail-on-severity", "fail-on-severity"},
	{"warn-only", "BOLTSEAL_WARN_ONLY", "warn-only", "warn-only"},
	{"only-fixed", "BOLTSEAL_ONLY_FIXED", "only-fixed", "only-fixed"},
	{"only-new", "BOLTSEAL_ONLY_NEW", "only-new", "only-new"},
	{"path", "BOLTSEAL_PATH", "path", "path"},
	{"image", "BOLTSEAL_IMAGE", "image", "image"},
	{"no-gitignore", "BOLTSEAL_NO_GITIGNORE", "", ""},
	{"shard", "BOLTSEAL_SHARD", "shard", "shard"},
	{"platform", "BOLTSEAL_PLATFORM", "platform", "platform"},
	{"timeout", "BOLTSEAL_TIMEOUT", "timeout", "timeout"},
	{"db", "BOLTSEAL_DB", "db", "db"},
	{"db-source", envDBSource, "db-source", "db-source"},
	{"db-mode", "BOLTSEAL_DB_MODE", "", ""},
	{"cache-dir", "BOLTSEAL_CACHE_DIR", "cache-dir", "cache-dir"},
	{"offline", "BOLTSEAL_OFFLINE", "offline", "offline"},
	{"insecure-registry", "BOLTSEAL_INSECURE_REGISTRY", "", ""},
	{"registry-mirror", "BOLTSEAL_REGISTRY_MIRROR", "", ""},
	{"max-archive-depth", "BOLTSEAL_MAX_ARCHIVE_DEPTH", "", ""},
	{"shellcheck", "BOLTSEAL_SHELLCHECK", "", ""},
	{"new-from", "BOLTSEAL_NEW_FROM", "", ""},
	{"policy-from", "BOLTSEAL_POLICY_FROM", "", ""},
	{"baseline-run", "BOLTSEAL_BASELINE_RUN", "", ""},
	{"gitleaks-config", "BOLTSEAL_GITLEAKS_CONFIG", "", ""},
	{"gitleaks-baseline", "BOLTSEAL_GITLEAKS_BASELINE", "", ""},
	{"hadolint-config", "BOLTSEAL_HADOLINT_CONFIG", "", ""},
	{"baseline", "BOLTSEAL_BASELINE", "", ""},
	{"vex", "BOLTSEAL_VEX", "vex", "vex"},
	{"environment", "BOLTSEAL_ENVIRONMENT", "environment", "environment"},
	{"dockerfile", "BOLTSEAL_DOCKERFILE", "dockerfile", "dockerfile"},
	{"output-dir", "BOLTSEAL_OUTPUT_DIR", "output-dir", "output-dir"},
	{"summary", "BOLTSEAL_SUMMARY", "summary", ""},
	{"check", "BOLTSEAL_CHECK", "check", "check"},
	{"comment", "BOLTSEAL_COMMENT", "comment", "comment"},
	{"review", "BOLTSEAL_REVIEW", "review", "review"},
	{"upload-sarif", "BOLTSEAL_UPLOAD_SARIF", "upload-sarif", ""},
	{"category", "BOLTSEAL_CATEGORY", "category", "category"},
	{"require-publish", "BOLTSEAL_REQUIRE_PUBLISH", "require-publish", "require-publish"},
	{"token-variable", "BOLTSEAL_TOKEN_VARIABLE", "", "token-variable"},
	{"base-ref", "BOLTSEAL_BASE_REF", "base-ref", ""},
	{"default-branch", "BOLTSEAL_DEFAULT_BRANCH", "", ""},
	{"repository-url", "BOLTSEAL_REPOSITORY_URL", "", ""},
	{"gitlab-reports", "BOLTSEAL_GITLAB_REPORTS", "", "reports"},
}

// hadolintKeys are hadolint's own variables, with the key of its file that each
// stands for. Those that only change how hadolint looks (HADOLINT_FORMAT,
// HADOLINT_VERBOSE) are none of ours.
var hadolintKeys = []struct{ env, key string }{
	{"HADOLINT_IGNORE", "ignored"},
	{"HADOLINT_OVERRIDE_ERROR", "override.error"},
	{"HADOLINT_OVERRIDE_WARNING", "override.warning"},
	{"HADOLINT_OVERRIDE_INFO", "override.info"},
	{"HADOLINT_OVERRIDE_STYLE", "override.style"},
	{"HADOLINT_TRUSTED_REGISTRIES", "trustedRegistries"},
	{"HADOLINT_REQUIRE_LABELS", "label-schema"},
	{"HADOLINT_STRICT_LABELS", "strict-labels"},
	{"HADOLINT_DISABLE_IGNORE_PRAGMA", "disable-ignore-pragma"},
	{"HADOLINT_FAILURE_THRESHOLD", "failure-threshold"},
	{"HADOLINT_NOFAIL", "no-fail"},
}

// hadolintVariables are those of hadolint's variables that are set.
func hadolintVariables(getenv func(string) string) []dockerfile.Variable {
	var set []dockerfile.Variable
	for _, v := range hadolintKeys {
		if value := getenv(v.env); strings.TrimSpace(value) != "" {
			set = append(set, dockerfile.Variable{Name: v.env, Key: v.key, Value: value})
		}
	}
	return set
}

// fromEnv sets the flags of a command that were not given from their variables.
// An empty variable counts as not set.
func fromEnv(cmd *cobra.Command, getenv func(string) string) error {
	for _, s := range settings {
		flag := cmd.Flags().Lookup(s.flag)
		if flag == nil || flag.Changed {
			continue
		}
		value := strings.TrimSpace(getenv(s.env))
		if value == "" {
			continue
		}
		if err := cmd.Flags().Set(s.flag, value); err != nil {
			return usage(fmt.Errorf("%s=%q: %w", s.env, value, err))
		}
	}
	return nil
}

// withEnv names the variable in the help of every flag that has one.
func withEnv(flags *pflag.FlagSet) {
	for _, s := range settings {
		if f := flags.Lookup(s.flag); f != nil {
			f.Usage += " [$" + s.env + "]"
		}
	}
}
