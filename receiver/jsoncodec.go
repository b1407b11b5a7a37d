package receiver

import (
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/metric"
	"transfer/g/stat"
)

// jsonCodec speaks JSON-RPC as net/rpc/jsonrpc does: requests are JSON objects one
// after another with nothing between them, replies are parted by newlines.
type jsonCodec struct {
	*client
	frame   metric.JSONFrame
	scanned int // bytes of the request under way that the frame has seen
	iter    *jsoniter.Iterator
}

func newJSONCodec(c *client) *jsonCodec {
	return &jsonCodec{client: c, iter: jsoniter.NewIterator(jsoniter.ConfigCompatibleWithStandardLibrary)}
}

func (j *jsonCodec) next(data []byte) (used int, err error) {
	n, whole, err := j.frame.Scan(data[j.scanned:])
	j.scanned += n
	switch {
	case err != nil:
		return 0, &refusal{stat.Malformed, err}
	case !whole && j.frame.Begun():
		return 0, nil
	case whole:
		j.frame.Reset()
		err = j.answer(data[:j.scanned])
	}
	used, j.scanned = j.scanned, 0
	return used, err
}

func (j *jsonCodec) stage() stage {
	if j.frame.Begun() {
		return inBody
	}
	return idle
}

// answer carries out one request and adds the reply to what is to be written.
func (j *jsonCodec) answer(text []byte) error {
	start := time.Now()
	batch := j.batch()
	defer j.batches.Put(batch)
	defer j.iter.ResetBytes(nil) // an idle connection keeps no large request alive
	q, err := readJSONRequest(j.iter.ResetBytes(metric.RepairJSON(text)), batch, j.limits.PointsPerRequest)
	if err != nil {
		return &refusal{stat.Malformed, err}
	}
	j.counts.Requests.Add(1)
	out := append(j.out, `{"id":`...)
	out = append(out, q.id...)
	out = append(out, `,"result":`...)
	invalid, err := j.call(q.method, batch, q.fault)
	if err != nil {
		out = append(out, `null,"error":`...)
		out = appendJSONString(out, err.Error())
		j.out = append(out, "}\n"...)
		return nil
	}
	if q.method == pingMethod {
		out = append(out, `{"code":0}`...)
	} else {
		out = appendSummary(out, len(batch.Points), invalid, time.Since(start))
	}
	j.out = append(out, ",\"error\":null}\n"...)
	return nil
}
