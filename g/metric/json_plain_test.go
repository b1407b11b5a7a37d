package metric

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainObject holds the members of a point's object that are not null.
type plainObject map[string]json.RawMessage

// plainPoint decodes one element of the array slowly and plainly.
func plainPoint(t *testing.T, text json.RawMessage) Point {
	if text[0] != '{' {
		return Point{Refused: NotObject}
	}
	object := plainObject{}
	eachMember(t, text, func(key string, value json.RawMessage) {
		for _, name := range []string{"endpoint", "metric", "counterType", "value", "step", "tags", "timestamp"} {
			if strings.EqualFold(key, name) && string(value) != "null" {
				object[name] = value
			}
		}
	})
	var p Point
	var faults [7]Reason
	var counterType string
	p.Endpoint, faults[0] = object.name("endpoint")
	p.Metric, faults[1] = object.name("metric")
	counterType, faults[2] = object.name("counterType")
	p.Type = ParseCounterType(counterType)
	p.Value, faults[3] = ParseValue(object.number("value"))
	p.Step, faults[4] = object.integer("step", BadStep)
	p.RawTags, faults[5] = object.tags(t)
	p.Timestamp, faults[6] = object.integer("timestamp", BadTimestamp)
	for _, fault := range faults {
		if fault != Accepted {
			return Point{Refused: fault}
		}
	}
	return p
}

// eachMember calls do for each member of a JSON object, repeated ones too.
func eachMember(t *testing.T, object []byte, do func(key string, value json.RawMessage)) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, err := decoder.Token()
	require.NoError(t, err)
	for decoder.More() {
		key, err := decoder.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, decoder.Decode(&value))
		do(key.(string), value)
	}
}

func (o plainObject) name(key string) (s string, fault Reason) {
	if o[key] != nil && json.Unmarshal(o[key], &s) != nil {
		return "", BadField
	}
	return s, Accepted
}

// number returns the text of a number, given as such or as a string.
func (o plainObject) number(key string) string {
	if o[key] == nil {
		return ""
	}
	if c := o[key][0]; c == '-' || '0' <= c && c <= '9' {
		return string(o[key])
	}
	s, _ := o.name(key)
	return s
}

func (o plainObject) integer(key string, fault Reason) (int64, Reason) {
	if o[key] == nil {
		return 0, Accepted
	}
	n, ok := ParseInteger(o.number(key))
	if !ok {
		return 0, fault
	}
	return n, Accepted
}

func (o plainObject) tags(t *testing.T) (string, Reason) {
	text := o["tags"]
	if text == nil || text[0] != '{' {
		s, fault := o.name("tags")
		if fault != Accepted {
			return "", BadTags
		}
		return s, Accepted
	}
	var pieces []string
	fault := Accepted
	eachMember(t, text, func(key string, value json.RawMessage) {
		var s string
		if value[0] != '"' || json.Unmarshal(value, &s) != nil || strings.ContainsAny(key, ",=") || strings.Contains(s, ",") {
			fault = BadTags
		}
		pieces = append(pieces, key+"="+s)
	})
	return strings.ReplaceAll(strings.Join(pieces, ","), " ", ""), fault
}
