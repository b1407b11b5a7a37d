package metric

import "errors"

// maxJSONDepth is how deep JSON may nest, as in encoding/json and json-iterator.
const maxJSONDepth = 10_000

var errJSON = errors.New("not JSON, or nested too deep")

// JSONFrame finds the end of a JSON object or array whose bytes come in pieces of
// any size, looking at each byte once. It checks the whole grammar on its way, so
// that broken JSON is known at its first wrong byte and what is read afterwards
// can rely on it. The zero JSONFrame is ready.
type JSONFrame struct {
	state jsonState
	inKey bool   // the string under way is a key
	hex   int    // digits missing of a \u escape
	rest  string // what is missing of true, false or null
	open  []byte // the brackets not yet closed
}

type jsonState uint8

const (
	jsonStart    jsonState = iota // only white space so far
	jsonValue                     // a value must come
	jsonFirst                     // after [: a value or ]
	jsonFirstKey                  // after {: a key or }
	jsonKey                       // after a comma in an object
	jsonColon                     // after a key
	jsonNext                      // after a value: a comma or the closing bracket
	jsonString
	jsonEscape  // after a backslash
	jsonHex     // after \u
	jsonLiteral // within true, false or null
	jsonMinus   // after -
	jsonZero    // after a leading 0
	jsonInt
	jsonPoint
	jsonFraction
	jsonExponent // after e
	jsonExponentSign
	jsonExponentDigits

	jsonBroken
)

// Scan looks at the next bytes of the text and returns how many of them belong to
// it. Once it is whole, or an error was returned, Reset must come before the next
// Scan.
func (f *JSONFrame) Scan(p []byte) (n int, whole bool, err error) {
	for n < len(p) {
		if f.state == jsonString {
			n += plainJSON(p[n:])
			if n == len(p) {
				return n, false, nil
			}
		}
		if f.state = f.step(p[n]); f.state == jsonBroken {
			return n, false, errJSON
		}
		n++
		if f.state == jsonNext && len(f.open) == 0 {
			return n, true, nil
		}
	}
	return n, false, nil
}

// Begun reports whether a byte other than white space has come.
func (f *JSONFrame) Begun() bool { return f.state != jsonStart }

// Reset makes the frame ready for the next text.
func (f *JSONFrame) Reset() {
	*f = JSONFrame{open: f.open[:0]}
}

// plainJSON returns how many bytes of a string, from its first on, stand for
// themselves.
func plainJSON(p []byte) int {
	for i, c := range p {
		if c == '"' || c == '\\' || c < ' ' {
			return i
		}
	}
	return len(p)
}

// step returns the state after the byte c.
func (f *JSONFrame) step(c byte) jsonState {
	if f.state >= jsonMinus {
		return f.number(c)
	}
	if f.state < jsonString && (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
		return f.state
	}
	switch f.state {
	case jsonStart:
		if c == '{' || c == '[' {
			return f.value(c)
		}
	case jsonFirst:
		if c == ']' {
			return f.shut('[')
		}
		return f.value(c)
	case jsonValue:
		return f.value(c)
	case jsonFirstKey, jsonKey:
		if c == '}' && f.state == jsonFirstKey {
			return f.shut('{')
		}
		if c == '"' {
			f.inKey = true
			return jsonString
		}
	case jsonColon:
		if c == ':' {
			return jsonValue
		}
	case jsonNext:
		return f.next(c)
	default:
		return f.text(c)
	}
	return jsonBroken
}

// value takes the first byte of a value.
func (f *JSONFrame) value(c byte) jsonState {
	switch {
	case c == '{' || c == '[':
		if len(f.open) == maxJSONDepth {
			return jsonBroken
		}
		f.open = append(f.open, c)
		if c == '{' {
			return jsonFirstKey
		}
		return jsonFirst
	case c == '"':
		f.inKey = false
		return jsonString
	case c == '-':
		return jsonMinus
	case c == '0':
		return jsonZero
	case '1' <= c && c <= '9':
		return jsonInt
	case c == 't':
		f.rest = "rue"
	case c == 'f':
		f.rest = "alse"
	case c == 'n':
		f.rest = "ull"
	default:
		return jsonBroken
	}
	return jsonLiteral
}

// next takes what follows a value.
func (f *JSONFrame) next(c byte) jsonState {
	switch inner := f.open[len(f.open)-1]; {
	case c == ',' && inner == '{':
		return jsonKey
	case c == ',':
		return jsonValue
	case c == '}':
		return f.shut('{')
	case c == ']':
		return f.shut('[')
	}
	return jsonBroken
}

// shut closes the innermost bracket, which must be of the given kind.
func (f *JSONFrame) shut(kind byte) jsonState {
	last := len(f.open) - 1
	if f.open[last] != kind {
		return jsonBroken
	}
	f.open = f.open[:last]
	return jsonNext
}

// text takes a byte within a string or a literal.
func (f *JSONFrame) text(c byte) jsonState {
	switch f.state {
	case jsonString:
		switch {
		case c == '\\':
			return jsonEscape
		case c == '"' && f.inKey:
			return jsonColon
		case c == '"':
			return jsonNext
		}
	case jsonEscape:
		switch c {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return jsonString
		case 'u':
			f.hex = 4
			return jsonHex
		}
	case jsonHex:
		if !isHex(c) {
			break
		}
		if f.hex--; f.hex == 0 {
			return jsonString
		}
		return jsonHex
	case jsonLiteral:
		if c != f.rest[0] {
			break
		}
		if f.rest = f.rest[1:]; f.rest == "" {
			return jsonNext
		}
		return jsonLiteral
	}
	return jsonBroken
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// number takes a byte within a number, or the one that ends it.
func (f *JSONFrame) number(c byte) jsonState {
	digit := '0' <= c && c <= '9'
	switch s := f.state; {
	case digit && s == jsonMinus:
		return f.value(c)
	case digit && s == jsonInt:
		return jsonInt
	case digit && (s == jsonPoint || s == jsonFraction):
		return jsonFraction
	case digit && s >= jsonExponent:
		return jsonExponentDigits
	case c == '.' && (s == jsonZero || s == jsonInt):
		return jsonPoint
	case (c == 'e' || c == 'E') && (s == jsonZero || s == jsonInt || s == jsonFraction):
		return jsonExponent
	case (c == '+' || c == '-') && s == jsonExponent:
		return jsonExponentSign
	case s == jsonZero || s == jsonInt || s == jsonFraction || s == jsonExponentDigits:
		f.state = jsonNext
		return f.step(c)
	}
	return jsonBroken
}
