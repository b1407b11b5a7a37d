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
	if len(bytes.TrimSpace(data)) == 0 {
		return Finding{Text: "the file is empty", Remedy: "cfg.example.json is a file to begin with"}, true
	}
	var fault *json.SyntaxError
	var whole json.RawMessage
	if !errors.As(json.Unmarshal(data, &whole), &fault) {
		return Finding{}, false
	}
	before := data[:max(0, min(int(fault.Offset), len(data))-1)]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return Finding{fmt.Sprintf("line %d, column %d", line, column), fault.Error(), syntaxRemedy(before, data[len(before):])}, true
}

// syntaxRemedy guesses the slip from the bytes before and from a fault on: those
// of people who write JSON by hand.
func syntaxRemedy(before, from []byte) string {
	before = bytes.TrimRight(before, spaces)
	switch {
	case bytes.HasPrefix(from, []byte("\ufeff")):
		return "save the file without a byte order mark"
	case bytes.HasPrefix(from, []byte("/")), bytes.HasPrefix(from, []byte("#")):
		return "JSON has no comments, take it away"
	case bytes.HasSuffix(before, []byte(",")):
		return "is there a comma too many before it?"
	case bytes.HasPrefix(from, []byte(`"`)) && !bytes.HasSuffix(before, []byte("{")):
		return "is there a comma or colon missing before it?"
	}
	return "mend the JSON there"
}
