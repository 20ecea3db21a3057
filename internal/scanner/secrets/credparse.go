package secrets

import (
	"bytes"
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
)

// These parsers look for values at places made for secrets. They work line by line,
// or on JSON that the standard library reads, and never fail: what they cannot read
// they do not find, and the engine's rules look at it as well.

// isReference says that a value is none of its own: empty, or filled in from the
// environment or a template.
func isReference(value string) bool {
	value = strings.Trim(value, `"'`)
	switch value {
	case "", "null", "~", "None", "{}", "[]":
		return true
	}
	return isTemplate(value) || reference().MatchString(value)
}

// reference is a variable of the environment, as files write it that tools fill in. A
// password can begin with a dollar, too: without braces it is letters only.
var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\$(?:\{[A-Za-z_]\w*\??\}|[A-Z_]{3,})$`) })

// eachLine calls fn for each line with the place where it begins.
func eachLine(content []byte, fn func(at int, line string)) {
	at := 0
	for line := range bytes.Lines(content) {
		fn(at, strings.TrimRight(string(line), "\r\n"))
		at += len(line)
	}
}

// valueAt gives where a value stands in a line from offset i on: without blanks,
// quotes, and what follows quotes.
func valueAt(line string, i int) (from, to int) {
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	if i < len(line) && (line[i] == '"' || line[i] == '\'') {
		if n := strings.IndexByte(line[i+1:], line[i]); n >= 0 {
			return i + 1, i + 1 + n
		}
	}
	return i, i + len(strings.TrimRight(line[i:], " \t,;"))
}

// collector gathers hits of one rule at values that are not references.
type collector struct {
	rule     string
	severity finding.Severity
	hits     []credHit
}

func (c *collector) add(at int, line string, from, to int) {
	if from < to && len(c.hits) < maxCredHits && !isReference(line[from:to]) {
		c.hits = append(c.hits, credHit{rule: c.rule, severity: c.severity, from: at + from, to: at + to})
	}
}

// iniSecrets finds the values of keys in files of lines "key = value", comments in #
// and ; aside.
func iniSecrets(rule string, severity finding.Severity, keys ...string) func(string, []byte) []credHit {
	return keyedSecrets(rule, severity, func(key string) bool { return slices.Contains(keys, strings.ToLower(key)) })
}

func keyedSecrets(rule string, severity finding.Severity, wanted func(key string) bool) func(string, []byte) []credHit {
	return func(_ string, content []byte) []credHit {
		c := collector{rule: rule, severity: severity}
		eachLine(content, func(at int, line string) {
			text := strings.TrimSpace(line)
			if text == "" || text[0] == '#' || text[0] == ';' || text[0] == '!' {
				return
			}
			i := strings.IndexAny(line, "=:")
			if i < 0 || !wanted(strings.Trim(line[:i], " \t\"'")) {
				return
			}
			from, to := valueAt(line, i+1)
			c.add(at, line, from, to)
		})
		return c.hits
	}
}

var awsCredentials = iniSecrets(ruleCloud, finding.Critical, "aws_secret_access_key", "aws_session_token", "aws_security_token")

func gradleProperties(file string, content []byte) []credHit {
	return keyedSecrets(ruleRegistry, finding.High, func(key string) bool {
		key = strings.ToLower(key)
		return strings.HasSuffix(key, "password") || strings.HasSuffix(key, "token") || strings.HasSuffix(key, "secret")
	})(file, content)
}

// gemCredentials reads the YAML of RubyGems: ":rubygems_api_key: key".
func gemCredentials(_ string, content []byte) []credHit {
	c := collector{rule: ruleRegistry, severity: finding.High}
	eachLine(content, func(at int, line string) {
		i := strings.LastIndex(line, ": ")
		if strings.HasPrefix(strings.TrimSpace(line), "#") || i <= 0 {
			return
		}
		from, to := valueAt(line, i+1)
		c.add(at, line, from, to)
	})
	return c.hits
}

// npmKey is a setting of npm that is a credential, for one registry or for all.
var npmKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(?:[^\s=#;]*:)?(?:_authToken|_auth|_password)\s*=`)
})

func npmrc(_ string, content []byte) []credHit {
	c := collector{rule: ruleRegistry, severity: finding.High}
	eachLine(content, func(at int, line string) {
		if m := npmKey().FindStringIndex(line); m != nil {
			from, to := valueAt(line, m[1])
			c.add(at, line, from, to)
		}
	})
	return c.hits
}

