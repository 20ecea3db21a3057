package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// documented are values that a provider or a standard publishes as examples, by the
// SHA-256 of their normal form: everybody knows them, and they open nothing.
var documented = map[string]string{
	// The secret key of AWS's documentation, beside the key id that ends in EXAMPLE.
	"78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598": "it is the example key of the AWS documentation",
	// https://learn.microsoft.com/en-us/azure/storage/common/storage-use-azurite
	"ed967197261c16a9ed0205f8a5099d81ec98263c1fb47ce1d87f1b93fc199e70": "it is the published key of the Azurite storage emulator",
	// The documentation of the Azure Cosmos DB emulator.
	"eaa6a9190faf5587f487fe5170e377fa97e5efd16fd58aa80587069a2821c013": "it is the published key of the Azure Cosmos DB emulator",
	// The two test keys that stand in the API reference and the guides of Stripe.
	"2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326": "it is the example key of the Stripe documentation",
	"f2d6ca16515033e5dce14eba840b979d27b5cbae24bb3e5bf484339667f86397": "it is the example key of the Stripe documentation",
	// The token that jwt.io begins with: John Doe, 1234567890.
	"7f75367e7881255134e1375e723d1dea8ad5f6a4fdb79d938df1f1754a830606": "it is the sample token of jwt.io",
	// RFC 9500 section 2.1, the RSA key of 2048 bits.
	"dd2839ea906d948237348cefbb5fe595b2613f2d38339989aa52bbc39a129cb9": "it is a test key of RFC 9500",
}

const placeholder = "it reads like a placeholder"

// exampleSecret says why a secret that a rule found is none: it is published as an
// example, or it is a placeholder by its form. It is empty for whatever may be real;
// where the secret stands, a test or its documentation, says nothing.
func exampleSecret(rule, secret string) string {
	normal := strings.TrimRight(secret, "=")
	if rule == "private-key" {
		normal = keyBody(secret)
		if strings.Contains(normal, "...") || strings.Contains(normal, "…") {
			return placeholder // a key with parts left out opens nothing
		}
	}
	sum := sha256.Sum256([]byte(normal))
	if why := documented[hex.EncodeToString(sum[:])]; why != "" {
		return why
	}
	if rule == "private-key" {
		return ""
	}
	if len(secret) > maxPlaceholder {
		return ""
	}
	if isTemplate(secret) || hasExampleMark(secret) || isWorded(secret) || isPatterned(secret) {
		return placeholder
	}
	return ""
}

// maxPlaceholder bounds what is looked at: nobody writes longer placeholders.
const maxPlaceholder = 1024

// keyBody is what stands between the first and the last line of a PEM block, without
// white space and quotes, as strings of source code write it too.
func keyBody(pem string) string {
	if _, rest, ok := strings.Cut(pem, "KEY-----"); ok {
		pem = rest
	} else if _, rest, ok := strings.Cut(pem, "BLOCK-----"); ok {
		pem = rest
	}
	pem, _, _ = strings.Cut(pem, "-----")
	pem = strings.NewReplacer(`\r`, "", `\n`, "", `\t`, "").Replace(pem)
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("\"'`,\\", r) {
			return -1
		}
		return r
	}, pem), "=")
}

// templateForm is that of a secret that is filled in somewhere else, after a user's name or the
// name of a scheme at most: what stands behind it could be real.
var templateForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[\w.@-]{0,32}[:= ])?(?:` + strings.Join([]string{
		`\$\{[A-Za-z_][\w.:-]*\}`,            // shells, Compose, Maven
		`\$\{\{[ \w.'"\[\]-]+\}\}`,           // GitHub Actions
		`\$\([A-Za-z_][\w.-]*\)`,             // make, Azure Pipelines
		`\$[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+`,    // shells
		`\{\{[ \w.|"'-]+\}\}`,                // Jinja, Go, Mustache
		`#\{[A-Za-z_][\w.]*\}`,               // Ruby, Octopus
		`<[A-Za-z][A-Za-z0-9 _.-]*>`,         // prose
		`%\([A-Za-z_]\w*\)s`, `%[A-Z_]{3,}%`, // Python, cmd
	}, "|") + `)$`)
})

func isTemplate(secret string) bool { return templateForm().MatchString(secret) }

// exampleMark is how AWS marks keys in its documentation, at their end.
var exampleMark = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`EXAMPLE(?:KEY|TOKEN)?$`) })

func hasExampleMark(secret string) bool { return exampleMark().MatchString(secret) }

