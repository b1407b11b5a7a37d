// Package series remembers what all points of a series have in common: the hashes
// of its key and what each backend wrote of it. Agents send the same series again
// and again, so that nearly every point finds its tags parsed, its key hashed and
// most of its items encoded.
//
// The cache never changes a result, only its cost: whatever it remembers was made
// by the same code that makes it anew when it is forgotten.
package series

import (
	"encoding/binary"

	"transfer/g/metric"
	"transfer/sender/ring"
)

// Encoder is what the cache needs of a backend; pipeline.Backend says what its
// methods promise.
type Encoder interface {
	Wants(p *metric.Point) bool
	AppendSeries(dst []byte, p *metric.Point) []byte
}

// Series is what the points of one series have in common. It is good until the
// Cursor that found it is used again.
type Series struct {
	Sum     uint32 // CRC-32 of the key
	Murmur3 uint32 // MurmurHash3 of the key, where a ring places by it

	parts []byte // of each encoder in turn: length, what it appended
}

// unwanted stands for the length of a part that an encoder did not want.
const unwanted = ^uint32(0)

// lengthBytes is the size of a part's length.
const lengthBytes = 4

// Next returns the next encoder's part of the series, and whether that encoder
// wants the series at all. It is called once for each encoder, in their order.
func (s *Series) Next() (part []byte, wanted bool) {
	length := binary.LittleEndian.Uint32(s.parts)
	s.parts = s.parts[lengthBytes:]
	if length == unwanted {
		return nil, false
	}
	part = s.parts[:length:length]
	s.parts = s.parts[length:]
	return part, true
}

// resolve fills in the point's tags, key and hashes and makes its Series, whose
// parts are appended to dst.
func (c *Cache) resolve(dst []byte, b *metric.Batch, p *metric.Point) Series {
	b.Resolve(p)
	if c.murmur3 {
		p.Murmur3 = ring.Murmur3.Sum(p.Key)
	}
	from := len(dst)
	for _, e := range c.encoders {
		if !e.Wants(p) {
			dst = binary.LittleEndian.AppendUint32(dst, unwanted)
			continue
		}
		at := len(dst)
		dst = e.AppendSeries(append(dst, make([]byte, lengthBytes)...), p)
		binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-lengthBytes))
	}
	return Series{Sum: p.Sum, Murmur3: p.Murmur3, parts: dst[from:]}
}
