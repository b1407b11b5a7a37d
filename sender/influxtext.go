package sender

import (
	"math"
	"strings"
)

// influxName returns s as the text of a tag or measurement may be before its
// commas, spaces and equals signs are escaped. Control characters become _, since
// some of them end a line. So does a backslash at the end, before a character that
// will be escaped, or before a quote: InfluxDB knows no escaped backslash and would
// take the pair for something else.
func influxName(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' {
			return rewriteInfluxName(s)
		}
	}
	return s
}

func rewriteInfluxName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r // invalid UTF-8 comes as U+FFFD
	}, s)
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	text := []byte(s)
	for i, c := range text {
		if c == '\\' && (i+1 == len(text) || strings.IndexByte(`,= "`, text[i+1]) >= 0) {
			text[i] = '_'
		}
	}
	if string(text) == s {
		return s
	}
	return string(text)
}

// influxKey returns s as a tag's key. InfluxDB drops points with a tag called
// time.
func influxKey(s string) string {
	if s == "time" {
		return "time_"
	}
	return influxName(s)
}

// influxMeasurement returns s as a measurement. A line that begins with # would be
// a comment.
func influxMeasurement(s string) string {
	if strings.HasPrefix(s, "#") {
		s = "_" + s[1:]
	}
	return influxName(s)
}

// influxPrecision is a unit of timestamps.
type influxPrecision struct {
	name    string // in the query
	perUnit int64  // seconds in a unit that is no shorter, else 1
	units   int64  // units in a second, if they are shorter, else 1
	last    int64  // the latest time that fits, in seconds, or in the unit if that is longer
}

// parseInfluxPrecision returns the unit that the configuration calls name; empty
// stands for nanoseconds.
func parseInfluxPrecision(name string) (p influxPrecision, ok bool) {
	switch name {
	case "h":
		p = influxPrecision{name: "h", perUnit: 3600, units: 1}
	case "m":
		p = influxPrecision{name: "m", perUnit: 60, units: 1}
	case "s":
		p = influxPrecision{name: "s", perUnit: 1, units: 1}
	case "ms":
		p = influxPrecision{name: "ms", perUnit: 1, units: 1e3}
	case "u", "us", "µ", "µs":
		p = influxPrecision{name: "u", perUnit: 1, units: 1e6}
	case "", "n", "ns":
		p = influxPrecision{name: "ns", perUnit: 1, units: 1e9}
	default:
		return influxPrecision{}, false
	}
	p.last = math.MaxInt64 / p.units
	return p, true
}

// timestamp converts Unix seconds; what is too late for the unit becomes its last
// whole second, which is in 2262 for nanoseconds.
func (p influxPrecision) timestamp(seconds int64) int64 {
	if p.perUnit > 1 {
		seconds /= p.perUnit
	}
	return min(seconds, p.last) * p.units
}
