package secrets

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func readProjectFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func newMask(t testing.TB) func(string) string {
	t.Helper()
	return NewMasker()
}

func TestNoSecretSurvivesTheMasker(t *testing.T) {
	mask := newMask(t)
	all := fakes(t, 11, 1)
	if len(all) < 200 {
		t.Fatalf("only %d fakes", len(all))
	}
	contexts := map[string]func(fake) string{
		"alone":        func(f fake) string { return f.text },
		"long text":    func(f fake) string { return filler(0, 3000) + "\n" + f.text + "\n" + filler(1, 200_000) },
		"several":      func(f fake) string { return f.text + "\n" + f.text + "\n" + all[0].text + "\n" + f.text },
		"windows text": func(f fake) string { return "a\r\n" + f.text + "\r\nb" },
	}
	for name, around := range contexts {
		for _, f := range all {
			text := around(f)
			masked := mask(text)
			if strings.Contains(masked, f.secret) {
				t.Errorf("%s: a secret of %s survives", name, f.rule)
			}
			if twice := mask(masked); twice != masked {
				t.Errorf("%s: masking %s twice gives another text", name, f.rule)
			}
			if name == "long text" {
				break // one is enough
			}
		}
	}
}

func TestMasker(t *testing.T) {
	mask := newMask(t)
	token := "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	tests := map[string]struct{ text, want string }{
		"nothing to hide":                  {"FROM debian:12", "FROM debian:12"},
		"in a URL":                         {"https://u:" + token + "@example.com/a.git", "https://u:ghp_…@example.com/a.git"},
		"in a sentence":                    {"the token " + token + ", they say", "the token ghp_…, they say"},
		"longer than its rule expects":     {"a " + token + "EXTRA b", "a ghp_… b"},
		"an allow comment helps nothing":   {token + " # gitleaks:allow", "ghp_… # gitleaks:allow"},
		"a path that scans leave out":      {"node_modules/" + token + "/x", "node_modules/ghp_…/x"},
		"encoded":                          {"x: " + base64.StdEncoding.EncodeToString([]byte("token="+token+" ")) + " y", "x: … y"},
		"a key that is cut off":            {"see -----BEG" + "IN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq", "see -----BEGIN…"},
		"a constant token shows its start": {"bedrock-api-" + "key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249", "bedrock-api-key-…"},
		"empty":                            {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := mask(tt.text)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if again := mask(got); again != got {
				t.Errorf("masked again: %q", again)
			}
		})
	}
}

func TestMaskingTwiceIsMaskingOnce(t *testing.T) {
	mask := newMask(t)
	all := fakes(t, 12, 1)
	words := []string{"password", "token=", "api_key: ", "\"", "'", " ", "\n", "…", "-u ", "curl ", "==", "-----BEGIN", "%41", "/"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				f := rapid.SampledFrom(all).Draw(t, "fake")
				b.WriteString(f.text[:rapid.IntRange(0, len(f.text)).Draw(t, "cut")])
			case 1:
				b.WriteString(rapid.StringMatching(`[\w.=+/-]{0,40}`).Draw(t, "token"))
			default:
				b.WriteString(rapid.SampledFrom(words).Draw(t, "word"))
			}
		}
		once := mask(b.String())
		if twice := mask(once); twice != once {
			t.Fatalf("once %q, twice %q", once, twice)
		}
	})
}

func TestMaskerIsSafeForConcurrentUse(t *testing.T) {
	mask := newMask(t)
	token := "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if got := mask("token " + token); got != "token ghp_…" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzMasker(f *testing.F) {
	for _, fake := range fakes(f, 13, 1, "aws-access-token", "github-pat", "private-key", "curl-auth-user", "generic-api-key", "jwt") {
		f.Add(fake.text)
	}
	f.Add("%6bey=%41%42 \\u0041 U+0041 api_key: …")
	mask := newMask(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		once := mask(text)
		if twice := mask(once); twice != once {
			t.Errorf("once %q, twice %q", once, twice)
		}
	})
}
