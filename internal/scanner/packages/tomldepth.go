package packages

import (
	"bytes"
	"context"
	"fmt"
)

// maxTOMLDepth is how deep values lie in each other in no lockfile.
const maxTOMLDepth = 1000

// shallowTOML refuses documents nested so deep that reading them eats the stack, which
// ends the program and cannot be recovered from.
func shallowTOML(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		if depth := tomlDepth(data); depth > maxTOMLDepth {
			return nil, fmt.Errorf("more than %d values in each other", maxTOMLDepth)
		}
		return read(ctx, p, data)
	}
}

// tomlDepth is how many brackets are open at once, without those in comments and texts
// (https://toml.io/en/v1.0.0#string). Of a text that does not end it says nothing: no
// reader goes beyond.
func tomlDepth(data []byte) int {
	depth, most := 0, 0
	for i := 0; i < len(data); {
		switch data[i] {
		case '[', '{':
			depth++
			most = max(most, depth)
		case ']', '}':
			depth = max(0, depth-1)
		case '#':
			n := bytes.IndexByte(data[i:], '\n')
			if n < 0 {
				return most
			}
			i += n
		case '"', '\'':
			n := tomlText(data[i:])
			if n == 0 {
				return most
			}
			i += n
			continue
		}
		i++
	}
	return most
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
