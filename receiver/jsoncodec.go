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

// next scans what looks as usual in one pass. Anything else, and what is not yet
// whole, goes by the frame, which looks at each byte once however they come.
func (j *jsonCodec) next(data []byte) (used int, err error) {
	if !j.frame.Begun() {
		if n := j.answerUsual(data); n > 0 {
			return n, nil
		}
	}
	n, whole, err := j.frame.Scan(data[j.scanned:])
	j.scanned += n
	switch {
	case err != nil:
		return 0, &refusal{stat.Malformed, err}
	case !whole && j.frame.Begun():
		return 0, nil
	case whole:
		j.frame.Reset()
		if j.answerUsual(data[:j.scanned]) == 0 {
			err = j.answer(data[:j.scanned])
		}
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

// answerUsual answers the request at the beginning of data, if it is whole and of
// the usual shape, and returns its length, else 0.
func (j *jsonCodec) answerUsual(data []byte) int {
	start := time.Now()
	batch := j.batch()
	defer j.doneWith(batch)
	q, n := scanJSONRequest(data, batch, j.limits.PointsPerRequest)
	if n > 0 {
		j.reply(q, batch, start)
	}
	return n
}

// answer answers one request, whatever its shape.
func (j *jsonCodec) answer(text []byte) error {
	start := time.Now()
	batch := j.batch()
	defer j.doneWith(batch)
	defer j.iter.ResetBytes(nil) // an idle connection keeps no large request alive
	repaired := metric.RepairJSON(text)
	q, err := readJSONRequest(j.iter.ResetBytes(repaired), batch, j.limits.PointsPerRequest)
	if err != nil {
		return &refusal{stat.Malformed, err}
	}
	if &repaired[0] != &text[0] {
		q.id = readJSONID(j.iter.ResetBytes(text))
	}
	j.reply(q, batch, start)
	return nil
}

// reply carries out one request and adds the reply to what is to be written.
func (j *jsonCodec) reply(q jsonRequest, batch *metric.Batch, start time.Time) {
	j.counts.Requests.Add(1)
	out := append(j.out, `{"id":`...)
	out = append(out, q.id...)
	out = append(out, `,"result":`...)
	invalid, err := j.call(q.method, batch, q.fault)
	switch {
	case err != nil:
		out = append(out, `null,"error":`...)
		out = appendJSONString(out, err.Error())
		j.out = append(out, "}\n"...)
		return
	case q.method == pingMethod:
		out = append(out, `{"code":0}`...)
	default:
		out = appendSummary(out, len(batch.Points), invalid, time.Since(start))
	}
	j.out = append(out, ",\"error\":null}\n"...)
}
