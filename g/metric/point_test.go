package metric

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCounterType(t *testing.T) {
	for name, typ := range map[string]CounterType{"GAUGE": Gauge, "COUNTER": Counter, "DERIVE": Derive} {
		require.Equal(t, typ, ParseCounterType(name))
		require.Equal(t, name, typ.String())
	}
	for _, name := range []string{"", "gauge", "GAUGE ", "ABSOLUTE"} {
		require.Equal(t, NoType, ParseCounterType(name), name)
	}
	require.Empty(t, NoType.String())
	require.Empty(t, CounterType(99).String())
}
