//go:build !race

package sender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The race detector allocates on its own.
func TestEncodingTakesNoAllocation(t *testing.T) {
	for _, value := range []float64{12, 1234.5, 100.0 / 3, 1e300} {
		p := point("host-01.example.com", "net.if.in.bytes", "iface=eth0,module=a b,speed=10", value)
		for _, b := range allBackends(t) {
			dst, series := make([]byte, 0, 4096), make([]byte, 0, 4096)
			require.Zero(t, testing.AllocsPerRun(100, func() { series = b.AppendSeries(series[:0], &p) }), b.name)
			require.Zero(t, testing.AllocsPerRun(100, func() { dst = b.AppendItem(dst[:0], series, &p) }), b.name)
		}
	}
}
