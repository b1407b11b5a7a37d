package g

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// syntaxFault returns where and why data is no JSON. It takes the standard
// library, since json-iterator neither tells where a fault lies nor finds them
// all.
func syntaxFault(data []byte) (Finding, bool) {
	var fault *json.SyntaxError
	var whole json.RawMessage
	if !errors.As(json.Unmarshal(data, &whole), &fault) {
		return Finding{}, false
	}
	before := data[:max(0, min(int(fault.Offset), len(data))-1)]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	remedy := "mend the JSON there"
	if text := bytes.TrimRight(before, " \t\r\n"); bytes.HasSuffix(text, []byte(",")) {
		remedy = "is there a comma too many before it?"
	}
	return Finding{fmt.Sprintf("line %d, column %d", line, column), fault.Error(), remedy}, true
}
