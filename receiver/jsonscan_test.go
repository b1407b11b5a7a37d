package receiver

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// What a real agent writes goes the short way, to the last byte.
func TestScanReadsTheCapture(t *testing.T) {
	raw, err := os.ReadFile("testdata/agent.jsonrpc")
	require.NoError(t, err)
	requests := 0
	for rest := bytes.TrimSpace(raw); len(rest) > 0; requests++ {
		var batch metric.Batch
		q, n, _ := scanJSONRequest(rest, &batch, 1000, new(metric.PointsRead))
		require.Positive(t, n, "request %d", requests)
		require.Equal(t, updateMethod, q.method)
		rest = bytes.TrimSpace(rest[n:])
	}
	require.Equal(t, 28, requests)
}

func TestScanLeavesOtherRequests(t *testing.T) {
	for _, text := range []string{
		``, `{`, `{}`, `[]`, `{"id":1}`, `{"method":"m","params":[[{"value":1}]],"id":1`,
		`{"method":"m","params":[[]],"id":1}`, `{"method":"m","params":[{"value":1}],"id":1}`,
		`{"method":"m","params":[[{"value":1}],1],"id":1}`, `{"method":"m","params":[[{"value":1}]]}`,
		`{"method":"m","params":[[{"value":1}]],"id":"a"}`, `{"method":"m","params":[[{"value":1}]],"id":null}`,
		`{"method":"m","params":[[{"value":1}]],"id":1,"id":2}`, `{"method":"m","Params":[[{"value":1}]],"id":1}`,
		`{"method":"m","params":[[{"value":1}]],"id":1,}`, `{"method":"m","params":[[{"value":1},{"value":1},{"value":1}]],"id":1}`,
	} {
		_, n, cut := scanJSONRequest([]byte(text), new(metric.Batch), 2, new(metric.PointsRead))
		require.Zero(t, n, text)
		require.Equal(t, !json.Valid([]byte(text)) && !strings.HasSuffix(text, "}"), cut, text)
	}
}

// Wherever a usual request is cut off, more of it may make it whole.
func TestScanKnowsRequestsCutOff(t *testing.T) {
	text := []byte(` { "method" : "Transfer.Update", "params":[[{"metric":"m","value":"1.5"} , {"value":-1}] ], "id": 1}`)
	for n := range len(text) {
		_, used, cut := scanJSONRequest(text[:n], new(metric.Batch), 2, new(metric.PointsRead))
		require.Zero(t, used)
		require.True(t, cut, "%s", text[:n])
	}
}

// A scan that was cut off goes on with more of the text, wherever that was.
func TestScanGoesOn(t *testing.T) {
	text := []byte(` { "method" : "Transfer.Update", "params":[[{"metric":"m","value":"1.5"} , {"metric":"n","value":-1},{"value":3}] ], "id": 1}`)
	var whole metric.Batch
	want, length, _ := scanJSONRequest(text, &whole, 3, new(metric.PointsRead))
	require.Equal(t, len(text), length)
	for first := range text {
		for second := first; second < len(text); second++ {
			var batch metric.Batch
			var read metric.PointsRead
			for _, n := range []int{first, second} {
				_, used, cut := scanJSONRequest(text[:n], &batch, 3, &read)
				require.Zero(t, used)
				require.True(t, cut, "%s", text[:n])
			}
			got, used, _ := scanJSONRequest(text, &batch, 3, &read)
			require.Equal(t, length, used, "%s and %s", text[:first], text[:second])
			require.Equal(t, want, got)
			require.Equal(t, whole.Points, batch.Points)
		}
	}
}

// FuzzScanRequest holds the short way to the general one.
func FuzzScanRequest(f *testing.F) {
	f.Add([]byte(`{"method":"Transfer.Update","params":[[{"endpoint":"e","metric":"m","value":1}]],"id":0}`))
	f.Add([]byte(` { "id" : -7 , "params" : [ [ {"value":"2","tags":"a=b"} , {"value":1} ] ] , "method" : "" } {`))
	f.Fuzz(func(t *testing.T, text []byte) {
		const limit = 4
		var got, want metric.Batch
		q, n, cut := scanJSONRequest(text, &got, limit, new(metric.PointsRead))
		if len(text) > 0 { // in two pieces it is the same
			var pieces metric.Batch
			var read metric.PointsRead
			if _, _, begun := scanJSONRequest(text[:len(text)*int(text[len(text)-1])/256], &pieces, limit, &read); begun {
				p, m, more := scanJSONRequest(text, &pieces, limit, &read)
				require.Equal(t, n, m)
				require.Equal(t, cut, more)
				if n > 0 {
					require.Equal(t, q, p)
					require.Equal(t, got.Points, pieces.Points)
				}
			}
		}
		var frame metric.JSONFrame
		length, whole, err := frame.Scan(text)
		if n == 0 {
			require.False(t, whole && cut, "nothing more is to come")
			return
		}
		require.False(t, cut)
		require.NoError(t, err)
		require.True(t, whole)
		require.Equal(t, length, n)
		iter := jsoniter.ParseBytes(jsoniter.ConfigCompatibleWithStandardLibrary, metric.RepairJSON(text[:n]))
		general, err := readJSONRequest(iter, &want, limit)
		require.NoError(t, err)
		require.Equal(t, general, q)
		require.Equal(t, want.Points, got.Points)
	})
}
