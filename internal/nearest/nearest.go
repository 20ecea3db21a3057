// Package nearest finds what somebody meant to type.
package nearest

import "strings"

// longest bounds the words that are compared: nobody mistypes more.
const longest = 64

// Word gives the candidate most like a mistyped word: at most a third of its
// letters differ, two that changed places counting once. It gives "" when none
// is near; of equals the first.
func Word(word string, candidates []string) string {
	if len(word) > longest {
		return ""
	}
	best, at := max((len(word)+1)/3, 1)+1, ""
	for _, c := range candidates {
		if len(c) > longest {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < best {
			best, at = d, c
		}
	}
	return at
}

// distance counts inserted, deleted and changed bytes and swapped neighbours (the
// optimal string alignment distance).
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