// Words of placeholders: loud ones say it, quiet ones stand beside them. A short
// word is one only between other characters than letters and digits: it turns up in
// random text by chance.
var (
	loudWords = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`example|placeholder|change[_-]?(?:me|this|it)\b|changeme|your[_-]?(?:api|app|own|access|secret|client|token|key|password|auth|private|account|bot|service|real|super|very|jwt|github|gitlab|slack|stripe|openai|aws)[a-z]{0,12}|insert[_-]?your|replace[_-]?(?:me|this|with)|not[_-]?(?:a[_-]?)?real|redacted|x{6,}|\*{4,}|\.{4,}|•{3,}|(?:^|[^a-z0-9])(?:dummy|fake|sample|your|todo|tbd|insert|xxxx?|foo|foobar|bogus|mock)(?:$|[^a-z0-9])`)
	})
	quietWords = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`api|app|own|access|secret|client|token|key|password|passwd|pass|auth|private|public|account|user|name|username|here|the|my|your|value|string|test|testing|super|very|real|goes|with|this|bearer|basic|id|org|prod|dev|live|only|for|not|me`)
	})
	prefixed   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[A-Za-z]{1,10}[_:-]){1,2}`) })
	hostOrMail = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\w.+-]*@?\bexample\.(?:com|org|net)\b`) })
)

// maxRest is how many letters and digits may be left of a placeholder once its words
// are taken out.
const maxRest = 4

// isWorded says that a secret is made of the words of a placeholder, and of hardly
// anything else: behind "example-" can stand a real one. The mark of a provider or the
// name of a user may stand before it.
func isWorded(secret string) bool {
	return saysPlaceholder(secret) || saysPlaceholder(prefixed().ReplaceAllString(secret, ""))
}

func saysPlaceholder(text string) bool {
	text = hostOrMail().ReplaceAllString(strings.ToLower(text), "")
	rest := loudWords().ReplaceAllString(text, " ")
	if rest == text {
		return false
	}
	n := 0
	for _, r := range quietWords().ReplaceAllString(rest, "") {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n <= maxRest
}

// minRun is the shortest run of letters and digits whose form means anything.
const minRun = 8

// isPatterned says that each long run of letters and digits in a secret was typed,
// not drawn: one character, a sequence, the same few characters again and again.
func isPatterned(secret string) bool {
	runs := strings.FieldsFunc(secret, func(r rune) bool { return !isAlnum(r) })
	if isUUID(runs) {
		runs = []string{strings.Join(runs, "")}
	}
	longest := 0
	for _, r := range runs {
		longest = max(longest, len(r))
	}
	if longest < minRun {
		return false
	}
	for _, r := range runs {
		if len(r) >= max(minRun, (longest+1)/2) && !isTyped(r) {
			return false
		}
	}
	return true
}

func isAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func isUUID(runs []string) bool {
	if len(runs) != 5 {
		return false
	}
	for i, n := range []int{8, 4, 4, 4, 12} {
		if len(runs[i]) != n {
			return false
		}
	}
	return true
}

func isTyped(run string) bool {
	run = strings.ToLower(run)
	return repeats(run) || isPeriodic(run) || isSequence(run) || alternates(run)
}

// repeats says that one character makes up most of a run, or two or three all of it.
func repeats(run string) bool {
	var count [256]int
	distinct, same, longest := 0, 0, 0
	for i := range len(run) {
		if count[run[i]]++; count[run[i]] == 1 {
			distinct++
		}
		if i == 0 || run[i] != run[i-1] {
			same = 0
		}
		same++
		longest = max(longest, same)
	}
	return distinct == 1 ||
		longest >= minRun && longest*3 >= len(run)*2 ||
		distinct == 2 && len(run) >= 16 ||
		distinct == 3 && len(run) >= 32
}

// isPeriodic says that a run is a short text three times over.
func isPeriodic(run string) bool {
	for period := 2; period <= 16 && period*3 <= len(run); period++ {
		if run[period:] == run[:len(run)-period] && len(run) >= 3*max(period, 4) {
			return true
		}
	}
	return false
}

// isSequence says that a run goes up or down the digits and letters, with a break at
// times: "1234567890abcdef".
func isSequence(run string) bool {
	up, down := 0, 0
	for i := 1; i < len(run); i++ {
		switch {
		case comesNext(run[i-1], run[i]):
			up++
		case comesNext(run[i], run[i-1]):
			down++
		}
	}
	pairs := len(run) - 1
	return pairs >= minRun && pairs-max(up, down) <= len(run)/8
}

// comesNext says that b comes after a; after 9 comes 0 or a, after f and z the
// beginning.
func comesNext(a, b byte) bool {
	switch a {
	case '9':
		return b == '0' || b == 'a'
	case 'f':
		return b == 'g' || b == '0'
	case 'z':
		return b == 'a' || b == '0'
	}
	return b == a+1
}

// alternates says that two sequences are shuffled into one: "a1b2c3d4e5f6".
func alternates(run string) bool {
	var even, odd []byte
	for i := range len(run) {
		if i%2 == 0 {
			even = append(even, run[i])
		} else {
			odd = append(odd, run[i])
		}
	}
	return len(odd) >= 5 && goesUp(even) && goesUp(odd)
}

func goesUp(part []byte) bool {
	breaks := 0
	for i := 1; i < len(part); i++ {
		if !comesNext(part[i-1], part[i]) {
			breaks++
		}
	}
	return breaks <= len(part)/8
}
