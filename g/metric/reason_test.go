package metric

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Reasons label counters: each has a name of its own, fit for a label.
func TestReasonsAreNamed(t *testing.T) {
	names := Reasons()
	require.Len(t, names, NumReasons)
	seen := map[string]bool{}
	for i, name := range names {
		require.Regexp(t, "^[a-z_]+$", name, "reason %d", i)
		require.False(t, seen[name], "%s twice", name)
		seen[name] = true
		require.Equal(t, name, Reason(i).String())
	}
	require.Equal(t, "accepted", Reason(0).String())
	require.Equal(t, "unknown", Reason(NumReasons).String())
}
