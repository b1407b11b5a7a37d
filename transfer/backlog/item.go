package backlog

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// setItem makes the item of p readable: as it is if it is text, else its printable
// characters, and all of it in hexadecimal.
func setItem(p *Point, item []byte) {
	text := strings.TrimRight(string(item), "\r\n")
	if isText(text) {
		p.Text = text
		return
	}
	p.Text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '.'
		}
		return r
	}, string(item))
	p.Hex = hex.EncodeToString(item)
}

// isText reports whether a terminal can show the text as it is.
func isText(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
