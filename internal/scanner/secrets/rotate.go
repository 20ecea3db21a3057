package secrets

import "slices"

// issuer is who issues the secrets of some rules.
type issuer struct {
	name string
	// page is the issuer's own page on how to revoke or rotate such a secret, empty
	// where none is known for certain: no address is better than a wrong one.
	page  string
	rules []string
}

// issuers are those of the default rules. Rules that more than one could have issued
// stand among the remedies.
var issuers = []issuer{
	{"1Password", "", []string{"1password-secret-key", "1password-service-account-token"}},
	{"42", "", []string{"intra42-client-secret"}},
	{"Adafruit", "", []string{"adafruit-api-key"}},
	{"Adobe", "https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/dev-console", []string{"adobe-client-id", "adobe-client-secret"}},
	{"Airtable", "", []string{"airtable-api-key"}},
	{"Airtable", "https://support.airtable.com/docs/creating-personal-access-tokens", []string{"airtable-personnal-access-token"}},
	{"Algolia", "https://www.algolia.com/doc/guides/security/api-keys", []string{"algolia-api-key"}},
	{"Alibaba Cloud", "https://alibabacloud.com/help/en/ram/developer-reference/api-ims-2019-08-15-deleteaccesskey", []string{"alibaba-access-key-id", "alibaba-secret-key"}},
	{"Anthropic", "https://support.claude.com/en/articles/8384961-what-should-i-do-if-i-suspect-my-api-key-has-been-compromised", []string{
		"anthropic-admin-api-key", "anthropic-api-key",
	}},
	{"Artifactory", "", []string{"artifactory-api-key"}},
	{"Artifactory", "https://jfrog.com/help/r/jfrog-rest-apis/revoke-token-by-value", []string{"artifactory-reference-token"}},
	{"Asana", "", []string{"asana-client-id", "asana-client-secret"}},
	{"Atlassian", "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account", []string{
		"atlassian-api-token",
	}},
	{"Authress", "", []string{"authress-service-client-access-key"}},
	{"AWS", "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-revoke.html", []string{"aws-amazon-bedrock-api-key-long-lived", "aws-amazon-bedrock-api-key-short-lived"}},
	{"AWS", "https://docs.aws.amazon.com/IAM/latest/UserGuide/Using_RotateAccessKey.html", []string{"aws-access-token"}},
	{"Microsoft Entra ID", "https://learn.microsoft.com/en-us/powershell/module/microsoft.entra.applications/remove-entraapplicationpasswordcredential", []string{"azure-ad-client-secret"}},
	{"Beamer", "", []string{"beamer-api-token"}},
	{"Bitbucket", "", []string{"bitbucket-client-id", "bitbucket-client-secret"}},
	{"Bittrex", "", []string{"bittrex-access-key", "bittrex-secret-key"}},
	{"Cisco Meraki", "https://community.meraki.com/t5/Developers-APIs/Now-available-API-key-rotation-generation-amp-revocation-via-API/m-p/249487", []string{"cisco-meraki-api-key"}},
	{"ClickHouse Cloud", "https://clickhouse.com/docs/cloud/manage/openapi", []string{"clickhouse-cloud-api-secret-key"}},
	{"Clojars", "", []string{"clojars-api-token"}},
	{"Cloudflare", "https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/", []string{"cloudflare-api-key"}},
	{"Cloudflare", "https://developers.cloudflare.com/fundamentals/api/get-started/keys", []string{"cloudflare-global-api-key"}},
	{"Cloudflare", "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys", []string{"cloudflare-origin-ca-key"}},
	{"Codecov", "", []string{"codecov-access-token"}},
	{"Cohere", "", []string{"cohere-api-token"}},
	{"Coinbase", "", []string{"coinbase-access-token"}},
	{"Confluent", "https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/manage-api-keys.html", []string{"confluent-access-token", "confluent-secret-key"}},
	{"Contentful", "https://contentful.com/developers/docs/references/content-management-api/api-keys/delete-a-delivery-api-key", []string{"contentful-delivery-api-token"}},
	{"Sidekiq", "", []string{"sidekiq-secret", "sidekiq-sensitive-url"}},
	{"Databricks", "https://docs.databricks.com/gcp/dev-tools/cli/reference/tokens-commands", []string{"databricks-api-token"}},
	{"Datadog", "https://docs.datadoghq.com/api/latest/key-management/delete-an-application-key", []string{"datadog-access-token"}},
	{"Defined Networking", "", []string{"defined-networking-api-token"}},
	{"DigitalOcean", "", []string{"digitalocean-access-token", "digitalocean-refresh-token"}},
	{"DigitalOcean", "https://www.digitalocean.com/docs/apis-clis/api/create-personal-access-token/", []string{"digitalocean-pat"}},
	{"Discord", "", []string{"discord-api-token", "discord-client-id", "discord-client-secret"}},
	{"Doppler", "", []string{"doppler-api-token"}},
	{"Drone CI", "", []string{"droneci-access-token"}},
	{"Dropbox", "", []string{"dropbox-api-token", "dropbox-long-lived-api-token", "dropbox-short-lived-api-token"}},
	{"Duffel", "", []string{"duffel-api-token"}},
	{"Dynatrace", "https://docs.dynatrace.com/docs/dynatrace-api/environment-api/tokens-v1/delete-exposed-token", []string{"dynatrace-api-token"}},
	{"EasyPost", "https://docs.easypost.com/docs/authentication", []string{"easypost-api-token", "easypost-test-api-token"}},
	{"Etsy", "", []string{"etsy-access-token"}},
	{"Facebook", "", []string{"facebook-access-token", "facebook-page-access-token", "facebook-secret"}},
	{"Fastly", "https://www.fastly.com/documentation/reference/cli/auth/revoke/", []string{"fastly-api-token"}},
	{"Finicity", "", []string{"finicity-api-token", "finicity-client-secret"}},
	{"Finnhub", "", []string{"finnhub-access-token"}},
	{"Flickr", "", []string{"flickr-access-token"}},
	{"Flutterwave", "", []string{"flutterwave-encryption-key", "flutterwave-public-key", "flutterwave-secret-key"}},
	{"Fly.io", "https://fly.io/docs/flyctl/tokens-revoke", []string{"flyio-access-token"}},
	{"Frame.io", "", []string{"frameio-api-token"}},
	{"Freemius", "", []string{"freemius-secret-key"}},
	{"FreshBooks", "", []string{"freshbooks-access-token"}},
	{"GitHub", "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation", []string{
		"github-app-token", "github-fine-grained-pat", "github-oauth", "github-pat", "github-refresh-token",
	}},
	{"GitLab", "https://docs.gitlab.com/user/profile/personal_access_tokens", []string{"gitlab-pat", "gitlab-pat-routable"}},
	{"GitLab", "https://docs.gitlab.com/cli/deploy-token/delete/", []string{"gitlab-deploy-token"}},
	{"GitLab", "https://docs.gitlab.com/ee/security/token_overview.html", []string{
		"gitlab-feed-token", "gitlab-incoming-mail-token", "gitlab-kubernetes-agent-token",
		"gitlab-runner-authentication-token", "gitlab-runner-authentication-token-routable",
	}},
	{"GitLab", "https://docs.gitlab.com/user/application_security/dast/browser/checks/798.142/", []string{"gitlab-ptt"}},
	{"GitLab", "", []string{
		"gitlab-cicd-job-token", "gitlab-feature-flag-client-token", "gitlab-oauth-app-secret",
		"gitlab-rrt", "gitlab-scim-token", "gitlab-session-cookie",
	}},
	{"Gitter", "", []string{"gitter-access-token"}},
	{"GoCardless", "", []string{"gocardless-api-token"}},
	{"Google Cloud", "https://docs.cloud.google.com/sdk/gcloud/reference/alpha/services/api-keys", []string{"gcp-api-key"}},
	{"Grafana", "", []string{"grafana-api-key"}},
	{"Grafana", "https://www.grafana.com/docs/grafana-cloud/security-and-account-management/authentication-and-permissions/access-policies/create-access-policies", []string{
		"grafana-cloud-api-token",
	}},
	{"Grafana", "https://grafana.com/docs/grafana/latest/administration/service-accounts/", []string{"grafana-service-account-token"}},
	{"Harness", "https://developer.harness.io/harness-platform/use-harness-platform/automation/api/add-and-manage-api-keys", []string{"harness-api-key"}},
	{"HCP Terraform", "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens", []string{"hashicorp-tf-api-token"}},
	{"HashiCorp Vault", "https://developer.hashicorp.com/vault/docs/commands/token/revoke", []string{
		"vault-batch-token", "vault-service-token",
	}},
	{"Heroku", "", []string{"heroku-api-key", "heroku-api-key-v2"}},
	{"HubSpot", "", []string{"hubspot-api-key"}},
	{"Hugging Face", "https://huggingface.co/docs/hub/security-tokens", []string{
		"huggingface-access-token", "huggingface-organization-api-token",
	}},
	{"Infracost", "", []string{"infracost-api-token"}},
	{"Intercom", "", []string{"intercom-api-key"}},
	{"JFrog", "", []string{"jfrog-api-key"}},
	{"JFrog", "https://jfrog.com/help/r/jfrog-rest-apis/revoke-token-by-value", []string{"jfrog-identity-token"}},
	{"Kraken", "", []string{"kraken-access-token"}},
	{"KuCoin", "", []string{"kucoin-access-token", "kucoin-secret-key"}},
	{"LaunchDarkly", "https://launchdarkly.com/docs/api/access-tokens/reset-token", []string{"launchdarkly-access-token"}},
	{"Linear", "", []string{"linear-api-key", "linear-client-secret"}},
	{"LinkedIn", "", []string{"linkedin-client-id", "linkedin-client-secret"}},
	{"Lob", "", []string{"lob-api-key", "lob-pub-api-key"}},
	{"Looker", "https://cloud.google.com/looker/docs/api-keys", []string{"looker-client-id", "looker-client-secret"}},
	{"Mailchimp", "", []string{"mailchimp-api-key"}},
	{"Mailgun", "", []string{"mailgun-private-api-token", "mailgun-pub-key", "mailgun-signing-key"}},
	{"Mapbox", "https://docs.mapbox.com/help/account/tokens/", []string{"mapbox-api-token"}},
	{"Mattermost", "", []string{"mattermost-access-token"}},
	{"MaxMind", "", []string{"maxmind-license-key"}},
	{"MessageBird", "", []string{"messagebird-api-token", "messagebird-client-id"}},
	{"Microsoft Teams", "", []string{"microsoft-teams-webhook"}},
	{"Netlify", "https://docs.netlify.com/accounts-and-billing/user-settings/", []string{"netlify-access-token"}},
	{"New Relic", "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/", []string{
		"new-relic-browser-api-token", "new-relic-insert-key", "new-relic-user-api-id",
		"new-relic-user-api-key",
	}},
	{"The New York Times", "", []string{"nytimes-access-token"}},
	{"Notion", "https://developers.notion.com/docs/best-practices-for-handling-api-keys", []string{"notion-api-token"}},
	{"npm", "https://docs.npmjs.com/revoking-access-tokens", []string{"npm-access-token"}},
	{"Octopus Deploy", "", []string{"octopus-deploy-api-key"}},
	{"Okta", "https://help.okta.com/en-us/Content/Topics/security/api.htm", []string{"okta-access-token"}},
	{"OpenAI", "https://help.openai.com/en/articles/4936850-where-do-i-find-my-openapi-api-key", []string{"openai-api-key"}},
	{"OpenShift", "https://docs.redhat.com/en/documentation/openshift_container_platform/4.11/html/authentication_and_authorization/managing-oauth-access-tokens", []string{"openshift-user-token"}},
	{"Perplexity", "https://docs.perplexity.ai/api-reference/revoke-auth-token-post", []string{"perplexity-api-key"}},
	{"Plaid", "", []string{"plaid-api-token"}},
	{"Plaid", "https://plaid.com/docs/account/security/", []string{"plaid-client-id", "plaid-secret-key"}},
	{"PlanetScale", "", []string{"planetscale-api-token", "planetscale-oauth-token"}},
	{"PlanetScale", "https://planetscale.com/docs/cli/password", []string{"planetscale-password"}},
	{"Postman", "https://learning.postman.com/docs/reference/postman-api/authentication", []string{"postman-api-token"}},
	{"Prefect", "", []string{"prefect-api-token"}},
	{"Private AI", "", []string{"privateai-api-token"}},
	{"Pulumi", "https://pulumi.com/docs/reference/cloud-rest-api/access-tokens/", []string{"pulumi-api-token"}},
	{"PyPI", "", []string{"pypi-upload-token"}},
	{"RapidAPI", "", []string{"rapidapi-access-token"}},
	{"ReadMe", "", []string{"readme-api-token"}},
	{"RubyGems", "https://guides.rubygems.org/api-key-scopes", []string{"rubygems-api-token"}},
	{"Scalingo", "", []string{"scalingo-api-token"}},
	{"Sendbird", "", []string{"sendbird-access-id", "sendbird-access-token"}},
	{"SendGrid", "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys", []string{"sendgrid-api-token"}},
	{"Sendinblue", "https://help.brevo.com/hc/en-us/articles/209467485-Create-and-manage-your-API-keys", []string{"sendinblue-api-token"}},
	{"Sentry", "https://docs.sentry.io/api/organizations/revoke-an-org-auth-token/", []string{"sentry-org-token"}},
	{"Sentry", "https://docs.sentry.io/account/auth-tokens", []string{"sentry-access-token", "sentry-user-token"}},
	{"SettleMint", "", []string{"settlemint-application-access-token", "settlemint-personal-access-token", "settlemint-service-access-token"}},
	{"Shippo", "", []string{"shippo-api-token"}},
	{"Shopify", "https://shopify.dev/docs/apps/build/authentication-authorization/client-secrets/rotate-revoke-client-credentials", []string{
		"shopify-access-token", "shopify-custom-access-token", "shopify-private-app-access-token",
		"shopify-shared-secret",
	}},
	{"Slack", "", []string{"slack-config-access-token", "slack-config-refresh-token", "slack-webhook-url"}},
	{"Slack", "https://api.slack.com/methods/auth.revoke", []string{
		"slack-app-token", "slack-bot-token", "slack-legacy-bot-token", "slack-legacy-token",
		"slack-legacy-workspace-token", "slack-user-token",
	}},
	{"Snyk", "https://docs.snyk.io/snyk-api/authentication-for-api/revoke-and-regenerate-a-snyk-api-token", []string{"snyk-api-token"}},
	{"SonarQube", "https://docs.sonarsource.com/sonarqube-community-build/instance-administration/security/administering-tokens/", []string{
		"sonar-api-token",
	}},
	{"Sourcegraph", "https://sourcegraph.com/docs/cli/how-tos/revoking_an_access_token", []string{"sourcegraph-access-token"}},
	{"Square", "https://developer.squareup.com/docs/build-basics/access-tokens", []string{"square-access-token"}},
	{"Squarespace", "", []string{"squarespace-access-token"}},
	{"Stripe", "https://docs.stripe.com/keys-best-practices", []string{"stripe-access-token"}},
	{"Sumo Logic", "https://www.sumologic.com/help/docs/manage/security/access-keys/", []string{
		"sumologic-access-id", "sumologic-access-token",
	}},
	{"Telegram", "", []string{"telegram-bot-api-token"}},
	{"Travis CI", "", []string{"travisci-access-token"}},
	{"Twilio", "https://www.twilio.com/docs/iam/api-keys/api-key", []string{"twilio-api-key"}},
	{"Twitch", "https://dev.twitch.tv/docs/authentication/revoke-tokens", []string{"twitch-api-token"}},
	{"Twitter", "https://docs.x.com/fundamentals/authentication/guides/authentication-best-practices", []string{
		"twitter-access-secret", "twitter-access-token", "twitter-api-key", "twitter-api-secret",
		"twitter-bearer-token",
	}},
	{"Typeform", "https://typeform.com/developers/get-started/personal-access-token", []string{"typeform-api-token"}},
	{"Yandex Cloud", "https://yandex.cloud/en/docs/iam/operations/compromised-credentials", []string{"yandex-access-token", "yandex-api-key", "yandex-aws-access-token"}},
	{"Zendesk", "https://support.zendesk.com/hc/en-us/articles/226022787-Generating-a-new-API-token", []string{"zendesk-secret-key"}},
}

