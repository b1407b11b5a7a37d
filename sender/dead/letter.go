package dead

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"
)

// Letter is one point that a target refused.
type Letter struct {
	Target      string    // id, set by the Store
	Address     string    // that refused it
	Reason      string    // in the backend's words, cut to 1 KiB
	When        time.Time // it was refused, by the wall clock
	Hash        uint32    // of its key, by the cluster's ring
	First, Last uint64    // of the Block that it was in
	Encoding    string    // of the item, as in a spool
	Item        []byte
}

// Layout of a letter's record:
//
//	when      uvarint  ns since 1970
//	first     uvarint
//	last      uvarint, less first
//	hash      4 bytes, little-endian
//	address, reason, encoding: each its length as uvarint, then its bytes
//	item      the rest
const hashBytes = 4

// longestReason bounds what is kept of a backend's words, in bytes.
const longestReason = 1 << 10

// append appends the letter's record.
func (l *Letter) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(max(0, l.When.UnixNano())))
	dst = binary.AppendUvarint(dst, l.First)
	dst = binary.AppendUvarint(dst, l.Last-l.First)
	dst = binary.LittleEndian.AppendUint32(dst, l.Hash)
	for _, text := range []string{l.Address, shortened(l.Reason), l.Encoding} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	return append(dst, l.Item...)
}

func shortened(reason string) string {
	if len(reason) <= longestReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:longestReason], "")
}

// errIllegible says that a record is none of this layout.
var errIllegible = errors.New("it is no record of a letter")

// decode sets the letter, but for its Target, to what the record says. Item aliases
// the record.
func (l *Letter) decode(record []byte) error {
	d := decoder{rest: record}
	when := d.uvarint()
	l.When = time.Unix(0, int64(when))
	l.First = d.uvarint()
	l.Last = l.First + d.uvarint()
	if hash := d.bytes(hashBytes); len(hash) == hashBytes {
		l.Hash = binary.LittleEndian.Uint32(hash)
	}
	for _, text := range []*string{&l.Address, &l.Reason, &l.Encoding} {
		*text = string(d.bytes(d.uvarint()))
	}
	l.Item = d.rest
	if d.failed || when > math.MaxInt64 {
		return errIllegible
	}
	return nil
}

// decoder takes one thing after another from the front of its bytes, and notes that
// one was missing.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.rest, d.failed = nil, true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.rest, d.failed = nil, true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}
