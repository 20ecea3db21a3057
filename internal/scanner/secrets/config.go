package secrets

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// setting is one text of an image's configuration.
type setting struct {
	// where names it in a message, place stands for the path in the identity.
	where, place string
	text         string
	history      bool
	// step is the entry of the history that set it, counted from 1; 0 where that is not
	// known. instruction names what did, without its value.
	step        int
	instruction string
}

// Bounds of an image configuration; what is beyond them is told.
const (
	maxSettings    = 20_000
	maxSettingSize = 4 << 20
)

// settings lists every text that an image's configuration holds, in a fixed order:
// the history last, so that a secret is told where it took effect and not again in
// the step that set it.
func settings(c *v1.ConfigFile) []setting {
	var out []setting
	set := stepsOf(c)
	named := func(where, place, text, keyword, name string) {
		if text != "" {
			s := setting{where: where, place: "(config) " + place, text: text, step: set[[2]string{keyword, name}]}
			if s.step > 0 {
				s.instruction = strings.TrimSpace(keyword + " " + name)
			}
			out = append(out, s)
		}
	}
	add := func(where, place, text string) { named(where, place, text, setBy[place], "") }
	command := func(name string, args []string) { add("the "+name, name, strings.Join(args, " ")) }
	for _, e := range c.Config.Env {
		name, _, _ := strings.Cut(e, "=")
		named(fmt.Sprintf("the environment variable %q", name), "env "+name, e, "ENV", name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Config.Labels)) {
		named(fmt.Sprintf("the label %q", name), "label "+name, name+"="+c.Config.Labels[name], "LABEL", name)
	}
	command("entrypoint", c.Config.Entrypoint)
	command("command", c.Config.Cmd)
	if c.Config.Healthcheck != nil {
		command("healthcheck", c.Config.Healthcheck.Test)
	}
	command("shell", c.Config.Shell)
	for i, trigger := range c.Config.OnBuild {
		add(fmt.Sprintf("trigger %d of ONBUILD", i+1), "onbuild", trigger)
	}
	for _, volume := range slices.Sorted(maps.Keys(c.Config.Volumes)) {
		add("a volume", "volume", volume)
	}
	for _, port := range slices.Sorted(maps.Keys(c.Config.ExposedPorts)) {
		add("an exposed port", "port", port)
	}
	for _, s := range smallSettings(c) {
		add("the "+s[0], s[0], s[1])
	}
	for i, h := range c.History {
		for _, text := range []string{h.CreatedBy, h.Comment, h.Author} {
			if text != "" {
				// No number in the identity: a step put before it changes nothing.
				out = append(out, setting{
					where: fmt.Sprintf("step %d of the build history", i+1), place: "(config) history", text: text, history: true, step: i + 1,
				})
			}
		}
	}
	return out
}

// smallSettings are the single words of a configuration, each with its name. Who
// builds an image can write there what they like.
func smallSettings(c *v1.ConfigFile) [][2]string {
	return [][2]string{
		{"working directory", c.Config.WorkingDir},
		{"user", c.Config.User},
		{"stop signal", c.Config.StopSignal},
		{"author", c.Author},
		{"host name", c.Config.Hostname},
		{"domain name", c.Config.Domainname},
		{"MAC address", c.Config.MacAddress},
		{"base image", c.Config.Image},
		{"container", c.Container},
		//lint:ignore SA1019 old builders write it
		{"version of Docker", c.DockerVersion}, //nolint:staticcheck // as above
		{"operating system", c.OS},
		{"version of the operating system", c.OSVersion},
		{"features of the operating system", strings.Join(c.OSFeatures, " ")},
		{"architecture", c.Architecture},
		{"variant", c.Variant},
		{"type of the root file system", c.RootFS.Type},
	}
}

// finishConfig looks through the image's configuration. Here the scanner knows the
// clear text of all of it at once: a secret that a variable or label holds is not
// told again for the step that set it.
func (p *pass) finishConfig(ctx context.Context, res *scan.Result) {
	if res.Status == "" {
		res.Status = finding.StatusOK
	}
	c := p.target.Image.Config
	if c == nil {
		return
	}
	all := settings(c)
	if len(all) > maxSettings {
		all = all[:maxSettings]
		p.partial(res, fmt.Errorf("more than %d settings", maxSettings))
	}
	told := make(map[string]bool)
	for _, s := range all {
		if len(s.text) > maxSettingSize {
			p.partial(res, fmt.Errorf("%s is longer than %d bytes", s.where, maxSettingSize))
			continue
		}
		d := detection{rules: p.rules, report: func(h hit) {
			key := h.rule.RuleID + "\x00" + h.secret
			if s.history && told[key] {
				return
			}
			told[key] = told[key] || !s.history
			f := p.configFinding(s, p.record(&scan.Entry{}, "", h))
			if h.allowed {
				f.Ignored, f.Placed = "a "+allowComment+" comment", true
			}
			res.Findings = append(res.Findings, f)
		}}
		if err := d.run(ctx, newChunker([]byte(s.text), regionSizes)); err != nil {
			p.partial(res, fmt.Errorf("%s: %w", s.where, err))
		}
	}
}

func (p *pass) partial(res *scan.Result, err error) {
	res.Status = res.Status.Worse(finding.StatusPartial)
	if res.Reason == "" {
		res.Reason = p.mask("image configuration: " + err.Error())
	}
}

func (p *pass) configFinding(s setting, rec record) finding.Finding {
	image := p.target.Image.Name
	f := p.base(rec)
	f.Message = p.mask(fmt.Sprintf("%s; it stands in %s of the image", f.Message, s.where))
	f.Location = finding.Location{Image: p.mask(image), Instruction: p.instruction(s.instruction), Step: s.step}
	f.Remediation = remediation(rec.Rule, "", inConfig)
	f.Identity = finding.SecretIdentity(image, s.place, rec.Hash)
	if rec.Run != "" {
		f.Compared = finding.SecretIdentity(image, s.place, rec.Run)
	}
	return f
}
