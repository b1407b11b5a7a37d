package segment

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A record that seems long is no reason to allocate or to leave the file.
func TestDamagedLength(t *testing.T) {
	for _, length := range []uint32{0, 1, 39, 41, 1 << 19, 1 << 31, 1<<32 - 1} {
		for _, check := range []bool{false, true} { // also where the header validates
			disk, all := several(t)
			content := disk.content(seg2)
			h := content[recordsFrom : recordsFrom+recordHeader]
			r := Record{First: all[3].First, Count: 2, Schema: all[3].Schema, Payload: make([]byte, min(length, 1<<19))}
			switch {
			case check && length > 1<<19:
				continue // no writer makes such a header
			case check:
				copy(h, r.appendHeader(nil, generation{number: 2}.seed(plain(disk).Owner)))
			default:
				h[4], h[5], h[6], h[7] = byte(length), byte(length>>8), byte(length>>16), byte(length>>24)
			}
			reader := open(t, plain(disk)).Reader(Position{})
			got := read(t, reader)
			require.Less(t, cap(reader.scan.buffer), 1<<16)
			require.GreaterOrEqual(t, len(got), 6)
			require.LessOrEqual(t, reader.Damage().Points, uint64(6))
			if !check {
				require.Equal(t, uint64(2), reader.Damage().Points)
			}
			reader.Close()
		}
	}
}

// A sequence number that is not behind the last one ends the segment: what follows
// was left by an append that was taken back.
func TestLeftoverEndsTheSegment(t *testing.T) {
	disk, all := several(t)
	owner := plain(disk).Owner
	for i, name := range []string{seg1, seg2, seg3} {
		whole := slices.Clone(disk.content(name))
		behind := all[3*i+2].Next()
		for first := behind - 5; first < behind; first++ {
			for _, count := range []uint32{0, 1, 2, 50} {
				left := encode(Record{First: first, Count: count, Payload: []byte("leftover")}, generation{number: uint64(i + 1)}.seed(owner))
				disk.put(name, append(slices.Clone(whole), left...))
				l := open(t, plain(disk))
				requireAll(t, l, all)
				require.Equal(t, uint64(19), l.End().Next)
			}
		}
		disk.put(name, whole)
	}
	// Nor does one have a number that the next segment begins with or passes.
	for _, count := range []uint32{1, 2, 50} {
		whole := slices.Clone(disk.content(seg1))
		left := encode(Record{First: 7, Count: count, Payload: []byte("leftover")}, generation{number: 1}.seed(owner))
		disk.put(seg1, append(slices.Clone(whole), left...))
		requireAll(t, open(t, plain(disk)), all)
		disk.put(seg1, whole)
	}
}

// Payloads may hold anything, a record of the same segment included.
func TestPayloadsThatLookLikeRecords(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	inner := encode(Record{First: 5, Count: 2, Payload: []byte("not a record of ours")}, generation{number: 1}.seed(plain(disk).Owner))
	all := []Record{
		{First: 1, Count: 2, Payload: bytes.Repeat([]byte(recordMagic), 1000)},
		{First: 3, Count: 2, Payload: bytes.Repeat(inner, 10)},
		{First: 5, Count: 2, Payload: []byte("ours")},
	}
	put(t, l, all)
	requireAll(t, l, all)
	content := disk.content(seg1)
	content[recordsFrom+100] ^= 1
	second := int(recordsFrom + recordBytes(len(all[0].Payload)))
	content[second+recordHeader+40] ^= 1 // its header says where it ends
	got, damage := readAll(t, l)
	requireSame(t, all[2:], got)
	require.Equal(t, uint64(4), damage.Points)
}
