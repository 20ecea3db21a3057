package dockerfile

import (
	"net/url"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/tls-check-off", Severity: finding.High,
	Title:       "Certificates of servers are not checked",
	Remediation: "Add the server's certificate authority to the trust store instead (ca-certificates, --cacert, NODE_EXTRA_CA_CERTS, PIP_CERT)",
	Controls:    []string{"cis-docker-1.6:4.11"},
}, onBuilding(func(r *report, i *instruction) {
	for file, text := range i.documents() {
		if untrustingText(file, text) {
			r.instruction(i, "what is written to %s switches the check of server certificates off", quote(file))
		}
	}
	for _, p := range i.variables() {
		if p.set && untrusting(p.key, unquote(p.value)) {
			r.part(i, p.keySpan, "%s switches the check of server certificates off", p.key)
		}
	}
}, "ENV", "ARG", "COPY", "ADD"), onFile(func(r *report, f *file) {
	for c := range f.commands() {
		for _, a := range c.settings() {
			if untrusting(a.name, a.value) {
				r.command(c, "%s switches the check of server certificates off", a.name)
			}
		}
		if w := c.written(); slices.ContainsFunc(w.files, func(file string) bool { return untrustingText(file, w.text) }) {
			r.command(c, "what is written to %s switches the check of server certificates off", quote(w.files[0]))
		}
	}
}), onProgram(func(r *report, c *command) {
	if what := untrustingCommand(c); what != "" {
		r.command(c, "%s switches the check of server certificates off", what)
	}
}, "curl", "wget", "aria2c", "http", "https", "git", "npm", "yarn", "pnpm", "pip", "python", "uv", "poetry", "bundle", "composer", "conda", "mamba",
	"micromamba", "go", "apt-get", "apt", "aptitude", "yum", "dnf", "microdnf", "tdnf", "yum-config-manager", "zypper", "kubectl", "helm", "oc",
	"docker", "podman", "buildah", "skopeo", "mvn", "svn", "hg", "gem"))

// untrusting says whether a variable of that value makes programs trust any server.
func untrusting(name, value string) bool {
	switch strings.ToUpper(name) {
	case "NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY", "BUNDLE_SSL_VERIFY_MODE":
		return value == "0"
	case "GIT_SSL_NO_VERIFY":
		return value != ""
	case "PIP_TRUSTED_HOST", "UV_INSECURE_HOST", "GOINSECURE":
		return value != "" && !dynamic(value)
	case "NPM_CONFIG_STRICT_SSL", "YARN_STRICT_SSL", "YARN_ENABLE_STRICT_SSL", "PNPM_CONFIG_STRICT_SSL", "CONDA_SSL_VERIFY", "MAMBA_SSL_VERIFY":
		return switchedOffWord(value)
	case "GOFLAGS":
		return slices.Contains(strings.Fields(value), "-insecure")
	case "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE":
		return value == "" && name == strings.ToUpper(name)
	case "MAVEN_OPTS", "MAVEN_ARGS":
		return strings.Contains(value, mavenInsecure)
	}
	return false
}

const mavenInsecure = "maven.wagon.http.ssl.insecure=true"

// dynamic says whether a value is nothing but a variable, which may be empty.
func dynamic(value string) bool { return strings.HasPrefix(value, "$") }

func switchedOffWord(value string) bool {
	return slices.Contains([]string{"false", "0", "no", "off", "n", "f"}, strings.ToLower(strings.Trim(value, `"'`)))
}

