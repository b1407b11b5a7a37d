package check

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"transfer/g/stat"
)

// barWidth is the length of the longest bar.
const barWidth = 40

// writeRing writes a ring's nodes, each with its share, a bar and its addresses.
func writeRing(out *strings.Builder, ring *stat.Ring) {
	fmt.Fprintf(out, "\nRing of %s: %s, nodes: %d, virtual points a node: %d, fingerprint %s\n",
		ring.Backend, ring.Hash, len(ring.Shares), ring.Replicas, ring.Fingerprint)
	top, width := largest(ring), 0
	for _, s := range ring.Shares {
		width = max(width, utf8.RuneCountInString(printable(s.Node)))
	}
	for _, s := range ring.Shares {
		bar := strings.Repeat("#", int(s.Share/max(top.Share, s.Share, 1e-9)*barWidth+0.5))
		fmt.Fprintf(out, "  %-*s  %6.2f %%  %-*s  %s\n", width, printable(s.Node), 100*s.Share,
			barWidth, bar, strings.Join(s.Addresses, ", "))
	}
	fmt.Fprintf(out, "  largest share: %.2f x the mean (%s)\n", skew(ring), printable(top.Node))
}

// largest returns the share of the fullest node.
func largest(ring *stat.Ring) stat.Share {
	var top stat.Share
	for _, s := range ring.Shares {
		if s.Share > top.Share {
			top = s
		}
	}
	return top
}

// skew returns how many times the mean the largest share is.
func skew(ring *stat.Ring) float64 {
	return largest(ring).Share * float64(len(ring.Shares))
}

// printable returns name, quoted where it would blur the line that it stands in.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` || strings.TrimSpace(name) != name || name == "" {
		return quoted
	}
	return name
}
