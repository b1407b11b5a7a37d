package metric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// usual is a request's array as agents write it.
func usual(points int) []byte {
	text := []byte{'['}
	for i := range points {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"endpoint":"host-%d.example","metric":"disk.io.util","value":%d.%d,"step":60,"counterType":"GAUGE","tags":"device=sd%d,fstype=ext4","timestamp":1795235956}`,
			i, i, i%97, i%7)
	}
	return append(text, ']')
}

func TestScanReadsTheUsualShapes(t *testing.T) {
	spaced, err := json.MarshalIndent(json.RawMessage(usual(3)), "", "\t")
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"as agents write":       usual(3),
		"with white space":      spaced,
		"keys in any order":     []byte(`[{"timestamp":1,"value":-0.5e-3,"metric":"m","endpoint":"e","tags":"","counterType":"X","step":1}]`),
		"keys missing":          []byte(`[{"value":1}]`),
		"value in a string":     []byte(`[{"value":"12.5"}]`),
		"other scripts":         []byte(`[{"endpoint":"主机","metric":"naïve","value":1}]`),
		"numbers that are long": []byte(`[{"value":0.1234567890123456789,"step":-3},{"value":18014398509481985},{"value":-0},{"value":1E+2}]`),
		"nothing":               []byte(`[ ]`),
	} {
		var got, want Batch
		require.Equal(t, len(text), got.ScanJSON(text, 10), name)
		require.NoError(t, want.decodeAny(text, 10), name)
		require.Equal(t, want.Points, got.Points, name)
	}
}

func TestScanLeavesTheRestToOthers(t *testing.T) {
	for _, text := range []string{
		``, `[`, `[{`, `[{"value":1`, `[{"value":1}`, `[{"value":1}x`, `{}`, `null`, `[null]`, `[1]`, `[{}]`,
		`[{"value":1},]`, `[{"value":1,}]`, `[,]`, `[{"value":01}]`, `[{"value":1.}]`, `[{"value":.5}]`, `[{"value":+1}]`,
		`[{"value":1e}]`, `[{"value":1e400}]`, `[{"value":"0x1"}]`, `[{"value":"NaN"}]`, `[{"value":true}]`, `[{"value":null}]`,
		`[{"value":1,"step":60.0}]`, `[{"value":1,"step":"60"}]`, `[{"value":1,"step":00}]`, `[{"value":1,"step":9223372036854775808}]`,
		`[{"value":1,"tags":{"a":"b"}}]`, `[{"value":1,"Metric":"m"}]`, `[{"value":1,"other":1}]`,
		`[{"value":1,"metric":"a\u0062"}]`, "[{\"value\":1,\"metric\":\"\xff\"}]", "[{\"value\":1,\"metric\":\"a\tb\"}]",
		`[{"value":1},{"value":1},{"value":1}]`, // one more than the limit
	} {
		b := Batch{Points: []Point{{Metric: "before"}}}
		require.Zero(t, b.ScanJSON([]byte(text), 2), text)
		require.Equal(t, []Point{{Metric: "before"}}, b.Points, text)
	}
}

// Wherever a text is cut off, the scanner knows that it is not whole.
func TestScanKnowsTheEnd(t *testing.T) {
	text := usual(2)
	for n := range len(text) {
		var b Batch
		require.Zero(t, b.ScanJSON(text[:n], 10), "%d bytes", n)
	}
}

// What a real agent writes is of the usual shape.
func TestScanReadsTheCapture(t *testing.T) {
	raw, err := os.ReadFile("../../receiver/testdata/agent.jsonrpc")
	require.NoError(t, err)
	arrays := bytes.Split(raw, []byte(`"params":[`))
	require.Greater(t, len(arrays), 20)
	for _, text := range arrays[1:] {
		var got, want Batch
		n := got.ScanJSON(text, 1000)
		require.Positive(t, n)
		require.NoError(t, want.decodeAny(text[:n], 1000))
		require.Equal(t, want.Points, got.Points)
	}
}

func TestPlainBytes(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			text := []byte(strings.Repeat("a", 20))
			text[at] = byte(c)
			want := 20
			if c == '"' || c == '\\' || c < ' ' || c >= 0x80 {
				want = at
			}
			require.Equal(t, want, plainBytes(text), "%q at %d", c, at)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	text := usual(200)
	var b Batch
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b.Reset()
		b.ScanJSON(text, 1000)
	}))
	require.Len(t, b.Points, 200)
}

// FuzzScanJSON holds the scanner to the general decoder, point by point.
func FuzzScanJSON(f *testing.F) {
	f.Add(usual(2))
	f.Add([]byte(`[ {"value" : "1e3" , "step":-1,"timestamp":0,"tags":"a=b"} , {"value":-1.25E-2} ]`))
	f.Add([]byte(`[{"value":1,"value":"2","metric":"x","metric":"ü"}] rest`))
	f.Fuzz(func(t *testing.T, text []byte) {
		const limit = 4
		var got, want Batch
		n := got.ScanJSON(text, limit)
		if n == 0 {
			require.Empty(t, got.Points)
			return
		}
		require.NoError(t, want.decodeAny(text, limit))
		require.Equal(t, len(want.Points), len(got.Points))
		for i := range want.Points {
			require.Equal(t, want.Points[i], got.Points[i])
		}
		var f JSONFrame
		length, whole, err := f.Scan(text)
		require.NoError(t, err)
		require.True(t, whole)
		require.Equal(t, length, n)
	})
}

func BenchmarkScanJSON(b *testing.B) {
	text := usual(200)
	var batch Batch
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		batch.ScanJSON(text, 1000)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/point")
}
