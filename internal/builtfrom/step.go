package builtfrom

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// step is an instruction in the form in which it is compared.
type step struct {
	keyword string
	// text has its white space folded. pieces are what stands between its variables,
	// letters and digits only.
	text   string
	pieces []string
	// dest is the destination of a COPY whose sources are known by a hash only.
	dest  string
	layer bool
	vars  bool
}

// weights say how much a step tells: what a RUN does is said by hardly any other.
var weights = map[string]float64{"RUN": 4, "COPY": 3, "ADD": 3, "ARG": 0.5}

func (s *step) weight() float64 {
	if w := weights[s.keyword]; w > 0 {
		return w
	}
	return 1
}

// keywords are those that a history can name.
var keywords = map[string]bool{
	"ADD": true, "ARG": true, "CMD": true, "COPY": true, "ENTRYPOINT": true, "ENV": true, "EXPOSE": true, "HEALTHCHECK": true,
	"LABEL": true, "MAINTAINER": true, "ONBUILD": true, "RUN": true, "SHELL": true, "STOPSIGNAL": true, "USER": true,
	"VOLUME": true, "WORKDIR": true,
}

// hashed is how the classic builder and Buildah write the sources of a COPY.
var hashed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:file|dir|multi):[0-9a-f]+ in (.*)$`)
})

const classicMark = "#(nop)"

// parseEntry reads a history's entry. The classic builder writes
// "/bin/sh -c #(nop)  ENV A=b" and "/bin/sh -c make", BuildKit "ENV A=b" and
// "RUN /bin/sh -c make # buildkit", others the instruction as it stands.
func parseEntry(e Entry) step {
	text := e.CreatedBy[:min(len(e.CreatedBy), maxText)]
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "# buildkit"))
	if _, rest, found := strings.Cut(text, classicMark); found {
		text = strings.TrimSpace(rest)
	}
	word, rest, _ := strings.Cut(text, " ")
	s := step{keyword: strings.ToUpper(word), layer: !e.Empty}
	if !keywords[s.keyword] {
		s.keyword, rest = "RUN", text
	}
	s.text = fold(rest)
	if m := hashed().FindStringSubmatch(s.text); m != nil {
		s.dest = m[1]
	}
	s.pieces = []string{squeeze(s.text)}
	return s
}

// parseStep reads an instruction of a Dockerfile.
func parseStep(from *Step) step {
	s := step{keyword: from.Keyword, text: fold(from.Text[:min(len(from.Text), maxText)])}
	s.vars = from.Vars
	s.layer = from.Keyword == "RUN" || from.Keyword == "COPY" || from.Keyword == "ADD"
	rest := s.text
	if from.Vars && from.Keyword != "RUN" {
		rest = variable().ReplaceAllString(rest, "\x00")
	}
	for piece := range strings.SplitSeq(rest, "\x00") {
		if p := squeeze(piece); p != "" {
			s.pieces = append(s.pieces, p)
		}
	}
	if s.keyword == "COPY" || s.keyword == "ADD" {
		words := strings.Fields(rest)
		if len(words) > 0 {
			s.dest = words[len(words)-1]
		}
	}
	return s
}

var variable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$(?:\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)`)
})

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

// squeeze keeps letters and digits: quotes, brackets and separators differ between
// builders.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// explains says whether a history's entry can be of the step, and how surely: 0 is
// not at all.
func (s *step) explains(h *step) float64 {
	switch {
	case s.keyword != h.keyword:
		return 0
	case s.keyword == "RUN":
		return s.runs(h)
	case h.dest != "": // a COPY of which the destination alone is told
		dest := squeeze(strings.ReplaceAll(s.dest, "\x00", ""))
		if strings.HasSuffix(squeeze(h.dest), dest) {
			return 0.5
		}
		return 0
	case s.keyword == "ENV" || s.keyword == "LABEL" || s.keyword == "ARG":
		return s.sets(h)
	}
	if s.keyword == "EXPOSE" || s.keyword == "VOLUME" {
		return s.lists(h)
	}
	return s.says(h)
}

// lists compares sets, which a history writes in an order of its own.
func (s *step) lists(h *step) float64 {
	for word := range strings.FieldsSeq(s.text) {
		word, _, _ = strings.Cut(strings.Trim(word, `[]",`), "/t")
		if !strings.Contains(word, "$") && !strings.Contains(h.text, word) {
			return 0
		}
	}
	return 1
}

// says compares arguments. A history has no quotes where a Dockerfile has them, and
// values in the place of variables.
func (s *step) says(h *step) float64 {
	switch {
	case strings.HasSuffix(bare(h.text), bare(s.text)):
		return 1
	case len(s.pieces) > 0 && inOrder(h.pieces[0], s.pieces):
		return 0.9
	case len(s.pieces) == 0 && s.vars:
		return 0.4 // nothing but variables
	}
	return 0
}

// bare is a text without quotes and backslashes.
func bare(s string) string { return quotes().Replace(s) }

var quotes = sync.OnceValue(func() *strings.Replacer { return strings.NewReplacer(`"`, "", `'`, "", `\`, "") })

// runs compares commands: of a history they stand behind a shell and the values of
// build arguments.
func (s *step) runs(h *step) float64 {
	before, found := strings.CutSuffix(h.text, s.text)
	before = strings.TrimSpace(before)
	switch {
	case found && before == "":
		return 1
	case found && (strings.HasSuffix(before, " -c") || strings.HasPrefix(before, "|") || strings.HasSuffix(before, " /C") || strings.HasSuffix(before, "-Command")):
		return 1
	case len(s.pieces) == 1 && len(s.pieces[0]) >= 8 && strings.HasSuffix(h.pieces[0], s.pieces[0]):
		return 0.9 // quoted in another way, as the exec form is
	}
	return 0
}

// sets compares the names that are given a value.
func (s *step) sets(h *step) float64 {
	names := strings.Fields(s.text)
	at := 0
	for _, n := range names {
		i := strings.Index(h.text[at:], n)
		if i < 0 || at+i > 0 && h.text[at+i-1] != ' ' {
			return 0
		}
		at += i + len(n)
		if at < len(h.text) && h.text[at] != '=' && h.text[at] != ' ' {
			return 0
		}
	}
	if len(names) == 0 {
		return 0
	}
	return 1
}

// inOrder says whether a text holds all pieces, one after the other.
func inOrder(text string, pieces []string) bool {
	for _, p := range pieces {
		_, after, found := strings.Cut(text, p)
		if !found {
			return false
		}
		text = after
	}
	return true
}
