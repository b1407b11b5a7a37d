package folder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// P9: whatever bit of a manifest is flipped, it is known to be damaged, never taken for
// that of another target.
func TestFlippedBitIsDamage(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Write(segment.OSDisk{}, dir, owned{Target: "graph/graph-00/h:1"}))
	var o owned
	require.NoError(t, Read(segment.OSDisk{}, dir, "graph/graph-00/h:1", &o))
	path := filepath.Join(dir, manifestName)
	sound, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := range sound {
		for bit := range 8 {
			flipped := append([]byte{}, sound...)
			flipped[i] ^= 1 << bit
			require.NoError(t, os.WriteFile(path, flipped, 0o600))
			require.ErrorIs(t, Read(segment.OSDisk{}, dir, "graph/graph-00/h:1", &o), ErrDamaged, "byte %d, bit %d", i, bit)
		}
		require.NoError(t, os.WriteFile(path, sound[:i], 0o600))
		require.ErrorIs(t, Read(segment.OSDisk{}, dir, "graph/graph-00/h:1", &o), ErrDamaged, "cut at %d", i)
	}
}
