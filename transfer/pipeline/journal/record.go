package journal

import (
	"encoding/binary"
	"math"
	"time"

	"transfer/g/metric"
)

// Encoding names the payloads that this package writes.
const Encoding = "points 1"

// version is the first byte of each payload of points.
const version = 1

// Layout of a payload: version, time of acceptance as 8 bytes (Unix ns,
// little-endian), then the points, each:
//
//	flags      1 byte: counter type, and what is as it was in the point before
//	endpoint   length, bytes; unless as before
//	metric     length, bytes; the whole counter if it is joined
//	tags       length, bytes, as sent; unless joined
//	timestamp  difference to the one before; unless as before
//	step       seconds; unless as before
//	value      8 bytes, the float's bits, little-endian
//
// Lengths and steps are uvarints, differences varints. Before the first point the
// endpoint is empty, timestamp and step are 0: no valid point is like that.
const (
	headBytes = 1 + 8

	typeMask      = 0b11
	sameEndpoint  = 1 << 2
	sameTimestamp = 1 << 3
	sameStep      = 1 << 4
	joined        = 1 << 5
	knownFlags    = typeMask | sameEndpoint | sameTimestamp | sameStep | joined
)

const (
	// pieceBytes ends a piece of a record: a giant request goes into several, none of
	// which is too large for a segment.
	pieceBytes = 1 << 20
	// keptBytes is how much memory a Record keeps at its Reset.
	keptBytes = 512 << 10
)

// Record is one request on its way into the journal. It belongs to one goroutine and
// is used again and again.
type Record struct {
	payload  []byte
	pieces   []piece
	begun    int // where the last piece begins
	points   int // of the last piece
	accepted int64
	before   point // the one added last

	// While it waits to be written; see append.go.
	first uint64
	err   error
	done  chan struct{}
}

// piece is one payload of a request.
type piece struct {
	end    int // behind its last byte
	points uint32
}

// point is what a point's successor is compared with.
type point struct {
	endpoint        string
	timestamp, step int64
}

// NewRecord returns an empty Record.
func NewRecord() *Record { return &Record{done: make(chan struct{}, 1)} }

// Begin empties the record for points that are accepted at the given time.
func (r *Record) Begin(accepted time.Time) {
	r.Reset()
	r.accepted = accepted.UnixNano()
}

// Reset empties the record and forgets the strings of its points.
func (r *Record) Reset() {
	if cap(r.payload) > keptBytes {
		r.payload = nil
	}
	r.payload, r.pieces = r.payload[:0], r.pieces[:0]
	r.begun, r.points, r.before = 0, 0, point{}
}

// Add adds the valid ones of the points. Their strings must stay as they are until
// Reset.
func (r *Record) Add(points []metric.Point) {
	dst, before := r.payload, r.before
	for i := range points {
		p := &points[i]
		if p.Refused != metric.Accepted {
			continue
		}
		if r.points == 0 || len(dst)-r.begun >= pieceBytes {
			dst, before = r.begin(dst), point{}
		}
		r.points++
		at, flags := len(dst), byte(p.Type)
		dst = append(dst, 0)
		if p.Endpoint == before.endpoint {
			flags |= sameEndpoint
		} else {
			dst = appendText(dst, p.Endpoint)
			before.endpoint = p.Endpoint
		}
		dst = appendText(dst, p.Metric)
		if p.Joined {
			flags |= joined
		} else {
			dst = appendText(dst, p.RawTags)
		}
		if p.Timestamp == before.timestamp {
			flags |= sameTimestamp
		} else {
			dst = binary.AppendVarint(dst, p.Timestamp-before.timestamp)
			before.timestamp = p.Timestamp
		}
		if p.Step == before.step {
			flags |= sameStep
		} else {
			dst = binary.AppendUvarint(dst, uint64(p.Step))
			before.step = p.Step
		}
		dst[at] = flags
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p.Value))
	}
	r.payload, r.before = dst, before
}

// begin begins a piece behind dst, the payload so far.
func (r *Record) begin(dst []byte) []byte {
	if r.points > 0 {
		r.cut(len(dst))
	}
	return binary.LittleEndian.AppendUint64(append(dst, version), uint64(r.accepted))
}

// cut ends the last piece at the given place.
func (r *Record) cut(end int) {
	r.pieces = append(r.pieces, piece{end, uint32(r.points)})
	r.begun, r.points = end, 0
}

// appendText appends s behind its length.
func appendText(dst []byte, s string) []byte {
	if n := len(s); n < 0x80 { // nearly always: it spares a call
		dst = append(dst, byte(n))
	} else {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return append(dst, s...)
}
