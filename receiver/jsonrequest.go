package receiver

import (
	"errors"
	"fmt"
	"io"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/metric"
)

// jsonRequest is the envelope of a JSON-RPC request.
type jsonRequest struct {
	id     string // as it was sent, or null
	method string
	fault  error // for which Transfer.Update can't be called
}

// readJSONRequest reads a request, whose grammar and strings are in order, and
// appends the points of its first parameter to the batch: the method may well
// come last. An error means that it is no request at all.
func readJSONRequest(iter *jsoniter.Iterator, batch *metric.Batch, limit int) (q jsonRequest, err error) {
	iter.Error = nil
	if iter.WhatIsNext() != jsoniter.ObjectValue {
		return q, errors.New("request that is no JSON object")
	}
	q = jsonRequest{id: "null", fault: errNoParams}
	iter.ReadMapCB(func(iter *jsoniter.Iterator, key string) bool {
		switch {
		case strings.EqualFold(key, "id"):
			q.id = readID(iter)
		case strings.EqualFold(key, "method"):
			q.method = readMethod(iter)
		case strings.EqualFold(key, "params"):
			batch.Reset()
			q.readParams(iter, batch, limit)
		default:
			metric.SkipJSON(iter)
		}
		return iter.Error == nil
	})
	if iter.Error != nil && !errors.Is(iter.Error, io.EOF) {
		return q, fmt.Errorf("cannot read the request: %w", iter.Error)
	}
	return q, nil
}

// readJSONID reads the id of a request, whose grammar is in order, from its bytes as
// they came: an id goes back like that, broken strings included.
func readJSONID(iter *jsoniter.Iterator) string {
	iter.Error = nil
	id := "null"
	iter.ReadMapCB(func(iter *jsoniter.Iterator, key string) bool {
		if strings.EqualFold(key, "id") {
			id = readID(iter)
		} else {
			metric.SkipJSON(iter)
		}
		return iter.Error == nil
	})
	return id
}

var (
	errNoParams  = errors.New("jsonrpc: request body missing params")
	errBadParams = errors.New("params is no array")
	errNoPoints  = errors.New("params[0] is no array of points")
)

// readID reads an id as it was sent. One that is an array or an object, which
// JSON-RPC does not know, becomes null.
func readID(iter *jsoniter.Iterator) string {
	switch iter.WhatIsNext() {
	case jsoniter.NumberValue:
		return string(iter.ReadNumber())
	case jsoniter.StringValue, jsoniter.BoolValue:
		return string(iter.SkipAndReturnBytes())
	}
	metric.SkipJSON(iter)
	return "null"
}

// readMethod reads the method's name, empty when it is no string.
func readMethod(iter *jsoniter.Iterator) string {
	if iter.WhatIsNext() == jsoniter.StringValue {
		return iter.ReadString()
	}
	metric.SkipJSON(iter)
	return ""
}

// readParams reads the parameters: only the first has a meaning.
func (q *jsonRequest) readParams(iter *jsoniter.Iterator, batch *metric.Batch, limit int) {
	q.fault = nil
	switch iter.WhatIsNext() {
	case jsoniter.ArrayValue:
	case jsoniter.NilValue:
		q.fault = errNoParams
		iter.Skip()
		return
	default:
		q.fault = errBadParams
		metric.SkipJSON(iter)
		return
	}
	for first := true; iter.ReadArray(); first = false {
		if !first {
			metric.SkipJSON(iter)
			continue
		}
		switch iter.WhatIsNext() {
		case jsoniter.ArrayValue, jsoniter.NilValue:
			q.fault = batch.ReadJSON(iter, limit)
		default:
			q.fault = errNoPoints
			metric.SkipJSON(iter)
		}
	}
}
