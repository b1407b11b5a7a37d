package series

import (
	"sync"

	"transfer/g/metric"
)

// shard is a part of the cache under one lock.
type shard struct {
	mu      sync.Mutex
	entries []entry  // the first one is none: its names are empty, which no valid point's are
	index   []uint32 // open addressing, by hash: entries, 0 for none; its length is a power of two
	chunks  [][]byte // of records; the last one is being filled
	_       [48]byte // shards don't share cache lines
}

// firstIndex is the size of a shard's first index.
const firstIndex = 256

// chunkCost is what a chunk takes in all, bytes: the entries of its records and
// their places in the index are counted as a quarter more, which they are with the
// usual records of 250 bytes.
const chunkCost = chunkBytes + chunkBytes/4

// len returns how many series are remembered.
func (s *shard) len() int { return max(0, len(s.entries)-1) }

// reset forgets all series and lets go of their memory.
func (s *shard) reset() {
	s.entries, s.index, s.chunks = nil, nil, nil
}

// prepare makes an empty shard ready for use.
func (s *shard) prepare() {
	if s.entries == nil {
		s.entries, s.index = make([]entry, 1, firstIndex/2), make([]uint32, firstIndex)
	}
}

// record returns the record of an entry.
func (s *shard) record(e *entry) []byte {
	chunk := s.chunks[e.record>>offsetBits]
	from := e.record & offsetMask
	return chunk[from : from+e.size]
}

// isOf reports whether the entry is of a series of this endpoint.
func (s *shard) isOf(e *entry, endpoint string) bool {
	return int(e.endpoint) == len(endpoint) && string(s.endpoint(e)) == endpoint
}

// endpoint returns that of the entry's series, as it lies before the source's record.
func (s *shard) endpoint(e *entry) []byte {
	place := s.entries[e.source].record
	end := int(place & offsetMask)
	return s.chunks[place>>offsetBits][end-int(e.endpoint) : end]
}

// find returns the entry of the point's series, which has this hash, 0 for none.
func (s *shard) find(hash uint32, p *metric.Point) (at uint32) {
	for i := s.slot(hash); ; i = s.after(i) {
		at = s.index[i]
		if at == 0 {
			return 0
		}
		if e := &s.entries[at]; e.hash == hash && e.fits(p, s.record(e)) && s.isOf(e, p.Endpoint) {
			return at
		}
	}
}

// slot returns where the search for a hash begins, after where it goes on.
func (s *shard) slot(hash uint32) int { return int(hash) & (len(s.index) - 1) }
func (s *shard) after(i int) int      { return (i + 1) & (len(s.index) - 1) }

// hasRoom reports whether a record of so many bytes fits into the last chunk.
func (s *shard) hasRoom(size int) bool {
	n := len(s.chunks)
	return n > 0 && cap(s.chunks[n-1])-len(s.chunks[n-1]) >= size
}

// add remembers the point's series, for whose endpoint and record there is room. source
// is an entry before whose record its endpoint lies, 0 if there is none at hand.
func (s *shard) add(hash uint32, p *metric.Point, found Series, source uint32) uint32 {
	s.growIndex()
	at := uint32(len(s.entries))
	chunk := &s.chunks[len(s.chunks)-1]
	if source == 0 {
		source = at
		*chunk = append(*chunk, p.Endpoint...)
	}
	from := len(*chunk)
	*chunk = append(*chunk, p.Metric...)
	*chunk = append(*chunk, p.RawTags...)
	*chunk = append(*chunk, found.parts...)
	s.entries = append(s.entries, entry{
		hash: hash, sum: found.Sum, murmur3: found.Murmur3,
		record: uint32(len(s.chunks)-1)<<offsetBits | uint32(from), size: uint32(len(*chunk) - from),
		source: source, endpoint: uint16(len(p.Endpoint)), metric: uint16(len(p.Metric)), tags: uint16(len(p.RawTags)),
		step: uint32(p.Step), kind: p.Type, joined: p.Joined,
	})
	s.enter(hash, at)
	return at
}

// enter puts an entry into the index.
func (s *shard) enter(hash, at uint32) {
	i := s.slot(hash)
	for s.index[i] != 0 {
		i = s.after(i)
	}
	s.index[i] = at
}

// growIndex keeps the index at most half full.
func (s *shard) growIndex() {
	if 2*(len(s.entries)+1) <= len(s.index) {
		return
	}
	s.index = make([]uint32, 2*len(s.index))
	for at := 1; at < len(s.entries); at++ {
		s.enter(s.entries[at].hash, uint32(at))
	}
}