// remedies say what to do where revoking at an issuer is not it.
var remedies = map[string]string{ //nolint:gosec // words on credentials, no credentials
	"age-secret-key":                         "Make a new age key, encrypt anew with it what was encrypted for this one, and rotate what that holds",
	"aws-amazon-bedrock-api-key-short-lived": "It is short-lived: rotate the AWS credentials behind it, and take its permissions away until it ends (https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-revoke.html)",
	"cloudflare-global-api-key":              "Change the Global API Key in the Cloudflare dashboard, and use API tokens of few permissions in its place (https://developers.cloudflare.com/fundamentals/api/get-started/keys)",
	"curl-auth-header":                       "Revoke the token at the service that the command calls",
	"curl-auth-user":                         "Change the password at the service that the command calls",
	"databricks-api-token":                   "Revoke it at Databricks (databricks tokens delete) and issue a new one (https://docs.databricks.com/gcp/dev-tools/cli/reference/tokens-commands)",
	"generic-api-key":                        "Find out what it opens, and replace it there",
	"gitlab-cicd-job-token":                  "It ends with its CI job: make sure that the job has ended, and that it is not printed again",
	"hashicorp-tf-password":                  "Change the password at what the configuration creates",
	"heroku-api-key":                         "Rotate it at Heroku (heroku authorizations:rotate)",
	"heroku-api-key-v2":                      "Rotate it at Heroku (heroku authorizations:rotate)",
	"jwt":                                    "End the session that it stands for; if it does not expire soon, change the key that signs such tokens",
	"jwt-base64":                             "End the session that it stands for; if it does not expire soon, change the key that signs such tokens",
	"kubernetes-secret-yaml":                 "Base64 hides nothing: replace each value of the Secret where it was issued",
	"nuget-config-password":                  "Change the password at the package feed",
	"pkcs12-file":                            "If it holds a private key, revoke its certificate and issue a new key",
	"private-key":                            "Take the key out of use: make a new pair, revoke its certificates, and remove its public half wherever it is trusted",
	"telegram-bot-api-token":                 "Revoke it at Telegram (send /revoke to @BotFather)",

	ruleCloud:          "Revoke it at the cloud provider",
	ruleDatabase:       "Change the password in the database",
	ruleDocker:         "Revoke the login at the registry",
	ruleGit:            "Revoke it at the git server",
	ruleHtpasswd:       "Change the passwords if they are weak",
	ruleHistory:        "Look through it for secrets, and rotate those",
	ruleKeystore:       "Take its keys out of use: make new ones, and revoke their certificates",
	ruleKubeconfig:     "Revoke the user's token or certificate in the cluster",
	ruleNetrc:          "Change the password or token at the hosts that it names",
	rulePrivateKey:     "Take the key out of use: make a new pair, revoke its certificates, and remove its public half wherever it is trusted",
	ruleRegistry:       "Revoke it at the package registry",
	ruleServiceAccount: "Delete the token of the service account in the cluster",
	ruleTerraform:      "Rotate the secrets that it holds",
	ruleVault:          "Revoke it in Vault (vault token revoke)",
}

