package overflow

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"transfer/sender/queue"
	"transfer/sender/spool/record"
)

// The fields of an entry. Its ID is the number of its last point, then "-0".
const (
	fieldCount    = "count"    // of points; the first field, as the scripts know
	fieldRecord   = "record"   // see package record
	fieldSum      = "crc"      // CRC-32C of the record
	fieldEncoding = "encoding" // of the items
	fieldRing     = "ring"     // by which the points were placed
	fieldRelay    = "relay"    // that accepted them
	fieldFirst    = "first"    // lowest and
	fieldLast     = "last"     // highest number of them in that relay's journal
	fieldRun      = "run"      // of the process, which alone understands its monotonic stamps
)

const (
	// entryArgs is how many arguments an entry is: its ID, and its fields with their names.
	entryArgs = 1 + 2*9
	// entryOverhead is about how many bytes Redis takes for an entry beside its record.
	entryOverhead = 256
)

// castagnoli returns the table of CRC-32C.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// origin is what the entries of one append have in common.
type origin struct{ encoding, ring, relay, run string }

// appendEntry appends the arguments of an entry: the record of count points of the Block,
// the last of which has the number last.
func (o *origin) appendEntry(args []any, b *queue.Block, stored []byte, count int, last uint64) []any {
	return append(args, entryID(last),
		fieldCount, count, fieldRecord, stored, fieldSum, crc32.Checksum(stored, castagnoli()),
		fieldEncoding, o.encoding, fieldRing, o.ring, fieldRelay, o.relay,
		fieldFirst, b.First, fieldLast, b.Last, fieldRun, o.run)
}

// entryID returns the ID of the entry whose last point has the number.
func entryID(last uint64) string { return strconv.FormatUint(last, 10) + "-0" }

var (
	errNoEntry = errors.New("it is no entry of a stream of Blocks")
	errDamaged = errors.New("its record does not have the checksum that it was written with")
)

// entry is one of a stream, as Redis gave it.
type entry struct {
	first    uint64 // number of its first point
	count    uint32
	record   []byte
	encoding string
	run      string
}

// end returns the number behind the entry's last point.
func (e *entry) end() uint64 { return e.first + uint64(e.count) }

// parseEntry reads an entry. errors.Is: errNoEntry, where not even its place is known;
// errDamaged, where that is all that is known.
func parseEntry(id string, fields map[string]any) (entry, error) {
	text := func(name string) string { s, _ := fields[name].(string); return s }
	number, sequence, _ := strings.Cut(id, "-")
	last, err := strconv.ParseUint(number, 10, 63)
	if err != nil || last == 0 || sequence != "0" {
		return entry{}, fmt.Errorf("%w: its ID is %q", errNoEntry, id)
	}
	count, err := strconv.ParseUint(text(fieldCount), 10, 32)
	if err != nil || count == 0 || count > last {
		return entry{}, fmt.Errorf("%w: its count is %q", errNoEntry, text(fieldCount))
	}
	e := entry{first: last - count + 1, count: uint32(count), encoding: text(fieldEncoding), run: text(fieldRun)}
	stored := text(fieldRecord)
	e.record = []byte(stored)
	sum, err := strconv.ParseUint(text(fieldSum), 10, 32)
	if err != nil || uint32(sum) != crc32.Checksum(e.record, castagnoli()) {
		return e, errDamaged
	}
	return e, nil
}

// fill makes the Block, which is empty, the points of the entry from the number on.
func (e *entry) fill(b *queue.Block, from uint64) (record.Stamp, error) {
	stamp, err := record.Decode(b, e.record, e.count)
	if err != nil {
		return record.Stamp{}, err
	}
	if from > e.first {
		cutFront(b, int(from-e.first))
	}
	return stamp, nil
}

// cutFront takes the first n items out of the Block, which has more.
func cutFront(b *queue.Block, n int) {
	bytes := b.Items[n-1].End
	b.Payload = b.Payload[:copy(b.Payload, b.Payload[bytes:])]
	b.Items = b.Items[:copy(b.Items, b.Items[n:])]
	for i := range b.Items {
		b.Items[i].End -= bytes
	}
}
