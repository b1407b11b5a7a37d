package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dir is where the logs of the tests on a memDisk are.
const dir = "log"

// plain returns the options of a log that writes segments of 1 MiB.
func plain(disk Disk) Options {
	return Options{Owner: "judge/judge-00/10.0.0.1_6080/0", Encoding: "v1", Disk: disk, Cap: 8 << 20, salt: noSalt}
}

// noSalt makes the names of files foreseeable.
func noSalt() uint32 { return 0 }

func open(t testing.TB, o Options) *Log {
	t.Helper()
	l, err := Open(dir, o)
	require.NoError(t, err)
	return l
}

// records makes records of the given sizes, each of two points, from the number first
// on. What their payloads are follows from their numbers.
func records(first uint64, sizes ...int) []Record {
	var all []Record
	for _, size := range sizes {
		all = append(all, Record{First: first, Count: 2, Schema: uint8(first), Payload: payload(first, size)})
		first += 2
	}
	return all
}

// payload returns bytes that no other sequence number has.
func payload(first uint64, size int) []byte {
	number := binary.LittleEndian.AppendUint64(nil, first)
	return bytes.Repeat(number, size/8+1)[:size]
}

// put appends the records one by one.
func put(t testing.TB, l *Log, records []Record) {
	t.Helper()
	for _, r := range records {
		require.NoError(t, l.Append(r))
	}
}

// read returns all records that the reader gets, up to the end of the log.
func read(t testing.TB, r *Reader) []Record {
	t.Helper()
	var all []Record
	for {
		record, position, err := r.Next()
		require.Equal(t, r.Position(), position)
		if errors.Is(err, io.EOF) {
			require.Equal(t, r.log.End(), position)
			return all
		}
		require.NoError(t, err)
		record.Payload = append([]byte{}, record.Payload...)
		all = append(all, record)
	}
}

// readAll returns all records of the log and what a reader found damaged.
func readAll(t testing.TB, l *Log) ([]Record, Damage) {
	t.Helper()
	r := l.Reader(l.Tail())
	defer r.Close()
	return read(t, r), r.Damage()
}

// requireAll checks that the log holds the records and nothing else.
func requireAll(t testing.TB, l *Log, want []Record) {
	t.Helper()
	got, damage := readAll(t, l)
	requireSame(t, want, got)
	require.Zero(t, damage)
}

func requireSame(t testing.TB, want, got []Record) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i].First, got[i].First)
		require.True(t, same(want[i], got[i]), "record %d differs", i)
	}
}

func same(a, b Record) bool {
	return a.First == b.First && a.Count == b.Count && a.Schema == b.Schema && bytes.Equal(a.Payload, b.Payload)
}

// several is a log of three segments with three small records each.
func several(t testing.TB) (*memDisk, []Record) {
	t.Helper()
	disk := newMemDisk()
	l := open(t, plain(disk))
	all := records(1, 0, 1, 40, 8, 9, 40, 7, 24, 33)
	for i, r := range all {
		if i > 0 && i%3 == 0 {
			l.Seal()
		}
		require.NoError(t, l.Append(r))
	}
	require.NoError(t, l.Close())
	require.Len(t, disk.segmentFiles(), 3)
	return disk, all
}
