package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"
)

// A [ is a simple command to the parser. Its words are taken apart here.

// primary is one test of a [: of a word alone, of one behind an operator, or of
// two with an operator between them. Numbers are those of words; 0 for none.
type primary struct {
	// bang is the ! right before it.
	bang        int
	operator    int
	left, right int
}

// unary says that the operator stands before its one word.
func (p primary) unary() bool { return p.operator != 0 && p.operator < p.left }

// bracket is a [ with what it tests.
type bracket struct {
	primaries []primary
	// joints are the -a and -o between them.
	joints []int
}

// bracket takes a [ apart. It gives nothing for test, unless that compares two
// words and does nothing else.
func (c *call) bracket() bracket {
	if c.taken != nil {
		return *c.taken
	}
	var b bracket
	switch {
	case c.name == "test" && len(c.words) == 4 && c.binary(2):
		b.primaries = []primary{{operator: 2, left: 1, right: 3}}
	case c.name == "[" && c.text(len(c.words)-1) == "]":
		b = c.conditions(len(c.words) - 1)
	}
	c.taken = &b
	return b
}

func (c *call) conditions(end int) bracket {
	var b bracket
	bang, operand := 0, true
	for n := 1; n < end; n++ {
		text := c.operatorText(n)
		switch {
		case !operand && (text == "-a" || text == "-o"):
			b.joints = append(b.joints, n)
			operand = true
			continue
		case text == "!" && operand:
			bang = n
			continue
		case text == "(" || text == ")":
			continue
		}
		p := primary{bang: bang, left: n}
		switch {
		case n+1 < end && unaryOperator(text) && (!c.binary(n+1) || n+2 >= end):
			p.operator, p.left = n, n+1
			n++
		case n+2 < end && c.binary(n+1):
			p.operator, p.right = n+1, n+2
			n += 2
		}
		b.primaries = append(b.primaries, p)
		bang, operand = 0, false
	}
	return b
}

// operatorText is a word that may be an operator: one without quotes.
func (c *call) operatorText(n int) string {
	if parts := c.words[n].Parts; len(parts) == 1 {
		if _, ok := parts[0].(*syntax.Lit); ok {
			return c.text(n)
		}
	}
	return ""
}

// unaryOperator says whether a word is an operator with one operand.
func unaryOperator(text string) bool {
	return len(text) == 2 && text[0] == '-' && letter(text[1])
}

// binary says whether a word is an operator between two.
func (c *call) binary(n int) bool {
	switch c.operatorText(n) {
	case "=", "==", "!=", "=~", "<", ">", "<=", ">=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef":
		return true
	}
	return false
}
