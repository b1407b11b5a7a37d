package receiver

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
)

var (
	errGob     = errors.New("not gob")
	errGobMore = errors.New("the value goes on in a message still to come")
)

// maxGobParts bounds the messages over which one value may be spread.
const maxGobParts = 16

// gobReader reads the primitives of encoding/gob off one message. After the first
// fault err is set and every read returns zero. What it returns aliases data.
//
// The stream is decoded by hand and not by encoding/gob, which trusts its peer: a
// few bytes that claim a map of 2^62 empty structs keep its decoder busy for ever.
type gobReader struct {
	data []byte
	err  error

	behind  []byte // what was read behind the message
	parts   int    // messages of behind that were read, too
	missing int    // with errGobMore: how many bytes behind must have more at least
}

// fail makes err the reader's fault, unless it had one before.
func (r *gobReader) fail() {
	if r.err == nil {
		r.err = errGob
	}
	r.data = nil
}

// resume goes on behind a definition that stands within a value. A stock encoder
// begins a new message there, or within a value in an interface a new count.
func (r *gobReader) resume() {
	if r.err != nil {
		return
	}
	if len(r.data) > 0 {
		r.uint()
		return
	}
	size, prefix := gobUint(r.behind)
	r.parts++
	switch {
	case prefix < 0 || size > math.MaxInt32 || r.parts > maxGobParts:
		r.fail()
	case prefix == 0:
		r.err, r.missing = errGobMore, gobUintSize(r.behind)-len(r.behind)
	case len(r.behind)-prefix < int(size):
		r.err, r.missing = errGobMore, prefix+int(size)-len(r.behind)
	default:
		r.data, r.behind = r.behind[prefix:prefix+int(size)], r.behind[prefix+int(size):]
	}
}

// take returns the next n bytes.
func (r *gobReader) take(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail()
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

// uint reads an unsigned integer: up to 0x7f one byte, else the negated count of
// the bytes that follow, big-endian.
func (r *gobReader) uint() uint64 {
	if len(r.data) > 0 && r.data[0] <= 0x7f { // most are that short
		v := r.data[0]
		r.data = r.data[1:]
		return uint64(v)
	}
	v, n := gobUint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

// gobUint decodes the unsigned integer at the start of data and returns how many
// bytes it took: 0 when data ends before it, less when it is none.
func gobUint(data []byte) (v uint64, n int) {
	if len(data) == 0 {
		return 0, 0
	}
	if data[0] <= 0x7f {
		return uint64(data[0]), 1
	}
	size := -int(int8(data[0]))
	if size > 8 {
		return 0, -1
	}
	if len(data) <= size {
		return 0, 0
	}
	if len(data) > 8 {
		return binary.BigEndian.Uint64(data[1:]) >> (64 - 8*size), 1 + size
	}
	for _, c := range data[1 : 1+size] {
		v = v<<8 | uint64(c)
	}
	return v, 1 + size
}

// gobUintSize returns how many bytes the unsigned integer at the start of data
// takes, as far as its first byte has come.
func gobUintSize(data []byte) int {
	if len(data) == 0 || data[0] <= 0x7f {
		return 1
	}
	return 1 - int(int8(data[0]))
}

// int reads a signed integer, whose lowest bit is its sign.
func (r *gobReader) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// float reads a float64, sent as an integer with its bytes reversed.
func (r *gobReader) float() float64 {
	return math.Float64frombits(bits.ReverseBytes64(r.uint()))
}

// bytes reads a length and as many bytes.
func (r *gobReader) bytes() []byte {
	return r.take(r.uint())
}

// fields calls read with the number of each field of a struct, counted from 1 in
// the order of its type; read takes the field's value. Fields with their zero
// value are not there.
func (r *gobReader) fields(read func(number int)) {
	const most = 1 << 16 // of a struct's fields
	for number := 0; r.err == nil; {
		delta := r.uint()
		if delta == 0 {
			return
		}
		if delta > most || number > most {
			r.fail()
			return
		}
		number += int(delta)
		read(number)
	}
}
