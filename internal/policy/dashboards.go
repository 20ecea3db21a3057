package policy

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Dashboards are where the results of CI jobs are sent.
type Dashboards struct {
	Webhooks []Webhook
	// DefectDojo is nil for none.
	DefectDojo *DefectDojo
}

// Webhook is an address that gets a report by POST.
type Webhook struct {
	URL string
	// Format is WebhookJSON or WebhookSARIF.
	Format string
	// SecretEnv names the variable with the key of the signature; empty for none.
	SecretEnv string
	// Events are those of which it hears; none for all.
	Events []string
	// Required says that a job fails which could not send it.
	Required bool
}

// The formats of a webhook.
const (
	WebhookJSON  = "json"
	WebhookSARIF = "sarif"
)

// DefectDojo is a test in DefectDojo whose findings are those of the default branch.
type DefectDojo struct {
	// URL is the server's, without /api/v2.
	URL string
	// TokenEnv names the variable with the token of the API.
	TokenEnv                  string
	Product, Engagement, Test string
	// ProductType says that what is missing there is made, in that type of product;
	// empty for an error.
	ProductType string
	Required    bool
}

const maxWebhooks = 10

// Variables that can be named: a policy must not have another program's secret sent.
var (
	webhookVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^BOLTSEAL_WEBHOOK_[A-Z0-9_]{1,64}$`) })
	dojoVariable    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^BOLTSEAL_DEFECTDOJO_[A-Z0-9_]{1,64}$`) })
)

func readReport(v yamlpos.Value, d *Dashboards) {
	v.Map(
		"report",
		yamlpos.May("webhooks", yamlpos.Into(&d.Webhooks, readWebhooks)),
		yamlpos.May("defectdojo", yamlpos.Into(&d.DefectDojo, readDefectDojo)),
		yamlpos.Later("comment"), yamlpos.Later("suggestions"), yamlpos.Later("sarif"), yamlpos.Later("gitlab"),
	)
}

func readWebhooks(v yamlpos.Value) []Webhook {
	items := v.Items()
	if len(items) > maxWebhooks {
		v.Fail("", "%d webhooks, more than the %d allowed", len(items), maxWebhooks)
		return nil
	}
	hooks := make([]Webhook, len(items))
	for i, item := range items {
		w := &hooks[i]
		w.Format = WebhookJSON
		item.Map(
			"webhook",
			yamlpos.Need("url", yamlpos.Into(&w.URL, readAddress)),
			yamlpos.May("format", yamlpos.Into(&w.Format, func(v yamlpos.Value) string { return v.OneOf(WebhookJSON, WebhookSARIF) })),
			yamlpos.May("secret-env", yamlpos.Into(&w.SecretEnv, func(v yamlpos.Value) string { return readVariable(v, webhookVariable(), "BOLTSEAL_WEBHOOK_") })),
			yamlpos.May("events", yamlpos.Into(&w.Events, readEvents)),
			yamlpos.May("required", yamlpos.Into(&w.Required, yamlpos.Value.Bool)),
			yamlpos.Elsewhere("secret", "name the variable that holds it with secret-env: a policy is no place for secrets"),
		)
	}
	return hooks
}

func readDefectDojo(v yamlpos.Value) *DefectDojo {
	d := &DefectDojo{Test: "boltseal"}
	v.Map(
		"defectdojo",
		yamlpos.Need("url", yamlpos.Into(&d.URL, readAddress)),
		yamlpos.Need("token-env", yamlpos.Into(&d.TokenEnv, func(v yamlpos.Value) string { return readVariable(v, dojoVariable(), "BOLTSEAL_DEFECTDOJO_") })),
		yamlpos.Need("product", yamlpos.Into(&d.Product, readLine)),
		yamlpos.Need("engagement", yamlpos.Into(&d.Engagement, readLine)),
		yamlpos.May("test", yamlpos.Into(&d.Test, readLine)),
		yamlpos.May("product-type", yamlpos.Into(&d.ProductType, readLine)),
		yamlpos.May("required", yamlpos.Into(&d.Required, yamlpos.Value.Bool)),
		yamlpos.Elsewhere("token", "name the variable that holds it with token-env: a policy is no place for secrets"),
	)
	return d
}

