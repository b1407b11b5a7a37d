package bench

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// maxWrite bounds a request of remote write once it is unpacked, bytes.
const maxWrite = 64 << 20

// newPrometheusSink returns what stands in for a receiver of Prometheus remote
// write: it counts the samples of each request.
func newPrometheusSink(t *tally) http.Handler {
	var pool sync.Pool // of *writeBuffers
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := pool.Get().(*writeBuffers)
		if !ok {
			b = new(writeBuffers)
		}
		defer pool.Put(b)
		request, err := b.unpack(r)
		if err == nil {
			var count int
			if count, err = countSamples(request); err == nil {
				t.took(count, request)
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		http.Error(w, err.Error(), http.StatusBadRequest)
	})
}

// writeBuffers hold a request as it came and as it was before it was packed.
type writeBuffers struct {
	packed   bytes.Buffer
	unpacked []byte
}

// unpack reads the body of r. What it returns is valid until the next call.
func (b *writeBuffers) unpack(r *http.Request) ([]byte, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "snappy" {
		return nil, fmt.Errorf("cannot read a body encoded by %q: send it by snappy", encoding)
	}
	b.packed.Reset()
	if _, err := io.Copy(&b.packed, io.LimitReader(r.Body, maxWrite)); err != nil {
		return nil, fmt.Errorf("cannot read the body: %w", err)
	}
	length, err := snappy.DecodedLen(b.packed.Bytes())
	if err != nil || length > maxWrite {
		return nil, fmt.Errorf("cannot unpack a body of %d bytes: it is no snappy, or longer than %d bytes unpacked", b.packed.Len(), maxWrite)
	}
	if cap(b.unpacked) < length {
		b.unpacked = make([]byte, length)
	}
	b.unpacked, err = snappy.Decode(b.unpacked[:cap(b.unpacked)], b.packed.Bytes())
	if err != nil {
		return nil, fmt.Errorf("cannot unpack the body: %w", err)
	}
	return b.unpacked, nil
}

// The fields of the messages of remote write that lead to the samples.
const (
	writeRequestSeries = 1 // WriteRequest.timeseries
	timeSeriesSamples  = 2 // TimeSeries.samples
)

// countSamples returns the number of samples in a WriteRequest.
func countSamples(request []byte) (count int, err error) {
	err = eachMessage(request, writeRequestSeries, func(series []byte) error {
		return eachMessage(series, timeSeriesSamples, func([]byte) error {
			count++
			return nil
		})
	})
	return count, err
}

// eachMessage calls do with each message that stands in the field called number of
// the message data.
func eachMessage(data []byte, number protowire.Number, do func([]byte) error) error {
	for len(data) > 0 {
		found, form, n := protowire.ConsumeTag(data)
		if n < 0 {
			return fmt.Errorf("cannot read a field: %w", protowire.ParseError(n))
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(found, form, data)
		if size < 0 {
			return fmt.Errorf("cannot read field %d: %w", found, protowire.ParseError(size))
		}
		if found == number && form == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(data)
			if err := do(value); err != nil {
				return err
			}
		}
		data = data[size:]
	}
	return nil
}
