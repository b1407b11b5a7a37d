package g

import (
	"bytes"
	"encoding/json"

	jsoniter "github.com/json-iterator/go"
)

// Object is a JSON object whose members keep their order.
type Object []Member

// Member is one key and value of an Object.
type Member struct {
	Key   string
	Value any
}

// MarshalJSON writes the members in order.
func (o Object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		for part, v := range []any{m.Key, m.Value} {
			if part > 0 {
				out = append(out, ':')
			}
			text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
			if err != nil {
				return nil, err
			}
			out = append(out, text...)
		}
	}
	return append(out, '}'), nil
}

// Without returns the object without the members called key, at any depth.
func (o Object) Without(key string) Object {
	var rest Object
	for _, m := range o {
		if m.Key == key {
			continue
		}
		if inner, ok := m.Value.(Object); ok {
			m.Value = inner.Without(key)
		}
		rest = append(rest, m)
	}
	return rest
}

// Indent returns the object as text for people, two spaces a level.
func (o Object) Indent() (string, error) {
	text, err := o.MarshalJSON()
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = json.Indent(&out, text, "", "  ") // json-iterator has no Indent
	return out.String(), err
}

// orNothing returns the object as a value, nil when it has no members.
func (o Object) orNothing() any {
	if len(o) == 0 {
		return nil
	}
	return o
}
