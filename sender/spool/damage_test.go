package spool

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/queue"
)

// P9: a flipped byte, wherever it is, costs at most its record, and is counted; what
// is lost is kept aside.
func TestFlippedByte(t *testing.T) {
	dir := t.TempDir()
	p := openLane(t, openStore(t, dir, Options{}), laneOptions())
	var want []*queue.Block
	for i := range uint64(4) {
		want = append(want, block(1+2*i, time.Now(), 30, 40))
	}
	_, err := p.Append(want...)
	require.NoError(t, err)
	end := p.End()
	require.NoError(t, p.Close())
	path := segments(t, dir)[0]
	o := laneOptions()
	o.After = end
	for offset := int64(8 << 10); offset < end.Offset; offset++ {
		flip(t, path, offset)
		p := openLane(t, openStore(t, dir, Options{}), o)
		require.Equal(t, end.Next, p.End().Next)
		got, damage := readAll(t, p, segment.Position{Next: 1})
		require.GreaterOrEqual(t, len(got), len(want)-1, offset)
		require.Equal(t, uint64(2*(len(want)-len(got))), damage, offset)
		i := 0
		for _, b := range got {
			for want[i].First != b.First {
				i++
			}
			same(t, want[i], b)
			i++
		}
		require.NoError(t, p.Close())
		flip(t, path, offset)
	}
	kept, err := os.ReadDir(filepath.Join(laneDir(dir), "damaged"))
	require.NoError(t, err)
	require.NotEmpty(t, kept)
}

// A record whose checksums are right and that is none of a Block's is passed and
// counted.
func TestIllegibleRecord(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	p := openLane(t, s, laneOptions())
	one := block(1, time.Now(), 5)
	_, err := p.Append(one)
	require.NoError(t, err)
	require.NoError(t, p.log.Append(segment.Record{First: 2, Count: 7, Payload: []byte("nonsense")}))
	_, err = p.Append(one)
	require.NoError(t, err)
	got, damage := readAll(t, p, segment.Position{})
	require.Equal(t, uint64(7), damage)
	require.Len(t, got, 2)
	same(t, one, got[0])
	same(t, one, got[1])
}

// Items in an encoding that is not known are kept and never read, and are there again
// for who knows it.
func TestOtherEncoding(t *testing.T) {
	dir := t.TempDir()
	old := laneOptions()
	old.Encoding = "graph/0"
	p := openLane(t, openStore(t, dir, Options{}), old)
	former := block(1, time.Now(), 1, 2, 3)
	_, err := p.Append(former)
	require.NoError(t, err)
	require.Equal(t, "graph/1", laneOptions().Encoding)
	require.NoError(t, p.Close())

	s := openStore(t, dir, Options{})
	p = openLane(t, s, laneOptions())
	fresh := block(4, time.Now(), 4)
	positions, err := p.Append(fresh)
	require.NoError(t, err)
	require.Equal(t, uint64(5), positions[0].Next)
	got, damage := readAll(t, p, segment.Position{Next: 1})
	require.Zero(t, damage)
	require.Len(t, got, 1)
	same(t, fresh, got[0])
	require.False(t, p.Segments()[0].Readable)
	p.Seal()
	require.NoError(t, p.Release(p.End()))
	require.Positive(t, p.Bytes(), "no Release takes them")
	folders, err := s.Folders()
	require.NoError(t, err)
	require.Equal(t, "graph/0", folders[0].Segments[0].Encoding)
	end := p.End()
	require.NoError(t, p.Close())

	o := laneOptions()
	o.Known, o.After = []string{"graph/0"}, end
	p = openLane(t, openStore(t, dir, Options{}), o)
	r := p.Reader(segment.Position{})
	defer r.Close()
	got, _ = read(t, r)
	require.Len(t, got, 1)
	same(t, former, got[0])
	require.Equal(t, "graph/0", r.Encoding())
}

// A segment that is missing altogether costs its points, counted.
func TestDeletedSegment(t *testing.T) {
	dir := t.TempDir()
	o := laneOptions()
	o.Cap = 8 << 20
	p := openLane(t, openStore(t, dir, Options{}), o)
	for i := uint64(1); len(p.Segments()) < 3; i++ {
		_, err := p.Append(block(i, time.Now(), 300_000))
		require.NoError(t, err)
	}
	all := p.Segments()
	require.NoError(t, p.Close())
	require.NoError(t, os.Remove(segments(t, dir)[1]))
	p = openLane(t, openStore(t, dir, Options{}), o)
	got, damage := readAll(t, p, segment.Position{Next: 1})
	require.Equal(t, all[1].Points(), damage)
	require.Len(t, got, int(all[0].Points()+all[2].Points()))
}
