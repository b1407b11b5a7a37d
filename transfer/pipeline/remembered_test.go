package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/ring"
)

func TestRememberedSeriesAreThoseOfABackend(t *testing.T) {
	all, cpu := &sink{}, &sink{hash: ring.Murmur3, prefix: "cpu"}
	p := New([]Backend{all, cpu}, Cache{Series: 10, Bytes: 1 << 30}, Durability{}, time.Now)
	p.Open()
	in := p.Inlet(stat.NewReceiver("test", metric.Reasons()))
	idle, free := good(), good()
	idle.Metric, free.Metric = "cpu.idle", "mem.free"
	accept(t, in, idle, idle, free)

	count := func(b Backend) (n int) {
		hashes, known := p.Remembered(b, false)
		require.True(t, known)
		for crc32, murmur3 := range hashes {
			require.NotZero(t, crc32)
			require.NotZero(t, murmur3, "a ring places by it")
			n++
		}
		return n
	}
	require.Equal(t, 2, count(all))
	require.Equal(t, 1, count(cpu))
	_, known := p.Remembered(&sink{}, false)
	require.False(t, known)
}
