package metric

import "strconv"

// The numbers of JSON have no nought in front, and the text must go on behind them:
// at its end more digits may come.

// scanInteger reads the integral number, without fraction and exponent, that begins
// at text[at] and returns the place behind it.
func scanInteger(text string, at int) (n int64, after int) {
	n, after = PlainInteger(text, at)
	switch {
	case after == len(text) && (after == at || !leadingZero(text, at)):
		return 0, cut
	case after == len(text) || after == at || !endsNumber(text[after]) || leadingZero(text, at):
		return 0, unusual
	}
	return n, after
}

// scanValue reads the number, or the string that holds one, that begins at text[at]
// and returns the place behind it.
func scanValue(text string, at int) (v float64, after int) {
	v, after, _ = PlainDecimal(text, at)
	if after > at && after < len(text) && endsNumber(text[after]) && !leadingZero(text, at) {
		return v, after
	}
	if at < len(text) && text[at] == '"' {
		return scanQuoted(text, at)
	}
	if after = afterNumber(text, at); after < 0 {
		return 0, after
	}
	v, err := strconv.ParseFloat(text[at:after], 64)
	if err != nil {
		return 0, unusual // out of range
	}
	return v, after
}

// scanQuoted reads the string that begins at text[at] as a number.
func scanQuoted(text string, at int) (v float64, after int) {
	token, after := scanString(text, at)
	if after < 0 {
		return 0, after
	}
	v, reason := ParseValue(token)
	if reason != Accepted {
		return 0, unusual
	}
	return v, after
}

// afterNumber returns the place behind the number at text[at:], if it is one as JSON
// writes them.
func afterNumber(text string, at int) int {
	whole := afterMinus(text, at)
	end := afterDigits(text, whole)
	if end == whole {
		return lacking(text, end)
	}
	if leadingZero(text, at) {
		return unusual
	}
	if end < len(text) && text[end] == '.' {
		fraction := end + 1
		if end = afterDigits(text, fraction); end == fraction {
			return lacking(text, end)
		}
	}
	if end < len(text) && (text[end] == 'e' || text[end] == 'E') {
		exponent := end + 1
		if exponent < len(text) && (text[exponent] == '+' || text[exponent] == '-') {
			exponent++
		}
		if end = afterDigits(text, exponent); end == exponent {
			return lacking(text, end)
		}
	}
	if end == len(text) || !endsNumber(text[end]) {
		return lacking(text, end)
	}
	return end
}

// afterDigits returns the place behind the decimal digits at text[at:].
func afterDigits(text string, at int) int {
	for at < len(text) && text[at]-'0' <= 9 {
		at++
	}
	return at
}

// leadingZero reports whether the number at text[at:], which has a digit, begins with
// a nought that is not all before its point.
func leadingZero(text string, at int) bool {
	at = afterMinus(text, at)
	return text[at] == '0' && at+1 < len(text) && text[at+1]-'0' <= 9
}

// endsNumber reports whether c may come behind a number.
func endsNumber(c byte) bool {
	switch c {
	case ',', '}', ']', ' ', '\n', '\r', '\t':
		return true
	}
	return false
}
