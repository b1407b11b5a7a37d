package bench

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// appendSeries appends a TimeSeries of a WriteRequest with two labels and so many
// samples.
func appendSeries(dst []byte, samples int) []byte {
	message := func(dst []byte, number protowire.Number, body []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), body)
	}
	var series []byte
	for _, label := range [][2]string{{"__name__", "cpu.busy"}, {"endpoint", "host-1"}} {
		series = message(series, 1, message(message(nil, 1, []byte(label[0])), 2, []byte(label[1])))
	}
	for i := range samples {
		sample := protowire.AppendFixed64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(1.5))
		sample = protowire.AppendVarint(protowire.AppendTag(sample, 2, protowire.VarintType), uint64(1600000000000+i))
		series = message(series, timeSeriesSamples, sample)
	}
	return message(dst, writeRequestSeries, series)
}

func TestPrometheusSinkCounts(t *testing.T) {
	var count tally
	sink := newPrometheusSink(&count)
	request := appendSeries(appendSeries(appendSeries(nil, 1), 0), 3)
	metadata := protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), []byte("any"))
	request = append(request, metadata...)
	post := func(encoding string, body []byte) int {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/write", bytes.NewReader(body))
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		sink.ServeHTTP(w, r)
		return w.Code
	}
	for range 2 { // the buffers are used again
		require.Equal(t, http.StatusNoContent, post("snappy", snappy.Encode(nil, request)))
	}
	require.EqualValues(t, 8, count.points.Load())

	for name, body := range map[string][]byte{
		"no snappy":     []byte("\xff\xff\xff\xff\xff\xff\xff"),
		"cut":           snappy.Encode(nil, request[:len(request)-1]),
		"snappy cut":    snappy.Encode(nil, request)[:20],
		"far too long":  binary.AppendUvarint(nil, maxWrite+1),
		"not a message": snappy.Encode(nil, []byte{0xff}),
	} {
		require.Equal(t, http.StatusBadRequest, post("snappy", body), name)
	}
	require.Equal(t, http.StatusBadRequest, post("zstd", request))
	require.EqualValues(t, 8, count.points.Load())
}

// FuzzCountSamples feeds countSamples what is no WriteRequest too.
func FuzzCountSamples(f *testing.F) {
	f.Add(appendSeries(nil, 2))
	f.Add(appendSeries(appendSeries(nil, 1), 5)[:40])
	f.Add([]byte{0x0a, 0x02, 0x12, 0x00})
	f.Add([]byte{0x0b, 0x0c, 0x12, 0x00}) // a group
	f.Fuzz(func(t *testing.T, data []byte) {
		count, err := countSamples(data)
		if err != nil {
			return
		}
		// Another request behind it only adds to it.
		more, err := countSamples(appendSeries(data, 3))
		require.NoError(t, err)
		require.Equal(t, count+3, more)
		require.LessOrEqual(t, count, len(data)/2, "a sample takes two bytes")
	})
}
