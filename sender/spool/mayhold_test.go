package spool

import (
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// closedDisk is a disk of which no directory can be listed while it is closed.
type closedDisk struct {
	segment.OSDisk
	closed bool
}

func (d *closedDisk) List(dir string) ([]fs.FileInfo, error) {
	if d.closed {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: syscall.EIO}
	}
	return d.OSDisk.List(dir)
}

// It says no only where there is certainly nothing.
func TestMayHold(t *testing.T) {
	disk := new(closedDisk)
	s := openStore(t, t.TempDir(), Options{Disk: disk})
	require.False(t, s.MayHold(testTarget), "no folder")
	o := laneOptions()
	o.Target, o.Lanes = "graph/a/b_1", 2
	p := openLane(t, s, o)
	require.False(t, s.MayHold(o.Target), "empty folders")
	_, err := p.Append(block(1, time.Now(), 1))
	require.NoError(t, err)
	require.True(t, s.MayHold(o.Target))
	require.False(t, s.MayHold("graph/a/b:1"), "another target's")
	p.Seal()
	require.NoError(t, p.Release(p.End()))
	require.False(t, s.MayHold(o.Target))
	disk.closed = true
	require.True(t, s.MayHold(o.Target), "who knows")
}