// untrustingLines are lines of configuration files, without blanks and quotes, that
// make the program that reads them trust any server.
var untrustingLines = []struct {
	files []string
	lines []string
}{
	{[]string{".wgetrc", "wgetrc"}, []string{"check_certificate=off", "check-certificate=off"}},
	{[]string{".npmrc", "npmrc"}, []string{"strict-ssl=false"}},
	{[]string{".yarnrc.yml", ".yarnrc"}, []string{"enablestrictssl:false", "strict-sslfalse"}},
	{[]string{"pip.conf", ".pip.conf"}, []string{"trusted-host"}},
	{[]string{".gemrc", "gemrc"}, []string{"ssl_verify_mode:0"}},
	{[]string{".condarc"}, []string{"ssl_verify:false", "ssl_verify:no"}},
	{[]string{".gitconfig", "gitconfig"}, []string{"sslverify=false", "sslverify=0"}},
	{[]string{"yum.conf", "dnf.conf", "*.repo"}, []string{"sslverify=false", "sslverify=0"}},
	{[]string{"apt.conf"}, []string{"verify-peerfalse", "verify-hostfalse", "verify-peer=false"}},
}

// untrustingText says whether text that goes to a configuration file makes the
// program that reads it trust any server.
func untrustingText(file, text string) bool {
	name := file[strings.LastIndexByte(file, '/')+1:]
	if name == ".curlrc" {
		words := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ' ' || r == '\\' })
		return slices.Contains(words, "insecure") || slices.Contains(words, "-k") || slices.Contains(words, "--insecure")
	}
	for _, known := range untrustingLines {
		if slices.ContainsFunc(known.files, func(f string) bool { return isConfiguration(file, f) }) {
			return mentions(text, known.lines)
		}
	}
	return false
}

// isConfiguration says whether a file is the configuration of that name, "*.repo"
// any with that ending; apt's may lie in a folder.
func isConfiguration(file, name string) bool {
	if ending, ok := strings.CutPrefix(name, "*"); ok {
		return strings.HasSuffix(file, ending)
	}
	return file[strings.LastIndexByte(file, '/')+1:] == name || name == "apt.conf" && strings.Contains(file, "apt.conf.d/")
}

// mentions says whether a text has one of the lines, whatever its blanks, quotes and
// case.
func mentions(text string, lines []string) bool {
	plain := strings.ToLower(strings.NewReplacer(" ", "", "\t", "", `"`, "", "'", "").Replace(text))
	return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(plain, l) })
}

// untrustingCommand names what makes a command trust any server; empty for nothing.
func untrustingCommand(c *command) string {
	name := c.name()
	switch strings.TrimRight(name, "0123456789.") {
	case "curl":
		return untrustingCurl(c)
	case "wget":
		return longOption(c, "--no-check-certificate")
	case "git":
		return untrustingGit(c)
	case "npm", "yarn", "pnpm":
		return untrustingNode(c)
	case "pip", "python", "uv":
		return untrustingPip(c)
	case "conda", "mamba", "micromamba":
		return untrustingConda(c)
	case "apt-get", "apt", "aptitude":
		return untrustingApt(c)
	case "yum", "dnf", "microdnf", "tdnf", "yum-config-manager":
		for _, v := range c.values("setopt") {
			if key, value, _ := strings.Cut(v, "="); strings.HasSuffix(key, "sslverify") && switchedOffWord(value) {
				return "--setopt=sslverify"
			}
		}
	case "docker", "podman", "buildah", "skopeo", "kubectl", "helm", "oc":
		return untrustingCluster(c)
	}
	return untrustingOther(c)
}

// longOption gives an option back where a command has it as a word.
func longOption(c *command, words ...string) string {
	for _, w := range words {
		if c.has(w) {
			return w
		}
	}
	return ""
}

// curlLetters are curl's short options that take a value.
const curlLetters = "oHXAeubdFmrwxyYzCTDEKPQUct"

func untrustingCurl(c *command) string {
	for _, a := range c.args() {
		if local(a.text) {
			return ""
		}
	}
	if o := c.options(curlLetters, "output", "header", "data", "request", "user", "user-agent"); given(o, "k", "insecure") {
		return "curl --insecure"
	}
	return ""
}

