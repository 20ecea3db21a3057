package secrets

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestDocumentedExamples(t *testing.T) {
	const generic = "generic-api-key"
	jwt := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"1234567890","name":"John Doe","iat":1516239022}`)) +
		".SflKxwRJSMeKKF2QT4fw" + "pMeJf36POk6yJV_adQssw5c"
	for name, test := range map[string]struct{ rule, secret, want string }{
		"the secret key of AWS":            {generic, "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCY" + "EXAMPLEKEY", "AWS"},
		"the key of Azurite":               {generic, "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUz" + "FT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "Azurite"},
		"without its padding":              {generic, "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUz" + "FT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw", "Azurite"},
		"the key of the Cosmos emulator":   {generic, "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2" + "nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==", "Cosmos"},
		"a test key of Stripe's documents": {"stripe-access-token", "sk_" + "test_4eC39HqLyjWD" + "arjtT1zdp7dc", "Stripe"},
		"the other":                        {"stripe-access-token", "sk_" + "test_BQokikJOvBiI" + "2HlWgH4olfQ2", "Stripe"},
		"the token of jwt.io":              {"jwt", jwt, "jwt.io"},
		"another of AWS by its end":        {generic, "je7MtGbClwBF/2Zp9Utk/" + "h3yCo8nvb" + "EXAMPLEKEY", "placeholder"},
	} {
		if got := exampleSecret(test.rule, test.secret); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %q in it", name, got, test.want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for _, secret := range []string{
		"1234567890abcdef", "abcdefghijklmnopqrstuvwxyz", "0123456789abcdef0123456789abcdef", "fedcba9876543210",
		"abcd1234abcd1234abcd1234", "deadbeefdeadbeefdeadbeef", "a1b2c3d4e5f6g7h8", "ABCDEFGHIJ1234567890",
		"00000000-0000-0000-0000-000000000000", "12345678-1234-1234-1234-123456789012",
		"ghp_" + strings.Repeat("x", 36), "AKIA" + strings.Repeat("X", 16), "xxxxxxxxxxxxxxxx", "****************",
		"https://hooks.slack.com/services/T00000000/B00000000/" + strings.Repeat("X", 24),
		"your-api-key-here", "YOUR_API_KEY", "your_access_token", "<your-token>", "<API KEY>", "insert-your-key-here",
		"changeme", "change-me", "changeit", "user:changeme", "replace_me_with_token", "example-token", "dummy-token", "fake_key", "my-example-secret-key",
		"sk-proj-your-api-key-here", "ghp_your_token_here", "placeholder", "not-a-real-key", "REDACTED",
		"${API_TOKEN}", "$DB_PASSWORD", "$(TOKEN)", "${{ secrets.TOKEN }}", "{{ vault_password }}", "%(password)s", "%TOKEN%", "admin:${PASSWORD}", "Bearer ${TOKEN}",
	} {
		if exampleSecret("generic-api-key", secret) == "" {
			t.Errorf("%q is called real", secret)
		}
	}
}

func TestRealSecretsAreNoExamples(t *testing.T) {
	real := "q7Rb2XcV9" + "kLmT4wZs8YhN3"
	for name, secret := range map[string]string{
		"a random text behind a loud word":     "example-" + real,
		"a random text before one":             real + "-example",
		"a password at an example domain":      "user@example.com:" + "hunter2pass",
		"an address with a password":           "https://user:" + real + "@api.example.com/",
		"a password behind a user's reference": "${USER}:" + "hunter2",
		"a password that begins with a dollar": "$ecretPassw0rd",
		"a sequence and a random part":         "1234567890-" + real,
		"zeros and a random part":              "00000000" + "-" + real,
		"words only":                           "correct-horse-battery-staple",
		"a test path":                          "testdata/" + real,
		"half of a sequence":                   "12345678" + "q7Rb2XcV",
		"words of a password":                  "secret-token-" + real,
	} {
		if why := exampleSecret("generic-api-key", secret); why != "" {
			t.Errorf("%s: %q is called an example: %s", name, secret, why)
		}
	}
}

func TestKeysAreExamplesByTheirBodyOnly(t *testing.T) {
	body := "MIIEowIBAAKCAQEA" + strings.Repeat("q7Rb2XcV9kLmT4wZ", 8)
	for name, test := range map[string]struct {
		pem  string
		want bool
	}{
		"a key":                        {pemOf("RSA PRIVATE KEY", "", body), false},
		"a key that is named a test":   {pemOf("RSA PRIVATE KEY", "Comment: test example\n", body), false},
		"a key with parts left out":    {pemOf("RSA PRIVATE KEY", "", body[:32]+"..."+body[40:]), true},
		"a key in a string of a code":  {strings.ReplaceAll(pemOf("PRIVATE KEY", "", body), "\n", `\n`), false},
		"an elided key in such string": {strings.ReplaceAll(pemOf("PRIVATE KEY", "", "MIIE..."), "\n", `\n`), true},
	} {
		if got := exampleSecret("private-key", test.pem) != ""; got != test.want {
			t.Errorf("%s: example %v, want %v", name, got, test.want)
		}
	}
	one := keyBody(pemOf("RSA PRIVATE KEY", "", "MIIE\nowIB"))
	for _, form := range []string{"MIIE\r\nowIB", "MIIE\\nowIB", "  MIIE\n  owIB", "MIIE\",\n\"owIB"} {
		if got := keyBody(pemOf("RSA PRIVATE KEY", "", form)); got != one {
			t.Errorf("keyBody of %q is %q, not %q", form, got, one)
		}
	}
}

// TestRandomTokensAreNoExamples draws tokens of every alphabet that providers use. The
// generator is seeded: the test says the same each time.
func TestRandomTokensAreNoExamples(t *testing.T) {
	const upper, lower, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
	printable := make([]byte, 0, 94)
	for c := byte('!'); c <= '~'; c++ {
		printable = append(printable, c)
	}
	alphabets := map[string]string{
		"digits": digits, "hex": digits + "abcdef", "HEX": digits + "ABCDEF", "base32": upper + "234567",
		"lower": lower, "upper": upper, "lower and digits": lower + digits, "letters": lower + upper,
		"letters and digits": lower + upper + digits, "base64": lower + upper + digits + "+/", "base64url": lower + upper + digits + "-_",
		"printable": string(printable),
	}
	rng := rand.New(rand.NewPCG(20, 25))
	draw := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(b)
	}
	n := 5_000
	if testing.Short() {
		n = 1_000
	}
	for _, name := range []string{
		"digits", "hex", "HEX", "base32", "lower", "upper", "lower and digits", "letters", "letters and digits", "base64", "base64url", "printable",
	} {
		for i := range n {
			length := 12 + rng.IntN(60)
			secret := draw(alphabets[name], length)
			switch i % 4 {
			case 1:
				secret = "ghp_" + secret
			case 2:
				secret = fmt.Sprintf("%s:%s", draw(lower, 6), secret)
			case 3:
				secret = fmt.Sprintf("%s-%s-%s", draw(digits, 11), draw(digits, 12), secret)
			}
			if why := exampleSecret("generic-api-key", secret); why != "" {
				t.Fatalf("%s: random %q is called an example: %s", name, secret, why)
			}
		}
	}
}

func FuzzExampleSecret(f *testing.F) {
	for _, seed := range []string{"", "change-me", "1234567890abcdef", "${A}", pemOf("PRIVATE KEY", "", "MIIE..."), "\xff\xfe", strings.Repeat("x", 2000)} {
		f.Add("generic-api-key", seed)
		f.Add("private-key", seed)
	}
	f.Fuzz(func(t *testing.T, rule, secret string) {
		severity, why := judge(rule, severityOf(rule), secret)
		if severity > severityOf(rule) || (why == "") != (severity == severityOf(rule)) && severityOf(rule) > severity {
			t.Errorf("judge gives %s with the reason %q", severity, why)
		}
	})
}
