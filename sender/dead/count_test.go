package dead

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// Letters of another process are counted too, and all that comes and goes.
func TestCounts(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir, Options{})
	require.NoError(t, err)
	require.Empty(t, store.Counts())
	for range 3 {
		require.NoError(t, store.Add("tsdb", Letter{Item: []byte("x")}))
	}
	require.Equal(t, map[string]uint64{"tsdb": 3}, store.Counts())
	require.NoError(t, store.Close())

	store, err = Open(dir, Options{})
	require.NoError(t, err)
	require.NoError(t, store.Add("influxdb", Letter{Item: []byte("x")}))
	require.Equal(t, map[string]uint64{"tsdb": 3, "influxdb": 1}, store.Counts())
	boxes, err := store.Boxes()
	require.NoError(t, err)
	require.NoError(t, store.Remove("tsdb", segment.Position{}, boxes[1].End))
	require.Equal(t, map[string]uint64{"influxdb": 1}, store.Counts())
	require.NoError(t, store.Close())
}
