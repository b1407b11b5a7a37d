package series

import (
	"math"

	"transfer/g/metric"
)

// entry is one remembered series. Its names as sent and its parts are its record,
// which lies in a chunk of its shard.
type entry struct {
	hash     uint32
	next     uint32 // the entry of the series that came after this one last time
	record   uint32 // where the record begins: chunk and offset
	size     uint32 // of the record, bytes
	sum      uint32
	murmur3  uint32
	step     uint32 // seconds
	endpoint uint16 // bytes, at the beginning of the record
	metric   uint16 // bytes, behind the endpoint
	tags     uint16 // bytes, as sent, behind the metric
	kind     metric.CounterType
}

// A record lies within one chunk: the upper half of its place is the chunk's
// number, the lower half the offset.
const (
	offsetBits = 16
	chunkBytes = 1 << offsetBits
	offsetMask = chunkBytes - 1
	maxChunks  = 1 << (32 - offsetBits)
)

// names returns the size of what the record holds of the point as sent, and
// whether an entry can hold the point's series at all.
func names(p *metric.Point) (size int, ok bool) {
	size = len(p.Endpoint) + len(p.Metric) + len(p.RawTags)
	return size, size <= math.MaxUint16 && p.Step <= math.MaxUint32
}

// is reports whether the point is of this entry's series, record being its own.
func (e *entry) is(p *metric.Point, record []byte) bool {
	metricAt := int(e.endpoint)
	tagsAt := metricAt + int(e.metric)
	end := tagsAt + int(e.tags)
	return metricAt == len(p.Endpoint) && int(e.metric) == len(p.Metric) && int(e.tags) == len(p.RawTags) &&
		int64(e.step) == p.Step && e.kind == p.Type &&
		string(record[metricAt:tagsAt]) == p.Metric &&
		string(record[tagsAt:end]) == p.RawTags &&
		string(record[:metricAt]) == p.Endpoint
}

// series returns what the entry remembers.
func (e *entry) series(record []byte) Series {
	return Series{Sum: e.sum, Murmur3: e.murmur3, parts: record[int(e.endpoint)+int(e.metric)+int(e.tags):]}
}
