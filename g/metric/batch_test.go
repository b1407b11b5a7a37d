package metric

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBatchAddGivesAnEmptyPoint(t *testing.T) {
	var b Batch
	b.Add().Endpoint = "old"
	b.Reset()
	require.Empty(t, b.Points)
	require.Equal(t, Point{}, *b.Add(), "what a former request left is gone")
}

// Texts, keys and tags stay as they were while the batch's memory grows and moves
// under them.
func TestBatchTextOutlivesGrowth(t *testing.T) {
	var b Batch
	const n = 1000
	texts := make([]string, n)
	buffer := make([]byte, 0, 64)
	for i := range n {
		buffer = fmt.Appendf(buffer[:0], "endpoint-%d", i)
		texts[i] = b.Text(buffer)
		p := b.Add()
		p.Endpoint, p.Metric, p.RawTags = texts[i], "m", fmt.Sprintf("n=%d, a=%d", i, i)
	}
	for i := range b.Points {
		b.Resolve(&b.Points[i])
	}
	for i, p := range b.Points {
		require.Equal(t, fmt.Sprintf("endpoint-%d", i), p.Endpoint)
		require.Equal(t, fmt.Sprintf("endpoint-%d/m/a=%d,n=%d", i, i, i), p.Key)
		require.Equal(t, []Tag{{"a", fmt.Sprint(i)}, {"n", fmt.Sprint(i)}}, p.Tags)
	}
}

func TestBatchTextOfNothing(t *testing.T) {
	var b Batch
	require.Empty(t, b.Text(nil))
	require.Equal(t, "a", b.Text([]byte("a")))
	require.Empty(t, b.Text([]byte{}))
}

// A point's tags end where they end: appending to them reaches no other point's.
func TestBatchTagsDontReachTheNext(t *testing.T) {
	var b Batch
	first, second := b.point("a=1"), b.point("b=2")
	b.Resolve(&b.Points[first])
	b.Resolve(&b.Points[second])
	_ = append(b.Points[first].Tags, Tag{"x", "y"})
	require.Equal(t, []Tag{{"b", "2"}}, b.Points[second].Tags)
}

// point adds a point with these tags and returns its index.
func (b *Batch) point(raw string) int {
	p := b.Add()
	p.Endpoint, p.Metric, p.RawTags = "host-1051.example", "cpu.idle", raw
	return len(b.Points) - 1
}

func TestBatchResolveAllocatesNothing(t *testing.T) {
	var b Batch
	fill := func() {
		b.Reset()
		for range 200 {
			for _, raw := range []string{"", "idc=bj7,core=6", "core=6,idc=bj7", "core = 6, idc = bj7, core = 7"} {
				b.Resolve(&b.Points[b.point(raw)])
			}
		}
	}
	fill()
	require.Zero(t, testing.AllocsPerRun(20, fill))
}

// One giant request does not hold its memory for as long as its batch lives.
func TestBatchResetGivesBackGiantMemory(t *testing.T) {
	var b Batch
	for range keptPoints + 1 {
		p := &b.Points[b.point("a=1,b=2,c=3,d=4,e=5")]
		p.Endpoint = b.Text([]byte(strings.Repeat("e", 200)))
		b.Resolve(p)
	}
	b.Reset()
	require.Zero(t, cap(b.Points))
	require.Zero(t, cap(b.tags))
	require.Zero(t, cap(b.text))
	require.Equal(t, "again", b.Text([]byte("again")))
}

func BenchmarkResolve(b *testing.B) {
	var batch Batch
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		for range 200 {
			batch.Resolve(&batch.Points[batch.point("idc=bj7,core=6")])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/point")
}
