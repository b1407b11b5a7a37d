package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"transfer/g/metric"
)

// errBroken says that a payload is not what a Record writes. Its checksum was good:
// somebody else has written it.
var errBroken = errors.New("cannot read a record of the journal: it is none of this version's")

// decode appends the points of a payload to the batch, in whose memory their strings
// lie, and returns when they were accepted, Unix ns. points is how many there have to
// be. It takes no more memory than a small multiple of the payload's.
func decode(payload []byte, points uint32, b *metric.Batch) (accepted int64, err error) {
	if len(payload) < headBytes || payload[0] != version {
		return 0, errBroken
	}
	accepted = int64(binary.LittleEndian.Uint64(payload[1:]))
	d := decoder{rest: payload[headBytes:], text: b.Text(payload[headBytes:])}
	var n uint32
	for ; len(d.rest) > 0 && n < points; n++ {
		d.point(b.Add())
		if d.broken {
			return 0, errBroken
		}
	}
	if len(d.rest) > 0 || n != points {
		return 0, fmt.Errorf("%w: %d points and %d bytes are left, of %d points", errBroken, points-n, len(d.rest), points)
	}
	return accepted, nil
}

// decoder takes a payload apart. Once it is broken, what it returns means nothing.
type decoder struct {
	rest   []byte
	text   string // what rest was at first: a point's strings are parts of it
	before point
	broken bool
}

// point reads the next point.
func (d *decoder) point(p *metric.Point) {
	flags := d.rest[0]
	d.rest = d.rest[1:]
	p.Type = metric.CounterType(flags & typeMask)
	if flags&sameEndpoint == 0 {
		d.before.endpoint = d.string()
	}
	p.Metric = d.string()
	if p.Joined = flags&joined != 0; !p.Joined {
		p.RawTags = d.string()
	}
	if flags&sameTimestamp == 0 {
		difference, n := binary.Varint(d.rest)
		d.skip(n)
		d.before.timestamp += difference
	}
	if flags&sameStep == 0 {
		d.before.step = int64(d.uvarint())
	}
	p.Endpoint, p.Timestamp, p.Step = d.before.endpoint, d.before.timestamp, d.before.step
	if len(d.rest) < 8 || flags&^knownFlags != 0 || p.Type == metric.NoType || p.Endpoint == "" || p.Metric == "" || p.Step <= 0 {
		d.broken = true
		return
	}
	p.Value = math.Float64frombits(binary.LittleEndian.Uint64(d.rest))
	d.rest = d.rest[8:]
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.broken = true
		return ""
	}
	from := len(d.text) - len(d.rest)
	d.rest = d.rest[n:]
	return d.text[from : from+int(n)]
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	d.skip(n)
	return v
}

// skip passes n bytes; n <= 0: there was no number.
func (d *decoder) skip(n int) {
	if n <= 0 {
		d.broken = true
		return
	}
	d.rest = d.rest[n:]
}