// yamlSecrets finds the values of keys in lines of YAML or JSON. Where a value is
// written over several lines, it is not found.
func yamlSecrets(rule string, severity finding.Severity, keys ...string) func(string, []byte) []credHit {
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = regexp.QuoteMeta(k)
	}
	key := regexp.MustCompile(`(?:^|[\s{,"'-])(?:` + strings.Join(quoted, "|") + `)["']?\s*:(?:\s|$|["'])`)
	return func(_ string, content []byte) []credHit {
		c := collector{rule: rule, severity: severity}
		eachLine(content, func(at int, line string) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				return
			}
			for _, m := range key.FindAllStringIndex(line, maxCredHits) {
				colon := m[0] + strings.LastIndexByte(line[m[0]:m[1]], ':')
				from, to := valueAt(line, colon+1)
				if strings.HasPrefix(line[from:to], "|") || strings.HasPrefix(line[from:to], ">") {
					continue
				}
				c.add(at, line, from, to)
			}
		})
		return c.hits
	}
}

// jsonSecrets finds the texts of keys anywhere in JSON.
func jsonSecrets(rule string, severity finding.Severity, keys ...string) func(string, []byte) []credHit {
	return func(_ string, content []byte) []credHit {
		c := collector{rule: rule, severity: severity}
		var doc any
		if json.Unmarshal(content, &doc) != nil {
			return nil
		}
		walkJSON(doc, nil, func(at []string, text string) {
			if slices.Contains(keys, at[len(at)-1]) {
				c.json(content, text)
			}
		})
		return c.inOrder()
	}
}

// maxDepth bounds how deep in JSON credentials are looked for.
const maxDepth = 16

// walkJSON calls fn for each text with the keys that lead to it.
func walkJSON(doc any, at []string, fn func(at []string, text string)) {
	if len(at) > maxDepth {
		return
	}
	switch v := doc.(type) {
	case map[string]any:
		for k, member := range v { // what comes of it is sorted by place
			walkJSON(member, append(slices.Clip(at), k), fn)
		}
	case []any:
		for _, member := range v {
			walkJSON(member, at, fn)
		}
	case string:
		if len(at) > 0 {
			fn(at, v)
		}
	}
}

// json adds a text of a JSON document. It is looked for in the source; where it is
// written with escapes, the whole file stands for it.
func (c *collector) json(content []byte, text string) {
	if isReference(text) {
		return
	}
	h := credHit{rule: c.rule, severity: c.severity}
	if i := bytes.Index(content, []byte(`"`+text+`"`)); i >= 0 {
		h.from, h.to = i+1, i+1+len(text)
	}
	c.hits = append(c.hits, h)
}

func (c *collector) inOrder() []credHit {
	slices.SortFunc(c.hits, func(a, b credHit) int { return a.from - b.from })
	return slices.Compact(c.hits)
}

// dockerConfig finds the passwords and tokens of registries. A name alone, or the
// name of a helper that keeps the password, is none.
func dockerConfig(file string, content []byte) []credHit {
	c := collector{rule: ruleDocker, severity: finding.High}
	old := path.Base(file) == ".dockercfg" // hosts without the "auths" around them
	var doc any
	if json.Unmarshal(content, &doc) != nil {
		return nil
	}
	walkJSON(doc, nil, func(at []string, text string) {
		switch at[len(at)-1] {
		case "auth", "password", "identitytoken", "registrytoken":
			if at[0] == "auths" && len(at) == 3 || old && len(at) == 2 {
				c.json(content, text)
			}
		}
	})
	return c.inOrder()
}

// composerAuth finds the passwords and tokens in Composer's auth.json.
func composerAuth(_ string, content []byte) []credHit {
	c := collector{rule: ruleRegistry, severity: finding.High}
	var doc any
	if json.Unmarshal(content, &doc) != nil {
		return nil
	}
	walkJSON(doc, nil, func(at []string, text string) {
		switch last := at[len(at)-1]; {
		case last == "username" || last == "consumer-key" || len(at) < 2:
		case slices.Contains([]string{"http-basic", "github-oauth", "gitlab-token", "gitlab-oauth", "bitbucket-oauth", "bearer"}, at[0]):
			c.json(content, text)
		}
	})
	return c.inOrder()
}

