package g

import (
	"bytes"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// kind is the type of a JSON value.
type kind int

const (
	jsonNull kind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// kindOf returns the type of raw, which must be valid JSON.
func kindOf(raw []byte) kind {
	switch raw = bytes.TrimLeft(raw, spaces); raw[0] {
	case '{':
		return jsonObject
	case '[':
		return jsonArray
	case '"':
		return jsonString
	case 't', 'f':
		return jsonBool
	case 'n':
		return jsonNull
	}
	return jsonNumber
}

// spaces is what JSON takes for white space.
const spaces = " \t\r\n"

// member is one key and value of a JSON object.
type member struct {
	key string
	raw []byte // valid JSON without white space around it
}

// members returns the members of the object raw in the order of the file. raw
// must be valid JSON, so it is enough to find where each value ends; nothing in a
// value that nobody reads can do harm, be it 1e400 or nested ten thousand deep.
func members(raw []byte) []member {
	var all []member
	rest := bytes.TrimLeft(raw, spaces)[1:]
	next := func() []byte {
		rest = bytes.TrimLeft(rest, spaces+":,")
		value := rest[:valueEnd(rest)]
		rest = rest[len(value):]
		return value
	}
	for key := next(); len(key) > 0; key = next() {
		all = append(all, member{key: unquote(key), raw: next()})
	}
	return all
}

// valueEnd returns the length of the value that data begins with, 0 where the
// object around it ends.
func valueEnd(data []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			if quoted = !quoted; !quoted && depth == 0 {
				return i + 1
			}
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			if depth--; depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case depth == 0 && (c == ',' || strings.IndexByte(spaces, c) >= 0):
			return i
		}
	}
	return len(data)
}

// unquote returns the text of a JSON string. The conversion by runes makes every
// invalid byte U+FFFD, as the original's decoder does.
func unquote(raw []byte) string {
	return string([]rune(jsoniter.ParseBytes(jsoniter.ConfigCompatibleWithStandardLibrary, raw).ReadString()))
}
