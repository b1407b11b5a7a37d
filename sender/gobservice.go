package sender

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net/rpc"

	"transfer/g"
)

// gobService calls one method of a net/rpc server, Service.Send([]*Item), with
// items that were encoded beforehand. Item bytes hold no type ids, so that they
// go out on any connection; what does hold them is learned here from
// encoding/gob, which hands them out.
type gobService struct {
	dialer
	method      string
	ping        string // method that only answers; empty: there is none
	descriptors []byte // the messages that define the types, once a connection
	headerID    []byte // type id of rpc.Request
	bodyID      []byte // type id of the slice of items, and the 0 that marks no struct
}

// newGobService learns to call method with items, an empty slice of pointers to the
// item's struct.
func newGobService(section *g.Backend, method string, items any) (gobService, error) {
	s := gobService{dialer: newDialer(section), method: method}
	var stream bytes.Buffer
	encoder := gob.NewEncoder(&stream)
	for _, sample := range []struct {
		value any
		id    *[]byte
	}{{rpc.Request{}, &s.headerID}, {items, &s.bodyID}} {
		if err := encoder.Encode(sample.value); err != nil {
			return gobService{}, fmt.Errorf("cannot encode a sample for %s: %w", method, err)
		}
		value, err := s.learn(&stream)
		if err != nil {
			return gobService{}, fmt.Errorf("cannot learn the types of %s: %w", method, err)
		}
		// An empty struct is its id and the 0 behind the last field; an empty slice is
		// its id, the 0 of what is no struct, and the count.
		*sample.id = value[:len(value)-1]
	}
	return s, nil
}

// learn reads what one Encode wrote. The messages that define types, whose id is
// negative, it keeps; the body of the last message, the value, it returns.
func (s *gobService) learn(stream *bytes.Buffer) (value []byte, err error) {
	for stream.Len() > 0 {
		message := stream.Bytes()
		length, n := readGobUint(message)
		if n == 0 || length == 0 || length > uint64(len(message)-n) {
			break
		}
		message = bytes.Clone(stream.Next(n + int(length)))
		if id, _ := readGobUint(message[n:]); id&1 == 0 { // the lowest bit is the sign
			return message[n:], nil
		}
		s.descriptors = append(s.descriptors, message...)
	}
	return nil, errors.New("encoding/gob wrote no value")
}

// appendRequest appends all of a request but its items: the header, and the
// beginning of the body message that size bytes of count items end.
func (s *gobService) appendRequest(dst []byte, seq uint64, count, size int) []byte {
	dst = s.appendHeader(dst, s.headerID, seq)
	var room [16]byte // more than bodyID and count take
	begin := appendGobUint(append(room[:0], s.bodyID...), uint64(count))
	dst = appendGobUint(dst, uint64(len(begin)+size))
	return append(dst, begin...)
}

// appendHeader appends the message that begins request seq, or a good reply to it:
// rpc.Request and rpc.Response, which one the type's id tells, both begin with the
// method and the number.
func (s *gobService) appendHeader(dst, id []byte, seq uint64) []byte {
	begin := len(dst)
	dst = append(dst, 0) // the length, which is short: known at the end
	fields := gobStruct{dst: append(dst, id...)}
	fields.text(0, s.method)
	if seq != 0 {
		fields.field(1)
		fields.dst = appendGobUint(fields.dst, seq)
	}
	dst = fields.end()
	dst[begin] = byte(len(dst) - begin - 1)
	return dst
}

// Dial connects to address.
func (s *gobService) Dial(ctx context.Context, address string) (Conn, error) {
	c, err := s.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return newGobConn(s, c), nil
}

// readGobUint reads an unsigned integer and returns it with its length, 0 when b
// holds none.
func readGobUint(b []byte) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] <= 0x7f {
		return uint64(b[0]), 1
	}
	n = 1 - int(int8(b[0]))
	if n > 9 || n > len(b) {
		return 0, 0
	}
	for _, octet := range b[1:n] {
		v = v<<8 | uint64(octet)
	}
	return v, n
}
