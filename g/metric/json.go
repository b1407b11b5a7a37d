package metric

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// ErrTooManyPoints says that a request holds more points than it may.
var ErrTooManyPoints = errors.New("too many points")

// DecodeJSON appends the points of the JSON array that text begins with to the
// batch; what follows the array is ignored, and null is an empty array. An element
// that is no point, or has a field that can't be used, becomes a refused point. An
// error means that the whole text is refused: it is no JSON array, or holds more
// than limit elements (ErrTooManyPoints). The points may alias text.
func (b *Batch) DecodeJSON(text []byte, limit int) error {
	text = bytes.TrimLeft(text, " \n\t\r")
	if bytes.HasPrefix(text, []byte("null")) {
		return nil
	}
	if !bytes.HasPrefix(text, []byte("[")) {
		return errors.New("no JSON array")
	}
	if b.ScanJSON(text, limit) > 0 {
		return nil
	}
	return b.decodeAny(text, limit)
}

// decodeAny is DecodeJSON for an array of any shape.
func (b *Batch) decodeAny(text []byte, limit int) error {
	var f JSONFrame
	n, whole, err := f.Scan(text)
	if err == nil && !whole {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("cannot read the array at byte %d: %w", n, err)
	}
	iter := jsoniter.ParseBytes(jsoniter.ConfigCompatibleWithStandardLibrary, RepairJSON(text[:n]))
	return b.ReadJSON(iter, limit)
}

// ReadJSON is DecodeJSON for an array, or null, within a larger text. The text
// must have passed JSONFrame and RepairJSON. The iterator stands behind the array
// afterwards, also after ErrTooManyPoints.
func (b *Batch) ReadJSON(iter *jsoniter.Iterator, limit int) error {
	if b.text == nil {
		b.text = make([]byte, 0, 4<<10) // SkipAndAppendBytes takes no nil
	}
	elements := 0
	for iter.ReadArray() {
		if elements++; elements > limit {
			SkipJSON(iter)
			continue
		}
		b.readPoint(iter)
	}
	switch {
	case iter.Error != nil && !errors.Is(iter.Error, io.EOF):
		return fmt.Errorf("cannot read the array: %w", iter.Error)
	case elements > limit:
		return fmt.Errorf("%w: at most %d in one request", ErrTooManyPoints, limit)
	}
	return nil
}

// SkipJSON skips one value. The iterator's own Skip fails at numbers that no
// float64 holds.
func SkipJSON(iter *jsoniter.Iterator) {
	switch iter.WhatIsNext() {
	case jsoniter.NumberValue:
		iter.ReadNumber()
	case jsoniter.ArrayValue:
		iter.ReadArrayCB(func(iter *jsoniter.Iterator) bool {
			SkipJSON(iter)
			return iter.Error == nil
		})
	case jsoniter.ObjectValue:
		iter.ReadMapCB(func(iter *jsoniter.Iterator, _ string) bool {
			SkipJSON(iter)
			return iter.Error == nil
		})
	default:
		iter.Skip()
	}
}

// field is a key of a point's object. The order is that in which faults are told.
type field int

const (
	endpointField field = iota
	metricField
	typeField
	valueField
	stepField
	tagsField
	timestampField
	numFields
)

// fieldOf returns the field with that key, numFields for an unknown one. Case does
// not matter, by Unicode's simple folding as in encoding/json.
func fieldOf(key string) field {
	names := [numFields]string{
		endpointField: "endpoint", metricField: "metric", typeField: "counterType",
		valueField: "value", stepField: "step", tagsField: "tags", timestampField: "timestamp",
	}
	for f, name := range names {
		if strings.EqualFold(key, name) {
			return field(f)
		}
	}
	return numFields
}

