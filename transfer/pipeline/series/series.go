// Package series remembers what all points of a series have in common: the hashes
// of its key, what each backend wrote of it and where that goes. Agents send the same series again
// and again, so that nearly every point finds its tags parsed, its key hashed and
// placed, and most of its items encoded.
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
	Hash() ring.Hash
	Slot(hash uint32) int32
}

// Series is what the points of one series have in common. It is good until the
// Cursor that found it is used again.
type Series struct {
	Sum     uint32 // CRC-32 of the key
	Murmur3 uint32 // MurmurHash3 of the key, where a ring places by it

	parts []byte // of each encoder in turn: size of its part, slot, part
}

// Part is what one encoder has to say of a series.
type Part struct {
	Wanted bool   // if not, the rest means nothing
	Slot   int32  // where the encoder's backend places the series
	Text   []byte // what the encoder appended
}

// unwanted stands for the size of a part that an encoder did not want.
const unwanted = ^uint32(0)

// partHeader is what stands before a part, in bytes: its size and slot.
const partHeader = 8

// Next returns the next encoder's part of the series. It is called once for each
// encoder, in their order.
func (s *Series) Next() Part {
	size := binary.LittleEndian.Uint32(s.parts)
	slot := binary.LittleEndian.Uint32(s.parts[4:])
	rest := s.parts[partHeader:]
	if size == unwanted {
		s.parts = rest
		return Part{}
	}
	s.parts = rest[size:]
	return Part{Wanted: true, Slot: int32(slot), Text: rest[:size:size]}
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
		at := len(dst)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(unwanted))
		if !e.Wants(p) {
			continue
		}
		dst = e.AppendSeries(dst, p)
		hash := p.Sum
		if e.Hash() == ring.Murmur3 {
			hash = p.Murmur3
		}
		binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-partHeader))
		binary.LittleEndian.PutUint32(dst[at+4:], uint32(e.Slot(hash)))
	}
	return Series{Sum: p.Sum, Murmur3: p.Murmur3, parts: dst[from:]}
}
