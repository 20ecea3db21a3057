package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const dashboardsYAML = `report:
  webhooks:
    - {url: "https://hooks.example.com/a?key=x", format: sarif, secret-env: BOLTSEAL_WEBHOOK_SECRET, events: [push, schedule], required: true}
    - {url: http://127.0.0.1:8080/b}
  defectdojo: {url: https://dojo.example.com, token-env: BOLTSEAL_DEFECTDOJO_TOKEN, product: app, engagement: ci, product-type: web, required: true}
`

func TestDashboards(t *testing.T) {
	p := mustLoad(t, dashboardsYAML)
	want := Dashboards{
		Webhooks: []Webhook{
			{URL: "https://hooks.example.com/a?key=x", Format: WebhookSARIF, SecretEnv: "BOLTSEAL_WEBHOOK_SECRET", Events: []string{"push", "schedule"}, Required: true},
			{URL: "http://127.0.0.1:8080/b", Format: WebhookJSON},
		},
		DefectDojo: &DefectDojo{URL: "https://dojo.example.com", TokenEnv: "BOLTSEAL_DEFECTDOJO_TOKEN", Product: "app", Engagement: "ci", Test: "boltseal", ProductType: "web", Required: true},
	}
	if diff := cmp.Diff(want, p.Dashboards); diff != "" {
		t.Error(diff)
	}
	again, err := Load("p.yaml", []byte(Effective([]*Policy{p})))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.Dashboards); diff != "" {
		t.Errorf("what is printed reads otherwise: %s", diff)
	}
	if w := p.Dashboards.Webhooks; w[0].Hears(Change) || !w[0].Hears(Push) || !w[1].Hears(Change) {
		t.Error("a webhook hears of what it should not, or does not of what it should")
	}
}

// Nobody but who is trusted says where results go.
func TestTheHeadSendsNothing(t *testing.T) {
	trusted, changed := mustLoad(t, ""), mustLoad(t, dashboardsYAML)
	head := HeadOf(changed, trusted)
	if got := ToSend([]*Policy{trusted, head}); len(got.Webhooks) > 0 || got.DefectDojo != nil {
		t.Errorf("the change's own policy sends to %+v", got)
	}
	alone := HeadOf(changed, changed) // with all that is copied from the trusted one
	if got := ToSend([]*Policy{alone}); len(got.Webhooks) > 0 || got.DefectDojo != nil {
		t.Errorf("the change's own policy sends to %+v", got)
	}
	if got := ToSend([]*Policy{changed, changed}); len(got.Webhooks) != 2 || got.DefectDojo == nil {
		t.Errorf("two policies that say the same send to %+v", got)
	}
	want := []string{"3 more dashboards"}
	if diff := cmp.Diff(want, Loosened(trusted, changed, nil, today)); diff != "" {
		t.Error(diff)
	}
	want = []string{"2 required dashboards fewer in report"}
	if diff := cmp.Diff(want, Loosened(changed, trusted, nil, today)); diff != "" {
		t.Error(diff)
	}
	var differences []string
	for _, d := range Compare([]*Policy{trusted}, []*Policy{changed}, nil, today) {
		differences = append(differences, d.New)
		if d.Tighter != strings.Contains(d.New, "requires") {
			t.Errorf("%+v", d)
		}
	}
	if len(differences) != 5 {
		t.Errorf("differences: %q", differences)
	}
}

func TestBadDashboards(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"plain http":             {"webhooks: [{url: http://hooks.example.com/a}]", "results are sent over https only"},
		"another scheme":         {"webhooks: [{url: file:///etc/passwd}]", "no address like https://HOST/PATH"},
		"http that looks local":  {`webhooks: [{url: "http://127.0.0.1:80@evil.example.com/"}]`, "the address holds credentials"},
		"local without a port":   {"webhooks: [{url: http://127.0.0.1.evil.example.com/}]", "over https only"},
		"credentials":            {`webhooks: [{url: "https://me:pw@hooks.example.com/"}]`, "the address holds credentials"},
		"no host":                {"webhooks: [{url: https:///a}]", "no address"},
		"a fragment":             {`webhooks: [{url: "https://a.example.com/#b"}]`, "no address"},
		"no address":             {"webhooks: [{format: json}]", "url"},
		"another format":         {"webhooks: [{url: https://a.example.com/, format: html}]", "html"},
		"another's secret":       {"webhooks: [{url: https://a.example.com/, secret-env: AWS_SECRET_ACCESS_KEY}]", "begins with BOLTSEAL_WEBHOOK_"},
		"the token of the forge": {"webhooks: [{url: https://a.example.com/, secret-env: BOLTSEAL_GITLAB_TOKEN}]", "begins with BOLTSEAL_WEBHOOK_"},
		"a secret itself":        {"webhooks: [{url: https://a.example.com/, secret: abc}]", "name the variable"},
		"another's token":        {"defectdojo: {url: https://a.example.com, token-env: GITHUB_TOKEN, product: a, engagement: b}", "begins with BOLTSEAL_DEFECTDOJO_"},
		"no product":             {"defectdojo: {url: https://a.example.com, token-env: BOLTSEAL_DEFECTDOJO_TOKEN, engagement: b}", "product"},
		"too many":               {"webhooks: [" + strings.Repeat("{url: https://a.example.com/},", 11) + "]", "11 webhooks"},
	} {
		_, err := Load("p.yaml", []byte("version: 1\nreport: {"+c.yaml+"}\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
