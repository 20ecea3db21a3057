package dockerfile

import (
	"iter"
	"strconv"
)

// copies gives each COPY of a stage that names where it copies from.
func (st *stage) copies() iter.Seq2[*instruction, string] {
	return func(yield func(*instruction, string) bool) {
		for _, i := range st.instructions {
			if i.keyword != "COPY" || i.broken {
				continue
			}
			if from, ok := i.flag("from"); ok && !yield(i, from) {
				return
			}
		}
	}
}

// number reads the number of a stage.
func number(from string) (int, bool) {
	n, err := strconv.Atoi(from)
	return n, err == nil
}
