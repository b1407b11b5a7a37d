package bench

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"net"
	"net/rpc"
	"slices"
)

// gobSink answers as net/rpc's server does, and counts the elements of each call's
// list without decoding them.
type gobSink struct {
	*tally
	types  []byte // the messages that define the types of a reply, once a connection
	header []byte // the beginning of each response, up to its Seq
	result []byte // the whole message of the result
}

// SimpleRPCResponse is what Open-Falcon's services answer; encoding/gob wants it
// exported.
type SimpleRPCResponse struct{ Code int }

// newGobSink returns what serves a connection on which method is called.
func newGobSink(method string, t *tally) (serve func(net.Conn) error, err error) {
	var stream bytes.Buffer
	encoder := gob.NewEncoder(&stream)
	for _, sample := range []any{rpc.Response{ServiceMethod: method}, SimpleRPCResponse{}} {
		if err := encoder.Encode(sample); err != nil {
			return nil, fmt.Errorf("cannot learn how to answer %s: %w", method, err)
		}
	}
	s := &gobSink{tally: t}
	for stream.Len() > 0 {
		length, n := readGobUint(stream.Bytes())
		message := slices.Clone(stream.Next(n + int(length)))
		id, _ := readGobUint(message[n:])
		switch {
		case id&1 == 1: // the sign: it defines a type
			s.types = append(s.types, message...)
		case s.header == nil:
			// Without Seq, which is 0, its last byte ends the struct: Seq goes before that.
			s.header = message[n : len(message)-1]
		default:
			s.result = message
		}
	}
	return s.serve, nil
}

// serve answers the calls of one connection, one after another, until it ends.
func (s *gobSink) serve(c net.Conn) error {
	in := newInbox(c, sinkBytes)
	reply := slices.Clone(s.types)
	for {
		request, err := in.gobValue()
		if err != nil {
			return err
		}
		seq, err := readSeq(request)
		if err != nil {
			return err
		}
		body, err := in.gobValue()
		if err != nil {
			return err
		}
		s.took(countElements(body), body)
		if _, err := c.Write(s.appendReply(reply, seq)); err != nil {
			return err
		}
		reply = reply[:0]
	}
}

// appendReply appends the answer to call seq.
func (s *gobSink) appendReply(dst []byte, seq uint64) []byte {
	var room [64]byte
	header := append(room[:0], s.header...)
	if seq != 0 {
		header = appendGobUint(append(header, 1), seq)
	}
	header = append(header, 0)
	dst = append(appendGobUint(dst, uint64(len(header))), header...)
	return append(dst, s.result...)
}

// readSeq reads the number of a call from a rpc.Request{ServiceMethod, Seq}.
func readSeq(request []byte) (uint64, error) {
	const nextField = 1 // the distance to it
	if len(request) == 0 || request[0] != nextField {
		return 0, errNotGob
	}
	request = request[1:]
	length, n := readGobUint(request)
	if n == 0 || length >= uint64(len(request)-n) {
		return 0, errNotGob
	}
	request = request[n+int(length):] // behind the method's name
	if request[0] == 0 {
		return 0, nil
	}
	seq, n := readGobUint(request[1:])
	if n == 0 || request[0] != nextField {
		return 0, errNotGob
	}
	return seq, nil
}

// countElements returns how many elements a body holds: behind the 0 that marks
// what is no struct comes the count. A ping's body, a struct, holds none.
func countElements(body []byte) int {
	if len(body) < 2 || body[0] != 0 {
		return 0
	}
	count, _ := readGobUint(body[1:])
	return int(count)
}
