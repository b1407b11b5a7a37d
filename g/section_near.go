package g

import (
	"fmt"
	"strings"
)

// suggest is the remedy for an unknown key: the known one that it may be a slip
// of. It saves itself the search where the report is full.
func (r *report) suggest(name string, keys []key) string {
	const elsewhere = "take it away, or see docs/configuration.md for the keys"
	if len(r.doubts.list) == maxFindings {
		return elsewhere
	}
	best, least := "", min(3, (len(name)+1)/3)+1
	for _, k := range keys {
		if d := slips(strings.ToLower(name), strings.ToLower(k.name), least); d < least {
			best, least = k.name, d
		}
	}
	if best == "" {
		return elsewhere
	}
	return fmt.Sprintf("did you mean %s?", best)
}

// slips returns how many bytes must be put in, left out or changed to make b of a
// (the Levenshtein distance), limit when it is that or more by the lengths alone.
func slips(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1) // of a's first i bytes to b's first j
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
