package secrets_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/config"
)

// sample is a made-up secret as it would stand in a file. Samples are generated,
// never written down: this repository is scanned by itself.
type sample struct {
	rule, path, text string
}

var ruleBlock = regexp.MustCompile(`(?s)\[\[rules\]\]\nid = "([^"]+)"(.*?)(?:\n\[\[rules\]\]|\z)`)

// samples makes n texts for every content rule of the default configuration. Not
// all of them are found: some have too little entropy, some are allowed.
func samples(t testing.TB, rng *rand.Rand, n int) []sample {
	t.Helper()
	paths := map[string]string{
		"freemius-secret-key": "a.php", "hashicorp-tf-password": "main.tf",
		"kubernetes-secret-yaml": "s.yaml", "nuget-config-password": "nuget.config",
	}
	var out []sample
	text := config.DefaultConfig
	for text != "" {
		at := ruleBlock.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		id, body := text[at[2]:at[3]], text[at[4]:at[5]]
		text = text[at[5]:]
		_, expr, ok := strings.Cut(body, "regex = '''")
		if !ok {
			continue
		}
		expr, _, _ = strings.Cut(expr, "'''")
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		path := paths[id]
		if path == "" {
			path = "conf.txt"
		}
		for range n {
			var b strings.Builder
			generate(&b, re, rng)
			out = append(out, sample{id, path, b.String()})
		}
	}
	if len(out) < 150*n {
		t.Fatalf("only %d samples", len(out))
	}
	return out
}

// generate writes a text that the expression takes.
func generate(b *strings.Builder, re *syntax.Regexp, rng *rand.Rand) {
	times := func(least, most int) {
		for range least + rng.IntN(most-least+1) {
			generate(b, re.Sub[0], rng)
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(runeOf(re.Rune, rng))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(byte('a' + rng.IntN(26)))
	case syntax.OpCapture:
		generate(b, re.Sub[0], rng)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			generate(b, sub, rng)
		}
	case syntax.OpAlternate:
		generate(b, re.Sub[rng.IntN(len(re.Sub))], rng)
	case syntax.OpQuest:
		times(0, 1)
	case syntax.OpStar:
		times(0, 4)
	case syntax.OpPlus:
		times(1, 12)
	case syntax.OpRepeat:
		most := re.Min + 3
		if re.Max >= 0 {
			most = min(re.Max, most)
		}
		times(re.Min, most)
	}
}

func runeOf(ranges []rune, rng *rand.Rand) rune {
	var all []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := max(ranges[i], ' '); r <= min(ranges[i+1], '~'); r++ {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return ranges[0]
	}
	return all[rng.IntN(len(all))]
}

// word gives n letters and digits.
func word(rng *rand.Rand, n int) string { return from(rng, n, letters+"0123456789") }

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func from(rng *rand.Rand, n int, set string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = set[rng.IntN(len(set))]
	}
	return string(b)
}

// awsKey is a key id alone; its rule wants no word beside it.
func awsKey(rng *rand.Rand) string {
	return "AK" + "IA" + from(rng, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

func githubToken(rng *rand.Rand) string { return "gh" + "p_" + word(rng, 36) }

func slackToken(rng *rand.Rand) string {
	return "xox" + "b-" + from(rng, 12, "0123456789") + "-" + from(rng, 12, "0123456789") + word(rng, 24)
}

func jwt(rng *rand.Rand) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(`{"sub":"`+word(rng, 12)+`"}`) + "." + word(rng, 43)
}

func genericKey(rng *rand.Rand) string { return "api_" + `key = "` + word(rng, 32) + `"` }

// privateKey is a key of several lines.
func privateKey(rng *rand.Rand, lines int, newline string) string {
	var b strings.Builder
	b.WriteString("-----BEGIN RSA " + "PRIVATE KEY-----" + newline)
	for range lines {
		b.WriteString(word(rng, 64) + newline)
	}
	b.WriteString("-----END RSA " + "PRIVATE KEY-----" + newline)
	return b.String()
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func unicodeEscapes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\u%04x`, s[i])
	}
	return b.String()
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }

// encodings are the ways to write a secret that the engine undoes.
var encodings = []struct {
	name   string
	encode func(string) string
}{
	{"base64", base64Of},
	{"base64url", func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) }},
	{"hex", hexOf},
	{"percent", percent},
	{"unicode", unicodeEscapes},
}
