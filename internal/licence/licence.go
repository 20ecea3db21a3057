// Package licence knows the licences of SPDX and how expressions are made of them.
package licence

import (
	_ "embed"
	"strings"
	"sync"
)

// The lists of SPDX, an identifier a line, deprecated ones with them: they still
// name what they named. They are those of the npm packages spdx-license-ids 3.0.24
// and spdx-exceptions 2.5.0.
var (
	//go:embed spdx-licences.txt
	licenceList string
	//go:embed spdx-exceptions.txt
	exceptionList string

	licences   = sync.OnceValue(func() map[string]string { return foldedLines(licenceList) })
	exceptions = sync.OnceValue(func() map[string]string { return foldedLines(exceptionList) })
)

// foldedLines gives identifiers as the list writes them by their lower case.
func foldedLines(list string) map[string]string {
	lines := make(map[string]string)
	for id := range strings.Lines(list) {
		id = strings.TrimSpace(id)
		lines[strings.ToLower(id)] = id
	}
	return lines
}

// Canonical gives a valid expression as SPDX writes it: identifiers in the case of its
// lists, operators in upper case, single spaces. It is false for what is not valid.
func Canonical(text string) (string, bool) {
	if !Valid(text) {
		return "", false
	}
	words := licenceWords(text)
	for n, word := range words {
		id := strings.ToLower(word)
		base, later := strings.CutSuffix(id, "+")
		switch {
		case n > 0 && words[n-1] == "WITH":
			words[n] = orAsItIs(exceptions()[id], word)
		case isOperator(word, "AND"), isOperator(word, "OR"), isOperator(word, "WITH"):
			words[n] = strings.ToUpper(word)
		case licences()[id] != "":
			words[n] = licences()[id]
		case later && licences()[base] != "":
			words[n] = licences()[base] + "+"
		}
	}
	return strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(words, " ")), true
}

func orAsItIs(known, word string) string {
	if known == "" {
		return word
	}
	return known
}

// Valid says whether a text is a licence expression as Annex D of SPDX 2.3 and
// 3.0 has it:
//
//	expression = term { ("AND" | "OR") term }
//	term       = "(" expression ")" | licence [ "WITH" exception ]
//	licence    = id | id "+" | [ "DocumentRef-" name ":" ] "LicenseRef-" name
//	exception  = id | [ "DocumentRef-" name ":" ] "AdditionRef-" name
//
// AND binds closer than OR, which makes no difference to what is valid. The case
// of identifiers doesn't count; operators are all upper or all lower case.
func Valid(text string) bool {
	depth := 0
	term := true // whether a term is due, not an operator
	words := licenceWords(text)
	for n := 0; n < len(words); n++ {
		word := words[n]
		switch {
		case term && word == "(":
			depth++
		case term:
			if !isLicenceID(word) {
				return false
			}
			term = false
			if n+1 < len(words) && isOperator(words[n+1], "WITH") {
				if n += 2; n >= len(words) || !isException(words[n]) {
					return false
				}
			}
		case word == ")":
			if depth--; depth < 0 {
				return false
			}
		case isOperator(word, "AND") || isOperator(word, "OR"):
			term = true
		default:
			return false
		}
	}
	return !term && depth == 0
}

// licenceWords cuts an expression at white space and around parentheses.
func licenceWords(text string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
}

func isOperator(word, operator string) bool {
	return word == operator || word == strings.ToLower(operator)
}

func isLicenceID(word string) bool {
	id := strings.ToLower(word)
	return licences()[id] != "" || licences()[strings.TrimSuffix(id, "+")] != "" || isReference(word, "LicenseRef-")
}

func isException(word string) bool {
	return exceptions()[strings.ToLower(word)] != "" || isReference(word, "AdditionRef-")
}

// isReference says whether a word names something that is described elsewhere.
func isReference(word, prefix string) bool {
	if document, name, ok := strings.Cut(word, ":"); ok {
		if document, ok = strings.CutPrefix(document, "DocumentRef-"); !ok || !isReferenceName(document) {
			return false
		}
		word = name
	}
	name, ok := strings.CutPrefix(word, prefix)
	return ok && isReferenceName(name)
}

func isReferenceName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && r != '.' && !isLetter(r) && !isDigit(r)
	}) < 0
}

func isLetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
