package receiver

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

func TestScanLineReadsTheUsualShapes(t *testing.T) {
	for _, line := range []string{
		"update e m 1700000000 1.5",
		"update host-1051.example disk.io.util/device=sda,fstype=ext4 1795235956 -12.5 GAUGE 60",
		"update e a/b/c=d 0 0 DERIVE",
		"update e m/ -5 007 gauge -1",
		"update ! \x7f 1 1 ~",
	} {
		var got, want metric.Batch
		require.Equal(t, 3+len(line)+1, new(lineForm).scan(&got, "..."+line+"\n...", 3, len(line)), line)
		require.False(t, readLine(&want, []byte(line)))
		equalButForSample(t, &want, &got)
	}
}

// equalButForSample checks that scan has read what readLine has, and more.
func equalButForSample(t *testing.T, want, got *metric.Batch) {
	t.Helper()
	for i := range got.Points {
		p := &got.Points[i]
		if p.Sample != "" {
			require.Equal(t, fmt.Sprintf("%d %s", p.Timestamp, strconv.FormatFloat(p.Value, 'f', -1, 64)), p.Sample)
			require.True(t, p.Timestamp > 0 && (p.Value == 0 || math.Abs(p.Value) >= 1e-6 && math.Abs(p.Value) < 1e15))
		}
		p.Sample = ""
	}
	require.Equal(t, want.Points, got.Points)
}

func TestScanLineKeepsTheSample(t *testing.T) {
	for sample, want := range map[string]string{
		"1795235956 97.25": "1795235956 97.25", "1 0": "1 0", "17 -3": "17 -3",
		"01 1": "", "0 1": "", "-5 1": "", "1 1.0": "", "1 01": "", "1 0.0000001": "",
	} {
		var b metric.Batch
		var form lineForm
		text := "update e m/a=b " + sample + " GAUGE 60\n"
		require.Equal(t, len(text), form.scan(&b, text+text, 0, 1000))
		require.Equal(t, 2*len(text), form.scan(&b, text+text, len(text), 1000))
		require.Equal(t, []string{want, want}, []string{b.Points[0].Sample, b.Points[1].Sample}, "learned and known: %s", sample)
	}
}

func TestScanLineLeavesTheRest(t *testing.T) {
	for _, line := range []string{
		"", "update", "update ", "quit", "UPDATE e m 1 1", "update e m 1", "update e  m 1 1", "update e m\t1 1", " update e m 1 1", "update e m 1 1 ",
		"update e m 1 1\r", "update é m 1 1", "update e m\u00a0 1 1", "update e m 1.5 1", "update e m 1 1e3", "update e m 1 .5", "update e m +1 1",
		"update e m 1 NaN", "update e m 1 1 GAUGE 120:0:U:30", "update e m 1 1 GAUGE 1m", "update e m 1 1 GAUGE 60 x", "update e m 1 1 G\x85 60",
		"update e m 1 123456789012345678901",
	} {
		var b metric.Batch
		require.Zero(t, new(lineForm).scan(&b, line+"\n", 0, 1000), line)
		require.Empty(t, b.Points, line)
	}
	const line = "update e m 1 1 GAUGE 60"
	require.Zero(t, new(lineForm).scan(new(metric.Batch), line, 0, 1000), "it may go on")
	require.Zero(t, new(lineForm).scan(new(metric.Batch), line+"\n", 0, len(line)-1))
	require.Positive(t, new(lineForm).scan(new(metric.Batch), line+"\n", 0, len(line)))
}

// FuzzScanLine holds the short way to the general one: for a line by itself, and for
// one behind a line that it may or may not be like.
func FuzzScanLine(f *testing.F) {
	for _, seed := range [][2]string{
		{"update e m/k=v,a=b 1700000000 1.5 GAUGE 60", "update e m2/k=w 1700000000 -7 GAUGE 60"},
		{"update e a/b,c=d/e=f 0 -0.25 DERIVE", "update e //// 0 1 DERIVE"},
		{"update e m/=/=/,=/a= -1 0", "update e m -1 00"},
		{"update e //// 1 1 X 1:2:3", "update e x 1 1 X"},
		{"update e m 1 2", "update e m 1 23"}, {"update e m 1 2.50", "update e m 1 0.0000001"}, {"update e m 01 2", "update e m 01 3"}, {"update e m 1 2", "update ee m 1 2"}, {"update e m 1 2", "update e m 11 2"},
		{"update e m 1 2 GAUGE 60", "update e m 1 2 GAUGE 6"}, {"update e m 1 2 GAUGE", "update e m 1 2 GAUGE 60"},
		{"update e m/a=1,b=2/c=3/d 1 2", "update e m/a=1,b 1 2"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.Contains(first+second, "\n") {
			return
		}
		var form lineForm
		text := first + "\n" + second + "\n"
		at := 0
		for _, line := range []string{first, second} {
			var got, want metric.Batch
			next := form.scan(&got, text, at, len(line))
			at += len(line) + 1
			if next == 0 {
				require.Empty(t, got.Points)
				continue
			}
			require.Equal(t, at, next)
			require.False(t, readLine(&want, []byte(line)))
			equalButForSample(t, &want, &got)
		}
	})
}
