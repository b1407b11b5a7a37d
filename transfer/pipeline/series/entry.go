package series

import (
	"math"

	"transfer/g/metric"
)

// entry is one remembered series. Its metric and tags as sent and its parts are its
// record, which lies in a chunk of its shard. A series that is sent both with a joined
// counter and with a parted one has two entries.
//
// The series of an agent come one after another. So its endpoint lies only before the
// record of the first one, and the entries of the others name that one as their source.
type entry struct {
	hash     uint32
	next     uint32 // the entry of the series that came after this one last time
	record   uint32 // where the record begins: chunk and offset
	size     uint32 // of the record, bytes
	sum      uint32
	murmur3  uint32
	step     uint32 // seconds
	source   uint32 // the entry before whose record the endpoint lies; maybe this one
	endpoint uint16 // bytes, before the source's record
	metric   uint16 // bytes, at the beginning of the record
	tags     uint16 // bytes, as sent, behind the metric
	kind     metric.CounterType
	joined   bool // metric and tags were sent as one, which stands for the metric
}

// A record lies within one chunk: the upper half of its place is the chunk's
// number, the lower half the offset.
const (
	offsetBits = 16
	chunkBytes = 1 << offsetBits
	offsetMask = chunkBytes - 1
	maxChunks  = 1 << (32 - offsetBits)
)

// names returns how many bytes are kept of the point as sent, at most, and whether an
// entry can hold the point's series at all.
func names(p *metric.Point) (size int, ok bool) {
	size = len(p.Endpoint) + len(p.Metric) + len(p.RawTags)
	return size, size <= math.MaxUint16 && p.Step <= math.MaxUint32
}

// fits reports whether the point is of this entry's series but perhaps for its endpoint,
// record being the entry's own.
func (e *entry) fits(p *metric.Point, record []byte) bool {
	if int(e.metric) != len(p.Metric) || int(e.tags) != len(p.RawTags) ||
		int64(e.step) != p.Step || e.kind != p.Type || e.joined != p.Joined {
		return false
	}
	tags, end := int(e.metric), int(e.metric)+int(e.tags)
	return string(record[:tags]) == p.Metric && (tags == end || string(record[tags:end]) == p.RawTags)
}

// series returns what the entry remembers, record being its own.
func (e *entry) series(record []byte) Series {
	return Series{Sum: e.sum, Murmur3: e.murmur3, parts: record[int(e.metric)+int(e.tags):]}
}
