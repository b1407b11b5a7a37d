package g

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a size. In the file it is a number of bytes or a string such as
// "16MiB".
type Bytes int64

// The binary units.
const (
	KiB Bytes = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
)

// unit is a suffix of sizes and the bytes that it stands for.
type unit struct {
	suffix string
	bytes  Bytes
}

// units returns the suffixes, longest unit first; "B" comes last, since all the
// others end in it.
func units() [9]unit {
	return [...]unit{
		{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
	}
}

// ParseBytes reads a size: a whole number, alone or followed by B, KB, MB, GB, TB
// (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024) in any letter case.
func ParseBytes(s string) (Bytes, error) {
	number, factor := s, Bytes(1)
	for _, u := range units() {
		if at := len(s) - len(u.suffix); at > 0 && strings.EqualFold(s[at:], u.suffix) {
			number, factor = strings.TrimSpace(s[:at]), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s is no size", shown(s))
	}
	if Bytes(n) > math.MaxInt64/factor {
		return 0, fmt.Errorf("%s is too large a size", shown(s))
	}
	return Bytes(n) * factor, nil
}

// String returns the size as ParseBytes reads it, exactly, in the largest binary
// unit that fits.
func (b Bytes) String() string {
	for _, u := range units() {
		if strings.HasSuffix(u.suffix, "iB") && b != 0 && b%u.bytes == 0 {
			return strconv.FormatInt(int64(b/u.bytes), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
