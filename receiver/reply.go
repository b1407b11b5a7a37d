package receiver

import (
	"errors"
	"strconv"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// appendSummary appends, as JSON, what became of a request's points.
func appendSummary(dst []byte, total, invalid int, took time.Duration) []byte {
	dst = append(dst, `{"Message":"ok","Total":`...)
	dst = strconv.AppendInt(dst, int64(total), 10)
	dst = append(dst, `,"Invalid":`...)
	dst = strconv.AppendInt(dst, int64(invalid), 10)
	dst = append(dst, `,"Latency":`...)
	dst = strconv.AppendInt(dst, took.Milliseconds(), 10)
	return append(dst, '}')
}

// appendJSONString appends s as a JSON string.
func appendJSONString(dst []byte, s string) []byte {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(s)
	if err != nil {
		text = []byte(`""`) // no string is known that can't be encoded
	}
	return append(dst, text...)
}

// unknownMethod returns the error that net/rpc's server has for such a method.
func unknownMethod(method string) error {
	dot := strings.LastIndexByte(method, '.')
	switch {
	case dot < 0:
		return errors.New("rpc: service/method request ill-formed: " + method)
	case method[:dot] != "Transfer":
		return errors.New("rpc: can't find service " + method)
	}
	return errors.New("rpc: can't find method " + method)
}
