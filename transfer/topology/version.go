package topology

import (
	"fmt"
	"strconv"
	"strings"
)

// Version names a document: its number, and its id, since two sites that were parted may
// have set the same number.
type Version struct {
	Number uint64 // 0: none
	ID     string
}

// String returns the version as Redis holds it, empty for none.
func (v Version) String() string {
	if v.Number == 0 {
		return ""
	}
	return strconv.FormatUint(v.Number, 10) + " " + v.ID
}

// parseVersion reads what String has written.
func parseVersion(text string) (Version, error) {
	if text == "" {
		return Version{}, nil
	}
	number, id, found := strings.Cut(text, " ")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || !found || n == 0 || id == "" || len(id) > maxWords {
		const enough = 60
		return Version{}, fmt.Errorf("cannot read the version of the topology in Redis: %q is none", text[:min(len(text), enough)])
	}
	return Version{n, id}, nil
}
