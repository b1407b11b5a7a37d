package metric

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// RepairJSON returns text, whose grammar JSONFrame has checked, with each byte
// that is no UTF-8 and each lone surrogate replaced by U+FFFD, as encoding/json
// reads it: json-iterator passes the former through and pairs some of the latter
// wrongly. A text without such, which is nearly every one, is returned as it is.
func RepairJSON(text []byte) []byte {
	if utf8.Valid(text) && !hasSurrogates(text) {
		return text
	}
	fixed := make([]byte, 0, len(text)+len(text)/8)
	for i := 0; i < len(text); {
		size := 1
		switch c := text[i]; {
		case c == '\\':
			size = escapeSize(text[i:])
			if size == len(`\u0000`) && utf16.IsSurrogate(hexRune(text[i+2:])) {
				fixed = append(fixed, `\ufffd`...)
			} else {
				fixed = append(fixed, text[i:i+size]...)
			}
		case c < utf8.RuneSelf:
			fixed = append(fixed, c)
		default:
			var r rune
			r, size = utf8.DecodeRune(text[i:])
			fixed = utf8.AppendRune(fixed, r)
		}
		i += size
	}
	return fixed
}

// hasSurrogates reports whether text may hold an escaped surrogate.
func hasSurrogates(text []byte) bool {
	return bytes.Contains(text, []byte(`\ud`)) || bytes.Contains(text, []byte(`\uD`))
}

// escapeSize returns the length of the escape at the start of text; a pair of
// surrogates counts as one.
func escapeSize(text []byte) int {
	const one, two = len(`\u0000`), len(`\u0000\u0000`)
	if text[1] != 'u' {
		return len(`\n`)
	}
	if len(text) < two || text[one] != '\\' || text[one+1] != 'u' ||
		utf16.DecodeRune(hexRune(text[2:]), hexRune(text[one+2:])) == utf8.RuneError {
		return one
	}
	return two
}

// hexRune returns the number that the four hexadecimal digits at the start of
// text stand for.
func hexRune(text []byte) rune {
	var r rune
	for _, c := range text[:4] {
		switch {
		case c <= '9':
			r = r<<4 | rune(c-'0')
		default:
			r = r<<4 | rune(c|0x20-'a'+10)
		}
	}
	return r
}
