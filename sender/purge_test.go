package sender

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// away returns a bed whose target is away and has so many points in its spool.
func awayWith(t *testing.T, p *peer, points int) *spoolBed {
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, points)
	s.Unburden(uint64(points))
	eventually(t, "all is on disk", func() bool { return bed.target().SpoolPoints == uint64(points) })
	return bed
}

// P1: what is purged is counted, is not sent, and does not come back with a restart.
func TestPurgeSpool(t *testing.T) {
	p := &peer{}
	bed := awayWith(t, p, 1000)
	s := bed.sender
	rows, err := s.Backlogs()
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, stat.Backlog{
		Target: "peer", Lane: rows[0].Lane, State: stat.BacklogSpooled, Points: 1000,
		Bytes: bed.target().SpoolBytes, Oldest: rows[0].Oldest, Encoding: "peer/1",
	}, rows[0])
	require.Zero(t, *rows[0].Lane)
	var shown []uint64
	_, err = s.VisitSpool("peer", 0, func(_ *queue.Block, first uint64, encoding string) bool {
		require.Equal(t, "peer/1", encoding)
		shown = append(shown, first)
		return len(shown) < 2
	})
	require.NoError(t, err)
	require.Len(t, shown, 2)
	require.Equal(t, uint64(1), shown[0])

	_, err = s.PurgeSpool("nobody")
	require.ErrorIs(t, err, stat.ErrNoBacklog)
	_, err = s.VisitSpool("peer", 1, nil)
	require.ErrorIs(t, err, stat.ErrNoBacklog)

	points, err := s.PurgeSpool("peer")
	require.NoError(t, err)
	row := bed.target()
	require.Equal(t, map[string]uint64{"purged": points}, row.Dropped)
	require.Equal(t, 1000-points, row.Queued)
	require.LessOrEqual(t, row.Queued, uint64(100), "the Block that is tried")

	putBatches(s, 1000, 1100)
	p.away(false)
	eventually(t, "the rest arrives", func() bool { return bed.target().Queued == 0 })
	bed.keep(1100)
	require.Zero(t, bed.target().SpoolBytes, "the disk is free")
	state := bed.stop(t, 1100)
	require.Len(t, p.points(), int(1100-points))

	s = bed.start(t, state)
	rows, err = s.Backlogs()
	require.NoError(t, err)
	require.Empty(t, rows)
	row = bed.target()
	require.Equal(t, map[string]uint64{"purged": points}, row.Dropped)
	require.Equal(t, uint64(1100), row.Accepted)
	require.Zero(t, row.Queued)
	bed.stop(t, 1100)
}

// P1 while points come and go: each is delivered or purged.
func TestPurgeUnderLoad(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.section.Lanes = 2
	s := bed.start(t, nil)
	const points = 40_000
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; i < points; i += 1000 {
			p.away(i/1000%3 == 0)
			putBatches(s, i, i+1000)
			for !s.HasRoom() {
				time.Sleep(time.Millisecond)
			}
		}
		p.away(false)
	})
	purged := uint64(0)
	for range 30 {
		n, err := s.PurgeSpool("peer")
		require.NoError(t, err)
		purged += n
		bed.keep(points)
		require.True(t, bed.target().Balanced())
	}
	writer.Wait()
	eventually(t, "the rest arrives", func() bool { return bed.target().Queued == 0 })
	row := bed.target()
	require.Equal(t, uint64(points), row.Accepted)
	require.Equal(t, points-purged, row.Delivered)
	if purged > 0 {
		require.Equal(t, map[string]uint64{"purged": purged}, row.Dropped)
	}
	require.Zero(t, row.Mismatches)
	requireRising(t, p.points(), 2)
	bed.stop(t, points)
}

// The spool of a target that is not configured any more: it is shown and can be purged,
// and its disk is free once that is stored.
func TestPurgeFormerTarget(t *testing.T) {
	p := &peer{}
	bed := awayWith(t, p, 100)
	state := bed.stop(t, 100)
	bed.section.Name = "other"
	s := bed.start(t, state)
	s.past = pastOf(state, s.targets())
	rows, err := s.Backlogs()
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "peer", rows[0].Target)
	require.Equal(t, stat.BacklogFormer, rows[0].State)
	require.Equal(t, uint64(100), rows[0].Points)
	seen := 0
	_, err = s.VisitSpool("peer", 0, func(b *queue.Block, _ uint64, _ string) bool { seen += b.Len(); return true })
	require.NoError(t, err)
	require.Equal(t, 100, seen)

	points, err := s.PurgeSpool("peer")
	require.NoError(t, err)
	require.Equal(t, uint64(100), points)
	points, err = s.PurgeSpool("peer")
	require.NoError(t, err)
	require.Zero(t, points, "once")
	rows, err = s.Backlogs()
	require.NoError(t, err)
	require.Empty(t, rows)
	require.NotEmpty(t, segments(t, bed.dir), "until it is stored a crash would need it")

	state = bed.keep(100)
	require.Empty(t, segments(t, bed.dir))
	former := state.Targets[1]
	require.Equal(t, "peer", former.ID)
	require.Equal(t, former.Lanes[0].End, former.Lanes[0].Read)
	require.Equal(t, map[string]uint64{"purged": 100}, former.Ledger.Dropped)
	require.True(t, former.Ledger.Balanced())
	require.Zero(t, former.Ledger.Queued)
	require.Equal(t, former, bed.stop(t, 100).Targets[1])
}

// segments returns the segments below dir.
func segments(t *testing.T, dir string) (files []string) {
	t.Helper()
	require.NoError(t, filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if strings.HasSuffix(path, ".seg") {
			files = append(files, path)
		}
		return err
	}))
	return files
}

// A spool that was never stored in a state is counted all the same.
func TestPurgedStateOfAnUnknownTarget(t *testing.T) {
	store, err := spool.Open(t.TempDir(), spool.Options{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	p, err := store.Lane(spool.LaneOptions{Target: "x", Lane: 1, Lanes: 2, Hash: "crc32", Encoding: "e"})
	require.NoError(t, err)
	b := &queue.Block{Payload: []byte("item")}
	b.Close(1)
	_, err = p.Append(b)
	require.NoError(t, err)
	require.NoError(t, p.Close())
	folders, err := store.Folders()
	require.NoError(t, err)
	state := TargetState{ID: "x"}.Purged(folders[0], 1)
	require.Len(t, state.Lanes, 2)
	require.Equal(t, LaneState{}, state.Lanes[0])
	require.Equal(t, folders[0].End, state.Lanes[1].Read)
	require.Equal(t, stat.Ledger{Accepted: 1, Dropped: map[string]uint64{"purged": 1}}, state.Ledger)
}