func readEvents(v yamlpos.Value) []string {
	return list(v, func(v yamlpos.Value) string { return v.OneOf(string(Change), string(Push), string(Schedule)) })
}

// readAddress reads an address to which results may go. It is not repeated: what stands
// in it can be a secret.
func readAddress(v yamlpos.Value) string {
	text := v.Text()
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Fragment != "" || len(text) > maxText:
		v.Fail("", "it is no address like https://HOST/PATH")
	case u.User != nil:
		v.Fail("name a variable with secret-env or token-env", "the address holds credentials")
	case !reachable(text):
		v.Fail("", "results are sent over https only")
	default:
		return text
	}
	return ""
}

// readVariable reads the name of a variable.
func readVariable(v yamlpos.Value, form *regexp.Regexp, begin string) string {
	name := v.Text()
	if name != "" && !form.MatchString(name) {
		v.Fail("so that no policy can have another program's secret sent", "it is no name of a variable that begins with %s", begin)
		return ""
	}
	return name
}

func (w *Webhook) yaml() string {
	var f flow
	f.text("url", w.URL)
	f.text("format", w.Format)
	f.text("secret-env", w.SecretEnv)
	f.list("events", w.Events)
	if w.Required {
		f.raw("required", "true")
	}
	return f.String()
}

func (d *DefectDojo) yaml() string {
	var f flow
	f.text("url", d.URL)
	f.text("token-env", d.TokenEnv)
	f.text("product", d.Product)
	f.text("engagement", d.Engagement)
	f.text("test", d.Test)
	f.text("product-type", d.ProductType)
	if d.Required {
		f.raw("required", "true")
	}
	return f.String()
}

func (d *Dashboards) effective(b *strings.Builder) {
	if len(d.Webhooks) == 0 && d.DefectDojo == nil {
		return
	}
	b.WriteString("report:\n")
	if len(d.Webhooks) > 0 {
		b.WriteString("  webhooks:\n")
		for i := range d.Webhooks {
			b.WriteString("    - " + d.Webhooks[i].yaml() + "\n")
		}
	}
	if d.DefectDojo != nil {
		b.WriteString("  defectdojo: " + d.DefectDojo.yaml() + "\n")
	}
}

// destinations say where results go; required are those without which a job fails.
func (d *Dashboards) destinations() (all, required []string) {
	add := func(name string, must bool) {
		all = append(all, name)
		if must {
			required = append(required, name)
		}
	}
	for _, w := range d.Webhooks {
		add("webhook at "+hostOf(w.URL)+" ("+w.Format+")", w.Required)
	}
	if o := d.DefectDojo; o != nil {
		add("DefectDojo at "+hostOf(o.URL), o.Required)
	}
	return all, required
}

// hostOf is what may be told of an address.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "?"
	}
	return u.Host
}

// ToSend are the dashboards of policies that may say where results go: never those of
// the change under test.
func ToSend(policies []*Policy) Dashboards {
	var all Dashboards
	for _, p := range policies {
		if p.Head {
			continue
		}
		for _, w := range p.Dashboards.Webhooks {
			if !slices.ContainsFunc(all.Webhooks, func(o Webhook) bool { return o.yaml() == w.yaml() }) {
				all.Webhooks = append(all.Webhooks, w)
			}
		}
		if all.DefectDojo == nil {
			all.DefectDojo = p.Dashboards.DefectDojo
		}
	}
	return all
}

// Hears says whether a webhook is about an event.
func (w *Webhook) Hears(e Event) bool {
	return len(w.Events) == 0 || slices.Contains(w.Events, string(e))
}
