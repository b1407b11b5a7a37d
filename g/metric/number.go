package metric

import (
	"math"
	"strconv"
	"strings"
)

// ParseValue parses the text of a value: a decimal or exponent number. Where it
// is none, or out of range, or not finite, the reason says so.
func ParseValue(s string) (float64, Reason) {
	if v, end, _ := PlainDecimal(s, 0); end > 0 && end == len(s) {
		return v, Accepted
	}
	if strings.ContainsAny(s, "xX_") {
		return 0, BadValue
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		return 0, BadValue
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, NotFinite
	}
	return v, Accepted
}

// ParseInteger parses the text of a step or a timestamp: an integral number, in
// another guise too (60.0, 6e1). It reports whether s is one that an int64 holds.
func ParseInteger(s string) (int64, bool) {
	if n, end := PlainInteger(s, 0); end > 0 && end == len(s) {
		return n, true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	v, reason := ParseValue(s)
	if reason != Accepted || v != math.Trunc(v) || v < math.MinInt64 || v >= math.MaxInt64 {
		return 0, false
	}
	return int64(v), true
}
