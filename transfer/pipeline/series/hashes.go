package series

import (
	"iter"

	"transfer/g/metric"
	"transfer/sender/ring"
)

// visitedAtOnce is how many series are looked at between two moments at which others
// may use the same part of the cache: well below a millisecond's work.
const visitedAtOnce = 1000

// Hashes gives the CRC-32 and the MurmurHash3 of every remembered series that the
// encoder of this index wants. The second is 0 unless murmur3 is set or some ring places
// by it. A series that is sent in two ways, such as with two steps, is given for each.
//
// The cache may be used meanwhile, also by the consumer: what comes or goes then may be
// missed.
func (c *Cache) Hashes(encoder int, murmur3 bool) iter.Seq2[uint32, uint32] {
	return func(yield func(crc32, murmur3 uint32) bool) {
		var some []hashes
		for i := range c.shards {
			for from := 1; ; from += visitedAtOnce {
				var more bool
				some, more = c.shards[i].hashes(some[:0], from, encoder, murmur3 && !c.murmur3)
				for _, h := range some {
					if !yield(h.crc32, h.murmur3) {
						return
					}
				}
				if !more {
					break
				}
			}
		}
	}
}

// hashes are those of one series.
type hashes struct{ crc32, murmur3 uint32 }

// hashes appends those of the entries from an index on that the encoder wants, and
// reports whether there are more entries. With murmur3 it makes the hash that was not
// remembered.
func (s *shard) hashes(dst []hashes, from, encoder int, murmur3 bool) (all []hashes, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := min(from+visitedAtOnce, len(s.entries))
	var batch metric.Batch
	for at := from; at < end; at++ {
		e := &s.entries[at]
		record := s.record(e)
		if !e.wantedBy(encoder, record) {
			continue
		}
		h := hashes{e.sum, e.murmur3}
		if murmur3 {
			h.murmur3 = ring.Murmur3.Sum(s.key(e, record, &batch))
		}
		dst = append(dst, h)
	}
	return dst, end < len(s.entries)
}

// wantedBy reports whether the encoder of this index wants the entry's series, record
// being the entry's own.
func (e *entry) wantedBy(encoder int, record []byte) bool {
	found := e.series(record)
	for range encoder {
		found.Next()
	}
	return found.Next().Wanted
}

// key makes the entry's key anew. It is good until the next call with this batch.
func (s *shard) key(e *entry, record []byte, batch *metric.Batch) string {
	batch.Reset()
	tags, end := int(e.metric), int(e.metric)+int(e.tags)
	p := batch.Add()
	p.Endpoint, p.Metric, p.RawTags = string(s.endpoint(e)), string(record[:tags]), string(record[tags:end])
	p.Joined = e.joined
	batch.Resolve(p)
	return p.Key
}
