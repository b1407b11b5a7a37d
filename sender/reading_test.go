package sender

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
)

// spooled returns a bed whose target is away and has the numbers 0..n-1 on disk.
func spooled(t *testing.T, p *peer, n int) *spoolBed {
	t.Helper()
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, n)
	s.Unburden(uint64(n))
	for s.State(uint64(n)).Targets[0].Lanes[0].Mark < uint64(n) {
		time.Sleep(time.Millisecond)
	}
	return bed
}

// P9: what was damaged on disk is counted, the rest arrives.
func TestDamagedSpool(t *testing.T) {
	p := &peer{}
	bed := spooled(t, p, 5000)
	state := bed.stop(t, 5000)
	files, err := filepath.Glob(filepath.Join(bed.dir, "peer", "0", "*.seg"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	content, err := os.ReadFile(files[0])
	require.NoError(t, err)
	content[len(content)/2] ^= 1
	require.NoError(t, os.WriteFile(files[0], content, 0o600))

	p.away(false)
	bed.start(t, state)
	eventually(t, "nothing is queued", func() bool { return bed.target().Queued == 0 })
	row := bed.target()
	require.Positive(t, row.Dropped["damaged"])
	require.Equal(t, map[string]uint64{"damaged": row.Dropped["damaged"]}, row.Dropped)
	require.Equal(t, 5000-row.Dropped["damaged"], row.Delivered)
	require.Len(t, p.points(), int(row.Delivered))
	requireRising(t, p.points(), 1)
	bed.stop(t, 5000)
}

// A spool that is cut short has lost its end, which is counted too.
func TestSpoolThatLostItsEnd(t *testing.T) {
	p := &peer{}
	bed := spooled(t, p, 5000)
	state := bed.stop(t, 5000)
	files, err := filepath.Glob(filepath.Join(bed.dir, "peer", "0", "*.seg"))
	require.NoError(t, err)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.NoError(t, os.Truncate(files[0], info.Size()/2))

	p.away(false)
	s := bed.start(t, state)
	eventually(t, "nothing is queued", func() bool { return bed.target().Queued == 0 })
	row := bed.target()
	require.Equal(t, uint64(5000), row.Accepted)
	require.Greater(t, row.Dropped["damaged"], uint64(1000))
	require.Equal(t, upTo(int(row.Delivered)), p.points())
	putBatches(s, 5000, 5100)
	eventually(t, "it goes on", func() bool { return bed.target().Delivered == row.Delivered+100 })
	bed.stop(t, 5100)
}

// P8: what cannot be read for a while is read later; what never can be is passed over.
func TestUnreadableSpool(t *testing.T) {
	for name, away := range map[string]time.Duration{"for a while": 5 * time.Second, "for long": 30 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &peer{}
				bed := spooled(t, p, 1000)
				bed.disk.unreadable.Store(true)
				p.away(false)
				time.Sleep(away)
				bed.disk.unreadable.Store(false)
				time.Sleep(10 * time.Second)
				row := bed.target()
				require.Zero(t, row.Queued)
				require.Equal(t, uint64(1000), row.Delivered+row.Dropped["damaged"])
				require.Equal(t, away > readTries*readRetry, row.Dropped["damaged"] > 0)
				stopInBubble(t, bed, 1000)
			})
		})
	}
}

// An item that no segment takes costs itself, and only if it has to be spooled.
func TestItemTooLargeForTheSpool(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.section.QueueBytes = 16 << 20
	bed.section.SpoolBytes = 4 << 20
	s := bed.start(t, nil)
	b := &queue.Block{First: 1, Last: 3, Accepted: time.Now()}
	for i, item := range [][]byte{[]byte("1"), bytes.Repeat([]byte("0"), 2<<20), []byte("3")} {
		b.Payload = append(b.Payload, item...)
		b.Close(uint32(i))
	}
	putBatches(s, 3, 23)
	eventually(t, "something is tried", func() bool { return bed.target().Failed > 0 })
	place(s.clusters[0], b)
	s.Unburden(23)
	eventually(t, "it is dropped", func() bool { return bed.target().Dropped["too_large"] == 1 })
	require.NoError(t, s.Trouble())
	eventually(t, "nothing holds the journal", func() bool { return s.State(23).Targets[0].Lanes[0].Mark == 23 })
	p.away(false)
	eventually(t, "the rest arrives", func() bool { return bed.target().Delivered == 22 })
	require.Equal(t, append(upTo(23)[3:], 1, 3), p.points())
	bed.stop(t, 23)
}

// P2 of fsync mode: what a failed sync leaves in doubt stays in the journal until it is
// delivered.
func TestFailedSyncHoldsTheMark(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	mark := func() uint64 { return s.State(1000).Targets[0].Lanes[0].Mark }
	spool := func(from, to int) {
		putBatches(s, from, to)
		s.Unburden(uint64(to))
		eventually(t, "it is on disk", func() bool { return bed.target().SpoolPoints == uint64(to) })
	}
	spool(0, 100)
	require.NoError(t, s.SyncSpools())
	bed.keep(100)
	spool(100, 200)
	bed.disk.unsynced.Store(true)
	require.ErrorIs(t, s.SyncSpools(), syscall.EIO)
	bed.disk.unsynced.Store(false)
	require.NoError(t, s.SyncSpools(), "what failed is not synced again")
	require.Equal(t, uint64(100), mark())
	spool(200, 300)
	require.Equal(t, uint64(100), mark())
	p.away(false)
	eventually(t, "it is delivered", func() bool { return bed.target().Delivered == 300 })
	require.Equal(t, uint64(1000), mark())
	bed.stop(t, 1000)
}
