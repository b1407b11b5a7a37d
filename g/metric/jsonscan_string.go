package metric

import (
	"math/bits"
	"unicode/utf8"
)

// scanString reads the string without escapes that begins at text[at] and returns
// the place behind it.
func scanString(text string, at int) (value string, after int) {
	if at == len(text) || text[at] != '"' {
		return "", lacking(text, at)
	}
	from := at + 1
	for end := from; end+wordBytes <= len(text); end += wordBytes {
		if n := plainIn(word(text, end)); n < wordBytes {
			if end += n; text[end] == '"' {
				return text[from:end], end + 1
			}
			break
		}
	}
	return scanOtherString(text, from)
}

// scanOtherString is scanString, from behind the quote on, for what has longer runes,
// and for the last bytes of the text.
func scanOtherString(text string, from int) (value string, after int) {
	ascii := true
	for end := from; end < len(text); end++ {
		switch c := text[end]; {
		case c == '"' && (ascii || utf8.ValidString(text[from:end])):
			return text[from:end], end + 1
		case c == '"' || c == '\\' || c < ' ':
			return "", unusual
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", cut
}

// plainIn returns how many bytes there are in v, from the first one on, that are
// neither a quote, a backslash, a control character nor part of a longer rune.
func plainIn(v uint64) int {
	// Of an ASCII byte less n the highest bit tells whether it was below n. The quote
	// becomes a space, and the space does not, so that one look finds quotes and
	// control characters. What a borrow does to the bytes behind does not matter: the
	// first one counts.
	quotes := (v ^ lowBits*('"'^' ')) - lowBits*(' '+1)
	slashes := (v ^ lowBits*'\\') - lowBits
	return bits.TrailingZeros64((quotes|slashes|v)&highBits) / 8
}
