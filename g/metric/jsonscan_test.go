package metric

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// usual is a request's array as agents write it.
func usual(points int) []byte { return usualOf(1, points) }

// usualOf is usual with the points of so many endpoints.
func usualOf(endpoints, points int) []byte {
	text := []byte{'['}
	for i := range points {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"endpoint":"host-%d.example","metric":"disk.io.util","value":%d.%d,"step":60,"counterType":"GAUGE","tags":"device=sd%d,fstype=ext4","timestamp":1795235956}`,
			i%endpoints, i%97, i%7, i)
	}
	return append(text, ']')
}

func TestScanReadsTheUsualShapes(t *testing.T) {
	spaced, err := json.MarshalIndent(json.RawMessage(usual(3)), "", "\t")
	require.NoError(t, err)
	for name, text := range map[string][]byte{
		"as agents write":       usual(5),
		"of many endpoints":     usualOf(3, 5),
		"with white space":      spaced,
		"keys in any order":     []byte(`[{"timestamp":1,"value":-0.5e-3,"metric":"m","endpoint":"e","tags":"","counterType":"X","step":1}]`),
		"keys missing":          []byte(`[{"value":1}]`),
		"value in a string":     []byte(`[{"value":"12.5"}]`),
		"other scripts":         []byte(`[{"endpoint":"主机","metric":"naïve","value":1}]`),
		"numbers that are long": []byte(`[{"value":0.1234567890123456789,"step":-3},{"value":18014398509481985},{"value":-0},{"value":1E+2}]`),
		"nothing":               []byte(`[ ]`),
		"others than the first": []byte(`[{"value":1,"step":60,"timestamp":5},{"value":2,"step":30,"timestamp":5},{"value":3,"step":30,"timestamp":6},` +
			`{"value":4,"step":60,"timestamp":6},{"value":"5","step":60,"timestamp":6},{"value":6,"step":60,"timestamp":6}]`),
		"other keys than before": []byte(`[{"value":1,"tags":"a=b"},{"value":2},{"value":3,"tags":"a=b"},{"value":4,"tags":"a=c"},{"tags":"a=c","value":5},` +
			`{"tags":"a=d","value":6},{"tags":"a=d","value":7,"endpoint":"e"},{"value":8,"endpoint":"e"},{"value":9,"endpoint":"e"}]`),
		"keys twice":                []byte(`[{"metric":"a","value":1,"metric":"b"},{"metric":"a","value":1,"metric":"b"},{"metric":"c","value":1,"metric":"b"},{"metric":"c","value":1,"metric":"d"}]`),
		"other scripts than before": []byte(`[{"metric":"a","value":1},{"metric":"主","value":1},{"metric":"主机","value":1}]`),
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
	text := usual(5)
	for n := range len(text) {
		var b Batch
		s := NewJSONScanner(text[:n])
		require.False(t, s.Points(&b, 10, new(PointsRead)), "%d bytes", n)
		require.True(t, s.Cut(), "%d bytes", n)
	}
}

func TestScanKnowsWhatMoreTextCannotMend(t *testing.T) {
	for _, text := range []string{
		`{`, `[1`, `[{}`, `[{"Value":`, `[{"value":1,"step":60.`, `[{"value":1,"metric":"\`, `[{"value":1}x`, `[{"value":1},{"value":1},{"value":1},`,
	} {
		var b Batch
		s := NewJSONScanner([]byte(text))
		require.False(t, s.Points(&b, 2, new(PointsRead)), text)
		require.False(t, s.Cut(), text)
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

func TestPlainIn(t *testing.T) {
	for at := range 8 {
		for c := range 256 {
			text := []byte("aaaaaaaa")
			text[at] = byte(c)
			want := 8
			if c == '"' || c == '\\' || c < ' ' || c >= 0x80 {
				want = at
			}
			require.Equal(t, want, plainIn(word(string(text), 0)), "%q at %d", c, at)
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
	f.Add(usualOf(2, 6))
	f.Add([]byte(`[ {"value" : "1e3" , "step":-1,"timestamp":0,"tags":"a=b"} , {"value":-1.25E-2} ]`))
	f.Add([]byte(`[{"value":1,"value":"2","metric":"x","metric":"ü"}] rest`))
	f.Add([]byte(`[{"step":1,"value":1},{"step":1,"value":2},{"step":2,"value":3}, {"step":2,"value":"4"},{"value":4,"step":2},{"value":4}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		const limit = 8
		var got, want Batch
		s := NewJSONScanner(text)
		scanned := s.Points(&got, limit, new(PointsRead))
		var frame JSONFrame
		n, whole, err := frame.Scan(text)
		if !scanned {
			require.False(t, whole && text[0] == '[' && s.Cut(), "nothing more is to come")
			return
		}
		require.NoError(t, err)
		require.True(t, whole)
		require.Equal(t, n, s.At())
		require.NoError(t, want.decodeAny(text, limit))
		require.Equal(t, len(want.Points), len(got.Points))
		for i := range want.Points {
			require.Equal(t, want.Points[i], got.Points[i])
		}
	})
}
