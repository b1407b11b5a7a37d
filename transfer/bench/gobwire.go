package bench

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// These read and write the parts of encoding/gob that are needed to count: its
// package documentation gives them under "Encoding Details".

// readGobUint reads an unsigned integer and returns it with its length, 0 when b
// does not hold all of it.
func readGobUint(b []byte) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] <= 0x7f {
		return uint64(b[0]), 1
	}
	n = 1 - int(int8(b[0]))
	if n > maxGobUint || n > len(b) {
		return 0, 0
	}
	for _, octet := range b[1:n] {
		v = v<<8 | uint64(octet)
	}
	return v, n
}

const maxGobUint = 9 // bytes

func appendGobUint(dst []byte, v uint64) []byte {
	if v <= 0x7f {
		return append(dst, byte(v))
	}
	var big [8]byte
	binary.BigEndian.PutUint64(big[:], v)
	skip := bits.LeadingZeros64(v) / 8
	return append(append(dst, byte(skip-8)), big[skip:]...)
}

var errNotGob = errors.New("this is no gob stream")

// gobMessage returns the body of the next message, valid until the next call.
func (in *inbox) gobMessage() ([]byte, error) {
	for {
		data := in.unread()
		want := len(data) + 1
		length, n := readGobUint(data)
		switch {
		case n == 0 && len(data) >= maxGobUint, length > maxInbox:
			return nil, errNotGob
		case n > 0:
			if want = n + int(length); len(data) >= want {
				in.use(want)
				return data[n:want], nil
			}
		}
		if err := in.fill(want); err != nil {
			return nil, err
		}
	}
}

// gobValue returns the next message that holds a value, from behind its type id;
// those that define types have a negative id.
func (in *inbox) gobValue() ([]byte, error) {
	for {
		message, err := in.gobMessage()
		if err != nil {
			return nil, err
		}
		id, n := readGobUint(message)
		if n == 0 {
			return nil, errNotGob
		}
		if id&1 == 0 { // the lowest bit is the sign
			return message[n:], nil
		}
	}
}
