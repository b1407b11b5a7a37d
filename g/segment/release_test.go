package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReleaseKeepsWhatIsNotBefore(t *testing.T) {
	disk, all := several(t)
	l := open(t, plain(disk))
	r := l.Reader(Position{})
	defer r.Close()
	for range 4 {
		_, _, err := r.Next()
		require.NoError(t, err)
	}
	require.NoError(t, l.Release(r.Position()))
	require.Len(t, l.Segments(), 2)
	requireAll(t, l, all[3:])
	requireSame(t, all[4:], read(t, r)) // which is not disturbed
	require.Zero(t, r.Damage())

	require.NoError(t, l.Append(records(19, 10)...))
	require.Len(t, read(t, r), 1)
	end := l.End()
	require.NoError(t, l.Release(end))
	require.Len(t, l.Segments(), 1, "what is written stays")
	l.Seal()
	require.NoError(t, l.Release(end))
	require.Empty(t, l.Segments())
	require.Zero(t, l.Bytes())
	require.Empty(t, disk.segmentFiles())
	require.Equal(t, end, l.End())
	require.Equal(t, end, l.Tail())
	require.Empty(t, read(t, r))
	require.NoError(t, l.Append(records(21, 10)...))
	require.Len(t, read(t, r), 1)
	require.Zero(t, r.Damage())
	require.Positive(t, l.End().Compare(end))
}

func TestDropTellsWhatWentWithIt(t *testing.T) {
	disk, all := several(t)
	l := open(t, plain(disk))
	put(t, l, records(19, 10))
	r := l.Reader(Position{})
	defer r.Close()
	_, _, err := r.Next()
	require.NoError(t, err)
	for i, want := range [][2]uint64{{1, 7}, {7, 13}, {13, 19}, {19, 21}} {
		gone, ok, err := l.Drop()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want, [2]uint64{gone.First, gone.Next}, "segment %d", i)
		require.Equal(t, want[1]-want[0], gone.Points())
		if i == 0 {
			// The reader leaves it at once, whatever it had read ahead.
			record, _, err := r.Next()
			require.NoError(t, err)
			require.True(t, same(all[3], record))
		}
	}
	_, ok, err := l.Drop()
	require.NoError(t, err)
	require.False(t, ok)
	require.Empty(t, read(t, r))
	require.Zero(t, r.Damage(), "what is dropped is counted by who drops it")
	require.NoError(t, l.Append(records(21, 10)...))
	require.Len(t, read(t, r), 1)
}