// identifierRules find what names an account, the secret being something else;
// publicRules find what is made to be public.
var (
	identifierRules = []string{
		"adobe-client-id", "alibaba-access-key-id", "asana-client-id", "bitbucket-client-id", "discord-client-id",
		"linkedin-client-id", "looker-client-id", "messagebird-client-id", "new-relic-user-api-id", "plaid-client-id",
		"sendbird-access-id", "sumologic-access-id",
	}
	publicRules = []string{
		"flutterwave-public-key", "lob-pub-api-key", "mailgun-pub-key", "mapbox-api-token", "new-relic-browser-api-token",
	}
)

// issuerOf gives who issues what a rule finds; its name is empty where that is not
// known.
func issuerOf(rule string) issuer {
	for _, i := range issuers {
		if slices.Contains(i.rules, rule) {
			return i
		}
	}
	return issuer{}
}

// rotate says how to put a secret that a rule found out of use.
func rotate(rule string) string {
	if text := remedies[rule]; text != "" {
		return text
	}
	by := issuerOf(rule)
	page := ""
	if by.page != "" {
		page = " (" + by.page + ")"
	}
	switch {
	case by.name == "":
		return "Revoke it where it was issued, and issue a new one"
	case slices.Contains(identifierRules, rule):
		return "It opens nothing alone: look whether the secret that belongs to it leaked as well, and replace that at " + by.name + page
	case slices.Contains(publicRules, rule):
		return "Such a key is made to be public: if this one was not meant to be, replace it at " + by.name + page
	case page != "":
		return "Revoke it at " + by.name + " and issue a new one" + page
	}
	return "Revoke it in the settings of " + by.name + " and issue a new one"
}
