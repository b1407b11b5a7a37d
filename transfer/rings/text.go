package rings

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// writeJSON writes a value as JSON in one line.
func writeJSON(out io.Writer, v any) error {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}

// percent writes a share, 0 to 1, for people.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// part is percent for so many of all, "-" of none.
func part(some, all uint64) string {
	if all == 0 {
		return "-"
	}
	return percent(float64(some) / float64(all))
}

// visible returns a name, in quotes where it would blur the line that it stands in.
func visible(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` || strings.TrimSpace(name) != name || name == "" {
		return quoted
	}
	return name
}
