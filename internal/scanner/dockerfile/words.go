package dockerfile

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parts are the parts of an instruction's text, as indexes into it.
type parts struct {
	keyword   string // upper case
	at        int    // where the keyword begins
	flags     []lexeme
	rest, end int // the arguments, without white space around
}

// lexeme is a word in a text: what it means and the bytes from i up to j.
type lexeme struct {
	text string
	i, j int
}

// separators are what BuildKit takes for white space between words.
const separators = "\t\v\f\r "

// cut takes an instruction's text from a byte on apart: keyword, flags, arguments.
func cut(text string, from int, escape byte) parts {
	body := strings.TrimSpace(text[from:])
	p := parts{at: from + strings.Index(text[from:], body)}
	p.end = p.at + len(body)
	n := strings.IndexAny(body, separators)
	if n < 0 {
		p.keyword = strings.ToUpper(body)
		p.rest = p.end
		return p
	}
	p.keyword = strings.ToUpper(body[:n])
	p.rest = p.at + n
	p.cutFlags(text[:p.end], escape)
	for p.rest < p.end {
		r, size := utf8.DecodeRuneInString(text[p.rest:p.end])
		if !unicode.IsSpace(r) {
			break
		}
		p.rest += size
	}
	return p
}

// cutFlags reads the words at p.rest that begin with "--". "--" itself ends them.
func (p *parts) cutFlags(text string, escape byte) {
	for {
		i := p.rest
		for i < len(text) && unicode.IsSpace(rune(text[i])) {
			i++
		}
		p.rest = i
		if !strings.HasPrefix(text[i:], "--") {
			return
		}
		flag := quotedWord(text, i, escape)
		p.rest = flag.j
		if flag.text == "--" {
			return
		}
		p.flags = append(p.flags, flag)
	}
}

// quotedWord reads a word that may be quoted in part, without its quotes.
func quotedWord(text string, i int, escape byte) lexeme {
	var word strings.Builder
	quote := byte(0)
	j := i
	for ; j < len(text); j++ {
		switch c := text[j]; {
		case quote == 0 && unicode.IsSpace(rune(c)):
			return lexeme{word.String(), i, j}
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == escape:
			if j++; j < len(text) {
				word.WriteByte(text[j])
			}
		default:
			word.WriteByte(c)
		}
	}
	return lexeme{word.String(), i, min(j, len(text))}
}

// fields cuts at white space, quotes or not, as FROM, COPY, EXPOSE and the like
// are read.
func fields(text string, i, end int) []lexeme {
	var words []lexeme
	for i < end {
		n := strings.IndexAny(text[i:end], separators)
		switch {
		case n < 0:
			return append(words, lexeme{text[i:end], i, end})
		case n > 0:
			words = append(words, lexeme{text[i : i+n], i, i + n})
		}
		i += n + 1
	}
	return words
}

// keyWords cuts at white space outside of quotes, keeping the quotes, as ENV, ARG
// and LABEL are read.
func keyWords(text string, i, end int, escape byte) []lexeme {
	var words []lexeme
	quote, start := byte(0), -1
	for i < end {
		r, size := utf8.DecodeRuneInString(text[i:end])
		c := text[i]
		switch {
		case quote == 0 && unicode.IsSpace(r):
			if start >= 0 {
				words = append(words, lexeme{text[start:i], start, i})
				start = -1
			}
			i += size
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == escape && quote != '\'' && i+1 < end:
			if start < 0 {
				start = i
			}
			_, size = utf8.DecodeRuneInString(text[i+1 : end])
			size++
		}
		if start < 0 {
			start = i
		}
		i += size
	}
	if start >= 0 {
		words = append(words, lexeme{text[start:end], start, end})
	}
	return words
}

// jsonWords gives the strings of an array in exec form; false when it is none.
func jsonWords(text string, i, end int) ([]lexeme, bool) {
	if !isJSON(text[i:end]) {
		return nil, false
	}
	words := []lexeme{}
	for i++; i < end; i++ {
		if text[i] != '"' {
			continue
		}
		j := i + 1
		for text[j] != '"' {
			if text[j] == '\\' {
				j++
			}
			j++
		}
		var s string
		if json.Unmarshal([]byte(text[i:j+1]), &s) != nil {
			return nil, false
		}
		words = append(words, lexeme{s, i, j + 1})
		i = j
	}
	return words, true
}

// pair is a name with its value, of ENV, ARG and LABEL. A value is as it is
// written, quotes and all.
type pair struct {
	key, value         string
	keySpan, valueSpan span
	// set is false for an ARG without a value; legacy says "ENV name value".
	set, legacy bool
}

// pairs reads names and values.
func (i *instruction) pairs() []pair {
	var out []pair
	if len(i.words) > 0 && i.keyword != "ARG" && !strings.Contains(i.words[0].text, "=") {
		key := fields(i.text, i.parts.rest, i.parts.end)[0]
		value := lexeme{i: i.parts.end, j: i.parts.end}
		if rest := strings.TrimLeft(i.text[key.j:i.parts.end], separators); rest != "" {
			value = lexeme{rest, i.parts.end - len(rest), i.parts.end}
		}
		return []pair{{key.text, value.text, i.span(key.i, key.j), i.span(value.i, value.j), true, true}}
	}
	for _, w := range i.words {
		key, value, set := strings.Cut(w.text, "=")
		p := pair{key: key, value: value, keySpan: i.span(w.i, w.i+len(key)), set: set}
		p.valueSpan = i.span(w.j-len(value), w.j)
		out = append(out, p)
	}
	return out
}