// mavenSecret is a password of Maven's settings on one line.
var mavenSecret = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<(password|passphrase|master)>([^<]*)<`) })

// mavenSettings finds the passwords of servers and proxies. In braces they are
// encrypted, with a master password that is mostly beside them.
func mavenSettings(_ string, content []byte) []credHit {
	c := collector{rule: ruleRegistry, severity: finding.High}
	comments := regionsOf(content, "<!--", "-->")
	for _, m := range mavenSecret().FindAllSubmatchIndex(content, maxCredHits) {
		text := strings.TrimSpace(string(content[m[4]:m[5]]))
		if text == "" || isReference(text) || slices.ContainsFunc(comments, func(r [2]int) bool { return r[0] <= m[0] && m[0] < r[1] }) {
			continue
		}
		from := m[4] + bytes.Index(content[m[4]:m[5]], []byte(text))
		h := credHit{rule: c.rule, severity: c.severity, from: from, to: from + len(text)}
		if text[0] == '{' && text[len(text)-1] == '}' {
			h.severity, h.note = finding.Low, "it is encrypted: it is as safe as Maven's master password"
		}
		c.hits = append(c.hits, h)
	}
	return c.hits
}

// regionsOf gives where texts stand that begin and end in such a way.
func regionsOf(content []byte, begin, end string) [][2]int {
	var out [][2]int
	for at := 0; ; {
		i := bytes.Index(content[at:], []byte(begin))
		if i < 0 {
			return out
		}
		n := bytes.Index(content[at+i:], []byte(end))
		if n < 0 {
			return append(out, [2]int{at + i, len(content)})
		}
		out = append(out, [2]int{at + i, at + i + n})
		at += i + n + len(end)
	}
}

// netrc finds the word after each "password".
func netrc(_ string, content []byte) []credHit {
	c := collector{rule: ruleNetrc, severity: finding.High}
	password, macro := false, false
	eachLine(content, func(at int, line string) {
		if strings.TrimSpace(line) == "" {
			macro = false
		}
		for i := 0; i < len(line) && !macro; {
			if line[i] == ' ' || line[i] == '\t' {
				i++
				continue
			}
			n := strings.IndexAny(line[i:], " \t")
			if n < 0 {
				n = len(line) - i
			}
			word := line[i : i+n]
			switch {
			case password:
				from, to := valueAt(line, i)
				to = min(to, i+n)
				c.add(at, line, from, max(from, to))
				password = false
			case word[0] == '#':
				return
			case word == "macdef":
				macro = true
			default:
				password = word == "password"
			}
			i += n
		}
	})
	return c.hits
}

// gitCredentials finds the password in each URL.
func gitCredentials(_ string, content []byte) []credHit {
	c := collector{rule: ruleGit, severity: finding.High}
	eachLine(content, func(at int, line string) {
		text := strings.TrimSpace(line)
		u, err := url.Parse(text)
		if err != nil || u.User == nil {
			return
		}
		scheme := strings.Index(line, "://")
		host := strings.LastIndexByte(line, '@')
		if scheme < 0 || host < scheme+3 {
			return
		}
		colon := strings.IndexByte(line[scheme+3:host], ':')
		if colon < 0 {
			return
		}
		c.add(at, line, scheme+3+colon+1, host)
	})
	return c.hits
}

// pgpass finds the fifth field of each line; a backslash takes the next character.
func pgpass(_ string, content []byte) []credHit {
	c := collector{rule: ruleDatabase, severity: finding.High}
	eachLine(content, func(at int, line string) {
		if strings.HasPrefix(line, "#") {
			return
		}
		field := 0
		for i := 0; i < len(line); i++ {
			switch line[i] {
			case '\\':
				i++
			case ':':
				if field++; field == 4 {
					c.add(at, line, i+1, len(line))
					return
				}
			}
		}
	})
	return c.hits
}

// passwordHash tells the hash of a password in the forms that htpasswd and crypt write.
var passwordHash = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[^\s:#]+:(\$[\w-]+\$\S+|\{SHA\}\S+|[./0-9A-Za-z]{13})$`)
})

func htpasswd(_ string, content []byte) []credHit {
	c := collector{rule: ruleHtpasswd, severity: finding.Medium}
	eachLine(content, func(at int, line string) {
		if m := passwordHash().FindStringSubmatchIndex(strings.TrimRight(line, " \t")); m != nil && len(c.hits) < maxCredHits {
			c.hits = append(c.hits, credHit{rule: c.rule, severity: c.severity, from: at + m[2], to: at + m[3]})
		}
	})
	return c.hits
}

// terraformState finds a state that holds resources: it has their attributes in
// clear, passwords among them.
func terraformState(_ string, content []byte) []credHit {
	if !bytes.Contains(content, []byte(`"resources"`)) || !bytes.Contains(content, []byte(`"attributes"`)) {
		return nil
	}
	return []credHit{{rule: ruleTerraform, severity: finding.High}}
}
