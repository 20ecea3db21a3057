package packages

import (
	"bytes"
	"context"
	"fmt"
)

// maxTOMLDepth is how deep values lie in each other in no lockfile.
const maxTOMLDepth = 100

// shallowTOML refuses documents nested so deep that reading them eats the stack, which
// ends the program and cannot be recovered from. Reading takes time as well: a key that of
// all keys above it, and one of many parts that of their square.
func shallowTOML(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		if depth := tomlDepth(data); depth > maxTOMLDepth {
			return nil, fmt.Errorf("more than %d values in each other", maxTOMLDepth)
		}
		return read(ctx, p, data)
	}
}

// tomlDepth is how many brackets are open at once, and how many dots stand in the keys
// before them, without those in comments and texts
// (https://toml.io/en/v1.0.0#string). It counts until there are too many, and says
// nothing of what follows a text that does not end: no reader goes beyond.
func tomlDepth(data []byte) int {
	most := 0
	var in tomlNest
	for i := 0; i < len(data) && most <= maxTOMLDepth; {
		switch data[i] {
		case '#':
			n := bytes.IndexByte(data[i:], '\n')
			if n < 0 {
				return most
			}
			i += n
			continue
		case '"', '\'':
			n := tomlText(data[i:])
			if n == 0 {
				return most
			}
			i += n
			continue
		}
		in.next(data[i])
		most = max(most, in.depth)
		i++
	}
	return most
}

// tomlNest is where in a document something stands.
type tomlNest struct {
	depth int
	// dots are those of the key here, above those of the keys that brackets stand behind.
	dots  int
	above []int
}

func (n *tomlNest) next(b byte) {
	switch b {
	case '.':
		n.depth, n.dots = n.depth+1, n.dots+1
	case ',', '\n':
		n.depth, n.dots = n.depth-n.dots, 0
	case '[', '{':
		n.depth, n.above, n.dots = n.depth+1, append(n.above, n.dots), 0
	case ']', '}':
		if last := len(n.above) - 1; last >= 0 {
			n.depth, n.dots, n.above = n.depth-n.dots-1, n.above[last], n.above[:last]
		}
	}
}

// tomlText is how long the text is that begins here, 0 for one that does not end.
func tomlText(data []byte) int {
	quote := data[:1]
	if len(data) >= 3 && data[1] == quote[0] && data[2] == quote[0] {
		quote = data[:3]
	}
	for i := len(quote); i < len(data); i++ {
		switch {
		case data[i] == '\\' && quote[0] == '"':
			i++
		case data[i] == '\n' && len(quote) == 1:
			return 0
		case bytes.HasPrefix(data[i:], quote):
			end := i + len(quote)
			for len(quote) == 3 && end < len(data) && end < i+5 && data[end] == quote[0] {
				end++ // up to two more belong to the text
			}
			return end
		}
	}
	return 0
}
