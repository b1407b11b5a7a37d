package metric

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkScanJSON(b *testing.B) {
	const points = 200
	for _, c := range []struct {
		name  string
		texts [][]byte
	}{
		{"one endpoint", [][]byte{usual(points)}},
		{"many endpoints", [][]byte{usualOf(points, points)}},
		{"of an agent", [][]byte{captured(b)}},
		{"unlike", unlike(50, points)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var batch Batch
			n := 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				batch.Reset()
				batch.ScanJSON(c.texts[i%len(c.texts)], 1000)
				n += len(batch.Points)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/point")
		})
	}
}

// captured is the largest array of a real agent.
func captured(t testing.TB) []byte {
	raw, err := os.ReadFile("../../receiver/testdata/agent.jsonrpc")
	require.NoError(t, err)
	arrays := bytes.Split(raw, []byte(`"params":[`))
	return slices.MaxFunc(arrays, func(x, y []byte) int { return len(x) - len(y) })
}

// unlike returns arrays of points that resemble one another as little as an agent's
// ever do, so many that no processor learns them by heart.
func unlike(arrays, points int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	texts := make([][]byte, arrays)
	for i := range texts {
		text := []byte{'['}
		for range points {
			text = fmt.Appendf(text, `{"endpoint":"host-%d.example","metric":"%s","value":%s,"step":60,"counterType":"%s","tags":"%s","timestamp":1795235956},`, i,
				one("cpu.idle", "mem.memfree.percent", "disk.io.read_bytes", "net.if.in.bytes", "load.1min", "kernel.files.allocated"),
				one(fmt.Sprint(r.IntN(2)), fmt.Sprintf("%.2f", 1000*r.Float64()), fmt.Sprint(r.Int64N(1<<40)), fmt.Sprint(r.Float64())),
				one("GAUGE", "GAUGE", "GAUGE", "COUNTER"),
				one("", "iface=eth0", "mount=/,fstype=ext4", "mount=/data/disk12,fstype=xfs"))
		}
		text[len(text)-1] = ']'
		texts[i] = text
	}
	return texts
}