// readPoint appends one element of the array.
func (b *Batch) readPoint(iter *jsoniter.Iterator) {
	p := b.Add()
	if iter.WhatIsNext() != jsoniter.ObjectValue {
		p.Refused = NotObject
		SkipJSON(iter)
		return
	}
	faults := [numFields]Reason{valueField: BadValue} // the one that must not be missing
	iter.ReadMapCB(func(iter *jsoniter.Iterator, key string) bool {
		f := fieldOf(key)
		if f == numFields || iter.WhatIsNext() == jsoniter.NilValue {
			SkipJSON(iter)
		} else {
			faults[f] = b.readField(iter, p, f)
		}
		return iter.Error == nil
	})
	for _, fault := range faults {
		if fault != Accepted {
			p.Refused = fault
			return
		}
	}
}

// readField reads the value of one key, which is not null, into the point.
func (b *Batch) readField(iter *jsoniter.Iterator, p *Point, f field) Reason {
	switch f {
	case endpointField:
		return b.readName(iter, &p.Endpoint)
	case metricField:
		return b.readName(iter, &p.Metric)
	case typeField:
		var name string
		fault := b.readName(iter, &name)
		p.Type = ParseCounterType(name)
		return fault
	case valueField:
		text, ok := b.readNumber(iter)
		if !ok {
			return BadValue
		}
		var fault Reason
		p.Value, fault = ParseValue(text)
		return fault
	case stepField:
		return b.readInteger(iter, &p.Step, BadStep)
	case timestampField:
		return b.readInteger(iter, &p.Timestamp, BadTimestamp)
	default:
		return b.readTags(iter, p)
	}
}

func (b *Batch) readName(iter *jsoniter.Iterator, name *string) Reason {
	var ok bool
	if *name, ok = b.readString(iter); !ok {
		return BadField
	}
	return Accepted
}

func (b *Batch) readInteger(iter *jsoniter.Iterator, n *int64, fault Reason) Reason {
	text, ok := b.readNumber(iter)
	if ok {
		*n, ok = ParseInteger(text)
	}
	if !ok {
		return fault
	}
	return Accepted
}

// readNumber reads the text of a number or of a string.
func (b *Batch) readNumber(iter *jsoniter.Iterator) (string, bool) {
	if iter.WhatIsNext() == jsoniter.NumberValue {
		return string(iter.ReadNumber()), true
	}
	return b.readString(iter)
}

// readString reads a string into the batch. It skips a value of another type.
func (b *Batch) readString(iter *jsoniter.Iterator) (string, bool) {
	if iter.WhatIsNext() != jsoniter.StringValue {
		SkipJSON(iter)
		return "", false
	}
	from := len(b.text)
	b.text = iter.SkipAndAppendBytes(b.text)
	quoted := b.text[from:]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return b.since(from)[1 : len(quoted)-1], true
	}
	return unescape(quoted)
}

// unescape returns what a JSON string with escapes stands for.
func unescape(quoted []byte) (s string, ok bool) {
	err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(quoted, &s)
	return s, err == nil
}

// readTags reads tags: a string, or an object of strings, which is joined into
// one. An object whose keys or values would part otherwise when the string is
// parsed is refused: two series could meet.
func (b *Batch) readTags(iter *jsoniter.Iterator, p *Point) Reason {
	var ok bool
	if iter.WhatIsNext() != jsoniter.ObjectValue {
		if p.RawTags, ok = b.readString(iter); !ok {
			return BadTags
		}
		return Accepted
	}
	var joined []byte
	fault := Accepted
	iter.ReadMapCB(func(iter *jsoniter.Iterator, key string) bool {
		value, ok := b.readString(iter)
		if !ok || strings.ContainsAny(key, ",=") || strings.Contains(value, ",") {
			fault = BadTags
		}
		if len(joined) > 0 {
			joined = append(joined, ',')
		}
		joined = append(append(append(joined, key...), '='), value...)
		return iter.Error == nil
	})
	p.RawTags = strings.ReplaceAll(string(joined), " ", "")
	return fault
}
