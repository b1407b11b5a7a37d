package g

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// The constructors below make the keys of each type of value. A value that is
// not of the type, or out of range, is a fault. Where nothing else is said, 0 and
// "" stand for the default that the field holds already.

// flag is true or false.
func flag(name string, to *bool) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			if kindOf(raw) != jsonBool {
				at.fail(found(raw)+" is neither true nor false", "write true or false without quotes")
				return
			}
			*to = raw[0] == 't'
		},
		show: func() any { return *to },
	}
}

// whole is a whole number from low to high. Where low is 0, 0 stands for itself.
func whole(name string, to *int, low, high int) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			if n, ok := integer(at, raw, int64(low), int64(high)); ok && (n != 0 || low == 0) {
				*to = int(n)
			}
		},
		show: func() any { return *to },
	}
}

// ticks is a time as the original writes it, a whole number of units.
func ticks(name string, to *time.Duration, unit time.Duration) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			if n, ok := integer(at, raw, 1, math.MaxInt32); ok && n != 0 {
				*to = time.Duration(n) * unit
			}
		},
		show: func() any { return int64(*to / unit) },
	}
}

// integer reads a whole number from low to high, or 0.
func integer(at place, raw []byte, low, high int64) (int64, bool) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		at.fail(found(raw)+" is no whole number", "write it without quotes and fraction, as in 200")
		return 0, false
	}
	if n != 0 && (n < low || n > high) {
		at.fail(fmt.Sprintf("%d is out of range", n), fmt.Sprintf("take %d to %d", low, high))
		return 0, false
	}
	return n, true
}

// fraction is a number from 0 to 1.
func fraction(name string, to *float64) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			f, err := strconv.ParseFloat(string(raw), 64)
			if err != nil || f < 0 || f > 1 {
				at.fail(found(raw)+" is no number from 0 to 1", "write a share, as in 0.2 for a fifth")
				return
			}
			*to = f
		},
		show: func() any { return *to },
	}
}

// span is a time of at least a millisecond as a string, "10m".
func span(name string, to *time.Duration) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			d, err := time.ParseDuration(unquoteAny(raw))
			switch {
			case kindOf(raw) != jsonString || err != nil:
				at.fail(found(raw)+" is no duration", `write it as in "10m", "1h30m" or "500ms"`)
			case d != 0 && d < time.Millisecond:
				at.fail(found(raw)+" is too short", `take "1ms" or more`)
			case d != 0:
				*to = d
			}
		},
		show: func() any { return shortDuration(*to) },
	}
}

// spanOrOff is a span of at least 100 ms, or 0 for off.
func spanOrOff(name string, to *time.Duration) key {
	k := span(name, to)
	k.read = func(at place, raw []byte) {
		text := unquoteAny(raw)
		d, err := time.ParseDuration(text)
		switch {
		case text == "":
		case err != nil || kindOf(raw) != jsonString && d != 0:
			at.fail(found(raw)+" is no duration", `write it as in "5s", or 0 for off`)
		case d != 0 && d < 100*time.Millisecond:
			at.fail(found(raw)+" is too short", `take "100ms" or more, or 0 for off`)
		default:
			*to = d
		}
	}
	return k
}

// shortDuration writes 10m0s as 10m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// size is a size from low to high: a number of bytes, or a string with a unit.
func size(name string, to *Bytes, low, high Bytes) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			n, err := ParseBytes(unquoteAny(raw))
			switch {
			case err != nil:
				at.fail(err.Error(), `write bytes as in 16777216, or as in "16MiB", "4GiB", "512MB"`)
			case n != 0 && (n < low || n > high):
				at.fail(fmt.Sprintf("%s is out of range", n), fmt.Sprintf("take %s to %s", low, high))
			case n != 0:
				*to = n
			}
		},
		show: func() any { return to.String() },
	}
}

// words is a string.
func words(name string, to *string) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			if s, ok := str(at, raw); ok && s != "" {
				*to = s
			}
		},
		show: func() any { return *to },
	}
}

// oneOf is one of a few words.
func oneOf(name string, to *string, choices ...string) key {
	k := words(name, to)
	k.read = func(at place, raw []byte) {
		s, ok := str(at, raw)
		switch {
		case !ok || s == "":
		case !slices.Contains(choices, s):
			at.fail(shown(s)+" is not known here", "take "+strings.Join(choices, " or "))
		default:
			*to = s
		}
	}
	return k
}

// wordList is a list of strings. Empty ones are left out, since as a prefix they
// would mean everything.
func wordList(name string, to *[]string) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			var all []string
			if jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(raw, &all) != nil {
				at.fail("it is no list of strings", `write it as in ["first", "second"]`)
				return
			}
			*to = slices.DeleteFunc(all, func(s string) bool { return s == "" })
		},
		show: func() any {
			if len(*to) == 0 {
				return nil
			}
			return *to
		},
	}
}

// str reads a string. It never shows what it found instead: that may be a
// password.
func str(at place, raw []byte) (string, bool) {
	if kindOf(raw) != jsonString {
		at.fail("it is no string", "write it in double quotes")
		return "", false
	}
	return unquote(raw), true
}

// unquoteAny returns the text of a string and the bytes of any other value.
func unquoteAny(raw []byte) string {
	if kindOf(raw) == jsonString {
		return unquote(raw)
	}
	return string(raw)
}

// found describes a value that is not what was wanted.
func found(raw []byte) string {
	switch kindOf(raw) {
	case jsonObject:
		return "an object"
	case jsonArray:
		return "a list"
	case jsonString:
		return shown(unquote(raw))
	}
	return strings.Trim(shown(string(raw)), `"`)
}
