package secrets

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
)

// hitLines writes hits as lines: rule, severity, what was found.
func hitLines(content []byte, hits []credHit) []string {
	var out []string
	for _, h := range hits {
		text := "(all)"
		if h.from < h.to {
			text = h.secret(content)
		}
		out = append(out, fmt.Sprintf("%s %s %s", h.rule, h.severity, text))
	}
	return out
}

func TestCredentialFiles(t *testing.T) {
	p1, p2 := "q7Rb2X"+"cV9kLm", "T4wZs8"+"YhN3pQ" // made-up passwords
	for name, test := range map[string]struct {
		file, content string
		want          []string
	}{
		"a token of npm":               {"root/.npmrc", "registry=https://r.example.com\n//r.example.com/:_authToken=" + p1 + "\n", []string{"secrets/package-registry high " + p1}},
		"npm's token by reference":     {"root/.npmrc", "//r.example.com/:_authToken=${NPM_TOKEN}\n_auth=\n; _password=" + p1, nil},
		"npm's password of one place":  {"app/.npmrc", "//r.example.com/:_password=\"" + p1 + "\"\r\n_auth = " + p2, []string{"secrets/package-registry high " + p1, "secrets/package-registry high " + p2}},
		"a password with a dollar":     {"root/.my.cnf", "password=$ecretPassw0rd\n", []string{"secrets/database-password high $ecretPassw0rd"}},
		"a password by reference":      {"root/.my.cnf", "password=$PASSWORD\npassword=${pw}\n", nil},
		"a placeholder of npm":         {"root/.npmrc", "//r.example.com/:_authToken=your-token-here\n", []string{"secrets/package-registry info your-token-here"}},
		"a password in netrc":          {"root/.netrc", "machine a.example.com login me password " + p1 + "\ndefault\n login x\n password " + p2 + "\n", []string{"secrets/netrc high " + p1, "secrets/netrc high " + p2}},
		"a macro in netrc":             {"root/.netrc", "macdef init\n password " + p1 + "\n\nmachine a login b password " + p2, []string{"secrets/netrc high " + p2}},
		"netrc without passwords":      {"root/.netrc", "machine a.example.com login me\n# password x\n", nil},
		"an upload password of PyPI":   {"root/.pypirc", "[pypi]\nusername = __token__\npassword: " + p1 + "\n# password = x\n", []string{"secrets/package-registry high " + p1}},
		"a login of a registry":        {"root/.docker/config.json", `{"auths":{"r.example.com":{"auth":"` + p1 + `"},"b":{"identitytoken":"` + p2 + `"}}}`, []string{"secrets/docker-config high " + p1, "secrets/docker-config high " + p2}},
		"a helper keeps the login":     {"root/.docker/config.json", `{"auths":{"r.example.com":{}},"credsStore":"desktop","HttpHeaders":{"auth":"x"}, "email":"a"}`, nil},
		"an old login of a registry":   {"root/.dockercfg", `{"https://index.docker.io/v1/":{"auth":"` + p1 + `","email":"a@b"}}`, []string{"secrets/docker-config high " + p1}},
		"some other config.json":       {"app/config.json", `{"auths":{"r":{"auth":"` + p1 + `"}}}`, nil},
		"a broken login":               {"root/.docker/config.json", `{"auths":`, nil},
		"a login of git":               {"root/.git-credentials", "https://me:" + p1 + "@github.com\nhttps://me@b.example.com\nnot a url %%\n", []string{"secrets/git-credentials high " + p1}},
		"a login of gh":                {"root/.config/gh/hosts.yml", "github.com:\n    user: me\n    oauth_token: " + p1 + "\n", []string{"secrets/git-credentials high " + p1}},
		"a login of glab":              {"root/.config/glab-cli/config.yml", "hosts:\n  gitlab.com:\n    token: " + p1 + "\n    api_protocol: https\n", []string{"secrets/git-credentials high " + p1}},
		"passwords of PostgreSQL":      {"root/.pgpass", "# a:b:c:d:e\ndb:5432:*:me:" + p1 + "\nd\\:b:1:a:b:" + p2 + "\nshort:line\n", []string{"secrets/database-password high " + p1, "secrets/database-password high " + p2}},
		"a password of MySQL":          {"root/.my.cnf", "[client]\nuser=me\npassword=\"" + p1 + "\"\n", []string{"secrets/database-password high " + p1}},
		"hashes of passwords":          {"etc/nginx/.htpasswd", "me:$apr1$abc$" + p1 + "\nyou:{SHA}" + p2 + "\n# no\nplain\n", []string{"secrets/htpasswd medium $apr1$abc$" + p1, "secrets/htpasswd medium {SHA}" + p2}},
		"a history":                    {"root/.bash_history", "mysql -p\n", []string{"secrets/shell-history medium (all)"}},
		"an empty history":             {"root/.bash_history", "\n \n", nil},
		"a history of fish":            {"root/.local/share/fish/fish_history", "- cmd: ls\n", []string{"secrets/shell-history medium (all)"}},
		"keys of AWS":                  {"root/.aws/credentials", "[default]\naws_access_key_id = AKIA\naws_secret_access_key = " + p1 + "\n", []string{"secrets/cloud-credentials critical " + p1}},
		"a profile of AWS":             {"root/.aws/config", "[default]\nregion = eu-west-1\n", nil},
		"credentials of somewhere":     {"srv/credentials", "aws_secret_access_key = " + p1, nil},
		"a login of gcloud":            {"root/.config/gcloud/application_default_credentials.json", `{"type":"authorized_user","client_id":"a","refresh_token":"` + p1 + `"}`, []string{"secrets/cloud-credentials critical " + p1}},
		"the database of gcloud":       {"root/.config/gcloud/credentials.db", "SQLite format 3\x00\x01", []string{"secrets/cloud-credentials critical (all)"}},
		"tokens of Azure":              {"root/.azure/msal_token_cache.json", `{"RefreshToken":{"a":{"secret":"` + p1 + `"}},"Account":{}}`, []string{"secrets/cloud-credentials critical " + p1}},
		"a passphrase of Oracle":       {"root/.oci/config", "[DEFAULT]\nkey_file=~/.oci/k.pem\npass_phrase=" + p1, []string{"secrets/cloud-credentials high " + p1}},
		"a login of a cluster":         {"root/.kube/config", "users:\n- name: a\n  user:\n    client-key-data: " + p1 + "\n- name: b\n  user: {token: \"" + p2 + "\"}\n", []string{"secrets/kubeconfig critical " + p1, "secrets/kubeconfig critical " + p2}},
		"a login by a command":         {"root/.kube/config", "users:\n- name: a\n  user:\n    exec:\n      command: aws\n    tokenFile: /x\n    token: \"\"\n", nil},
		"a login of a node":            {"etc/kubernetes/admin.conf", "    client-key-data: " + p1 + "\n", []string{"secrets/kubeconfig critical " + p1}},
		"a token of a service account": {"var/run/secrets/kubernetes.io/serviceaccount/token", p1 + "\n", []string{"secrets/service-account-token critical " + p1}},
		"a token of Vault":             {"root/.vault-token", p1, []string{"secrets/vault-token critical " + p1}},
		"no token of Vault":            {"root/.vault-token", "\n", nil},
		"a login of Terraform":         {"root/.terraform.d/credentials.tfrc.json", `{"credentials":{"app.terraform.io":{"token":"` + p1 + `"}}}`, []string{"secrets/terraform critical " + p1}},
		"the old login of Terraform":   {"root/.terraformrc", "credentials \"app.terraform.io\" {\n  token = \"" + p1 + "\"\n}\n", []string{"secrets/terraform critical " + p1}},
		"a state of Terraform":         {"srv/terraform.tfstate", `{"version":4,"resources":[{"instances":[{"attributes":{}}]}]}`, []string{"secrets/terraform high (all)"}},
		"an empty state":               {"srv/terraform.tfstate", `{"version":4,"resources":[]}`, nil},
		"a token of Cargo":             {"root/.cargo/credentials.toml", "[registry]\ntoken = \"" + p1 + "\"\n", []string{"secrets/package-registry high " + p1}},
		"a key of RubyGems":            {"root/.gem/credentials", "---\n:rubygems_api_key: " + p1 + "\n", []string{"secrets/package-registry high " + p1}},
		"tokens of Composer":           {"root/.composer/auth.json", `{"http-basic":{"r":{"username":"me","password":"` + p1 + `"}},"github-oauth":{"github.com":"` + p2 + `"},"other":{"a":"b"}}`, []string{"secrets/package-registry high " + p1, "secrets/package-registry high " + p2}},
		"passwords of Maven":           {"root/.m2/settings.xml", "<server><password>" + p1 + "</password></server><!-- <password>x</password> --><password>${env.P}</password><password>{" + p2 + "=}</password>", []string{"secrets/package-registry high " + p1, "secrets/package-registry low {" + p2 + "=}"}},
		"passwords of Gradle":          {"root/.gradle/gradle.properties", "org.gradle.jvmargs=-Xmx1g\nnexusPassword=" + p1 + "\n#xToken=a\n", []string{"secrets/package-registry high " + p1}},
		"a file of no name":            {"srv/app", "password=" + p1, nil},
		"a text with escapes in JSON":  {"root/.dockercfg", `{"r":{"auth":"a\u0041` + p1 + `"}}`, []string{"secrets/docker-config high (all)"}},
	} {
		content := []byte(test.content)
		if diff := cmp.Diff(test.want, hitLines(content, credentialFiles(test.file, content))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPrivateKeyFiles(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	openssh := func(cipher string) []byte {
		b := append([]byte("openssh-key-v1\x00"), 0, 0, 0, byte(len(cipher)))
		return block("OPENSSH PRIVATE KEY", append(append(b, cipher...), make([]byte, 100)...))
	}
	for name, test := range map[string]struct {
		file    string
		content []byte
		want    finding.Severity // Unknown for none
		note    string
	}{
		"a key":                             {"etc/ssl/private/server.key", block("PRIVATE KEY", pkcs8), finding.Critical, ""},
		"a key after its certificate":       {"srv/both.pem", append(block("CERTIFICATE", spki), block("EC PRIVATE KEY", sec1)...), finding.Critical, ""},
		"a key with a passphrase":           {"srv/a.pem", block("ENCRYPTED PRIVATE KEY", pkcs8), finding.Medium, noteEncrypted},
		"a key of OpenSSH":                  {"root/.ssh/id_ed25519", openssh("none"), finding.Critical, ""},
		"a key of OpenSSH of another name":  {"home/me/.ssh/deploy", openssh("none"), finding.Critical, ""},
		"such a key with a passphrase":      {"root/.ssh/id_ed25519", openssh("aes256-ctr"), finding.Medium, noteEncrypted},
		"a host key":                        {"etc/ssh/ssh_host_ed25519_key", openssh("none"), finding.Critical, noteHostKey},
		"the public half of a host key":     {"etc/ssh/ssh_host_ed25519_key.pub", []byte("ssh-ed25519 AAAA"), finding.Unknown, ""},
		"a certificate":                     {"srv/a.pem", block("CERTIFICATE", spki), finding.Unknown, ""},
		"a public key":                      {"srv/a.key", block("PUBLIC KEY", spki), finding.Unknown, ""},
		"a binary key":                      {"srv/a.der", pkcs8, finding.Critical, ""},
		"a binary key of a curve":           {"srv/a.key", sec1, finding.Critical, ""},
		"a binary public key":               {"srv/a.der", spki, finding.Unknown, ""},
		"a cut binary key":                  {"srv/a.der", pkcs8[:len(pkcs8)-1], finding.Unknown, ""},
		"a key of PuTTY":                    {"srv/a.ppk", []byte("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"), finding.Critical, ""},
		"a key of PuTTY with a passphrase":  {"srv/a.ppk", []byte("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n"), finding.Medium, noteEncrypted},
		"hosts that somebody knows":         {"root/.ssh/known_hosts", []byte("a ssh-rsa AAAA"), finding.Unknown, ""},
		"a key without an end":              {"srv/a.pem", []byte("-----BEGIN " + "PRIVATE KEY-----\nMIIE"), finding.Unknown, ""},
		"a key in a file of no such name":   {"srv/notes", block("PRIVATE KEY", pkcs8), finding.Unknown, ""},
		"a text that begins like a binary":  {"srv/a.key", []byte("0" + strings.Repeat("a", 60)), finding.Unknown, ""},
		"a device's file with one line":     {"srv/id_list", []byte("1\n"), finding.Unknown, ""},
		"a key of GnuPG":                    {"srv/a.key", []byte("-----BEGIN PGP " + "PRIVATE KEY BLOCK-----\nabc\n-----END PGP " + "PRIVATE KEY BLOCK-----"), finding.Critical, ""},
		"two keys in one file, told apiece": {"srv/a.pem", append(block("PRIVATE KEY", pkcs8), block("EC PRIVATE KEY", sec1)...), finding.Critical, ""},
	} {
		hits := credentialFiles(test.file, test.content)
		got, note := finding.Unknown, ""
		if len(hits) > 0 {
			got, note = hits[0].severity, hits[0].note
		}
		if got != test.want || note != test.note {
			t.Errorf("%s: got %s %q, want %s %q", name, got, note, test.want, test.note)
		}
		if strings.HasPrefix(name, "two") && len(hits) != 2 {
			t.Errorf("%s: got %d", name, len(hits))
		}
	}
}

// javaStore makes a Java keystore of entries of such kinds.
func javaStore(magic, version uint32, tags ...uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, magic)
	b = binary.BigEndian.AppendUint32(b, version)
	b = binary.BigEndian.AppendUint32(b, uint32(len(tags)))
	for _, tag := range tags {
		b = binary.BigEndian.AppendUint32(b, tag)
		b = append(b, 0, 5)
		b = append(b, "alias"...)
		b = append(b, make([]byte, 8)...)
		if tag == 2 && version == 2 {
			b = append(b, 0, 5)
			b = append(b, "X.509"...)
		}
		b = binary.BigEndian.AppendUint32(b, 9)
		b = append(b, "some data"...)
	}
	return append(b, make([]byte, 20)...)
}

func TestKeystores(t *testing.T) {
	p12 := []byte{0x30, 0x82, 0x09, 0x00, 0x02, 0x01, 0x03, 0x30, 0x82, 0, 0, 0, 0, 0, 0, 0, 0}
	for name, test := range map[string]struct {
		file    string
		content []byte
		want    bool
	}{
		"a keystore with a key":             {"srv/app.jks", javaStore(magicJKS, 2, 1), true},
		"a key behind certificates":         {"srv/app.keystore", javaStore(magicJKS, 2, 2, 2, 1), true},
		"certificates only":                 {"srv/app.jks", javaStore(magicJKS, 2, 2, 2), false},
		"certificates only, the old form":   {"srv/app.jks", javaStore(magicJKS, 1, 2), false},
		"a secret key":                      {"srv/app.jceks", javaStore(magicJCEKS, 2, 3), true},
		"a store that ends too soon":        {"srv/app.jks", javaStore(magicJKS, 2, 2, 2)[:40], true},
		"the authorities of Java":           {"opt/java/lib/security/cacerts", javaStore(magicJKS, 2, 1), false},
		"a trust store":                     {"srv/truststore.jks", javaStore(magicJKS, 2, 1), false},
		"PKCS #12 by another name":          {"srv/app.keystore", p12, true},
		"PKCS #12 is the engine's own rule": {"srv/app.p12", p12, false},
		"something else":                    {"srv/app.jks", []byte("not a keystore at all"), false},
	} {
		if got := len(credentialFiles(test.file, test.content)) == 1; got != test.want {
			t.Errorf("%s: found %v, want %v", name, got, test.want)
		}
	}
}

func TestCredentialHits(t *testing.T) {
	content := []byte("a\n_auth=" + "q7Rb2XcV9kLm" + "\n" + pemOf("PRIVATE KEY", "", "MIIE"))
	p := &pass{Scanner: &Scanner{mask: strings.TrimSpace}, native: &native{rules: &ruleSet{}}}
	for name, test := range map[string]struct {
		hit    credHit
		region [4]int
		text   string
	}{
		"a value on a line":      {credHit{rule: ruleRegistry, from: 8, to: 20}, [4]int{2, 7, 2, 19}, "The image holds the token of a package registry"},
		"a key over some lines":  {credHit{rule: rulePrivateKey, from: 21, to: len(content) - 1, note: noteHostKey}, [4]int{3, 1, 5, 26}, "The image holds a private key; " + noteHostKey},
		"what is found as whole": {credHit{rule: ruleHistory}, [4]int{}, "The image holds the history of a shell"},
	} {
		if diff := cmp.Diff(test.region, test.hit.region(content)); diff != "" {
			t.Errorf("%s: region (-want +got):\n%s", name, diff)
		}
		if got := p.base(record{Rule: test.hit.rule, Why: test.hit.note}).Message; got != test.text {
			t.Errorf("%s: message %q, want %q", name, got, test.text)
		}
	}
}

func TestCredentialFilesAreBounded(t *testing.T) {
	many := strings.Repeat("_authToken="+"q7Rb2XcV9kLm\n", 100_000)
	if got := len(credentialFiles("root/.npmrc", []byte(many))); got != maxCredHits {
		t.Errorf("got %d hits, want %d", got, maxCredHits)
	}
	deep := strings.Repeat(`{"a":`, 9_000) + `"x"` + strings.Repeat("}", 9_000)
	if got := credentialFiles("root/.dockercfg", []byte(deep)); got != nil {
		t.Errorf("got %v", got)
	}
	keys := strings.Repeat(pemOf("PRIVATE KEY", "", base64.StdEncoding.EncodeToString(make([]byte, 60))), 100)
	if got := len(credentialFiles("srv/a.pem", []byte(keys))); got != maxKeys {
		t.Errorf("got %d keys, want %d", got, maxKeys)
	}
	begins := strings.Repeat("-----BEGIN "+"PRIVATE KEY-----\n", 40_000)
	if got := credentialFiles("srv/a.pem", []byte(begins)); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestCredentialRules(t *testing.T) {
	known := make(map[string]finding.Severity)
	for _, r := range credentialRules() {
		if r.Title == "" || r.Page.Text == "" || !strings.HasPrefix(r.ID, "secrets/") || r.Scanner != finding.Secrets || known[r.ID] != 0 {
			t.Errorf("rule %q is not complete", r.ID)
		}
		known[r.ID] = r.Severity
	}
	for _, k := range credKinds {
		if k.find == nil || len(k.names) == 0 {
			t.Errorf("kind %v is not complete", k.names)
		}
	}
	if isCredentialName("srv/app.go") || !isCredentialName(".npmrc") || !isCredentialName("root/.ssh/id_rsa") {
		t.Error("isCredentialName tells the wrong files")
	}
}

func FuzzCredentialFiles(f *testing.F) {
	names := []string{"x.pem", "x.jks", ".ssh/id_rsa", ".m2/settings.xml", ".composer/auth.json"}
	for _, k := range credKinds {
		names = append(names, strings.TrimPrefix(k.dir+"/"+k.names[0], "/"))
	}
	seeds := []string{
		"a: b\npassword = c\n_auth=d\n", `{"auths":{"a":{"auth":"b"}},"token":"c","refresh_token":"d"}`, "machine a login b password c",
		"https://a:b@c", "a:b:c:d:e", pemOf("PRIVATE KEY", "", "MIIE"), string(javaStore(magicJKS, 2, 2, 1)), "0\x82\x00\x10\x02\x01\x03\x300000000000000000",
		"<password>a</password><!-- <password>", "token: |\n x", "\xff\xfe\x00", "a:$apr1$b$c",
	}
	for i := range names {
		for _, s := range seeds {
			f.Add(i, []byte(s))
		}
	}
	rules := make(map[string]bool)
	for _, r := range credRules {
		rules[r.id] = true
	}
	f.Fuzz(func(t *testing.T, n int, content []byte) {
		file := names[uint(n)%uint(len(names))]
		hits := credentialFiles(file, bytes.Clone(content))
		if len(hits) > maxCredHits {
			t.Fatalf("%d hits", len(hits))
		}
		for _, h := range hits {
			if !rules[h.rule] || h.severity == finding.Unknown || h.from < 0 || h.from > h.to || h.to > len(content) {
				t.Fatalf("hit %+v in %d bytes", h, len(content))
			}
		}
	})
}