// local says whether an address is the machine's own.
func local(text string) bool {
	if !strings.Contains(text, "://") {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && slices.Contains([]string{"localhost", "127.0.0.1", "::1", "0.0.0.0"}, u.Hostname())
}

func untrustingGit(c *command) string {
	for n, a := range c.words {
		key, value, set := strings.Cut(a.text, "=")
		if !set && n+1 < len(c.words) {
			value = c.words[n+1].text
		}
		key = strings.ToLower(strings.TrimPrefix(key, "-c"))
		if strings.HasPrefix(key, "http.") && strings.HasSuffix(key, ".sslverify") && switchedOffWord(value) {
			return "http.sslVerify"
		}
	}
	return ""
}

func untrustingNode(c *command) string {
	for n, a := range c.words {
		word := strings.ToLower(strings.TrimPrefix(a.text, "--"))
		if word == "no-strict-ssl" {
			return "strict-ssl"
		}
		key, value, set := strings.Cut(word, "=")
		if !set && n+1 < len(c.words) {
			value = c.words[n+1].text
		}
		if (key == "strict-ssl" || key == "enablestrictssl") && switchedOffWord(value) {
			return "strict-ssl"
		}
	}
	return ""
}

func untrustingPip(c *command) string {
	for n, a := range c.words {
		word, value, set := strings.Cut(a.text, "=")
		if !set && n+1 < len(c.words) {
			value = c.words[n+1].text
		}
		switch {
		case (word == "--trusted-host" || word == "--allow-insecure-host") && value != "":
			return word
		case strings.HasSuffix(word, ".trusted-host") && c.has("config"):
			return "trusted-host"
		}
	}
	return ""
}

func untrustingConda(c *command) string {
	for n, a := range c.words {
		if a.text == "ssl_verify" && n+1 < len(c.words) && switchedOffWord(c.words[n+1].text) {
			return "ssl_verify"
		}
	}
	if c.has("--insecure") || c.has("-k") {
		return c.name() + " --insecure"
	}
	return ""
}

func untrustingApt(c *command) string {
	for _, v := range c.values("o", "option") {
		key, value, _ := strings.Cut(v, "=")
		key = strings.ToLower(key)
		if strings.HasPrefix(key, "acquire::") && (strings.HasSuffix(key, "verify-peer") || strings.HasSuffix(key, "verify-host")) && switchedOffWord(value) {
			return key
		}
	}
	return ""
}

func untrustingCluster(c *command) string {
	for _, o := range c.options("") {
		switch {
		case strings.HasSuffix(o.name, "tls-verify") && o.value != "" && switchedOffWord(o.value):
			return quote("--" + o.name)
		case strings.HasPrefix(o.name, "insecure-skip-tls-verify") && (o.value == "" || !switchedOffWord(o.value)):
			return quote("--" + o.name)
		}
	}
	return ""
}

// untrustingWords are words that do it by themselves, by program.
var untrustingWords = map[string][]string{
	"aria2c": {"--check-certificate=false"},
	"http":   {"--verify=no", "--verify=false"},
	"https":  {"--verify=no", "--verify=false"},
	"svn":    {"--trust-server-cert"},
	"hg":     {"--insecure"},
	"go":     {"-insecure"},
	"mvn":    {"-D" + mavenInsecure},
}

// untrustingSettings are settings that a program is told to keep.
var untrustingSettings = []struct {
	program, key string
	value        func(string) bool
}{
	{"composer", "disable-tls", func(v string) bool { return v == "true" }},
	{"composer", "secure-http", switchedOffWord},
	{"bundle", "ssl_verify_mode", func(v string) bool { return v == "0" }},
	{"poetry", "certificates.", switchedOffWord},
	{"zypper", "ssl_verify=no", func(string) bool { return true }},
}

func untrustingOther(c *command) string {
	if word := longOption(c, untrustingWords[c.name()]...); word != "" {
		return word
	}
	last := ""
	if len(c.words) > 0 {
		last = c.words[len(c.words)-1].text
	}
	for _, known := range untrustingSettings {
		if known.program == c.name() && known.value(last) && slices.ContainsFunc(c.args(), func(a arg) bool { return strings.Contains(a.text, known.key) }) {
			return strings.TrimRight(known.key, ".")
		}
	}
	return ""
}
