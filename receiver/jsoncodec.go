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
	half    halfRead
	cut     cuts // of the request under way
	frame   metric.JSONFrame
	scanned int // bytes of the request under way that the frame has seen
	iter    *jsoniter.Iterator
}

// cuts counts how often a request was not yet whole when it was scanned.
type cuts struct {
	all    int
	vain   int // since a point more was read for good
	points int // that were read for good
}

// Scanned more often than this a request is left to the frame, which costs four times as
// much, but looks at each byte once, however slowly they come.
const (
	maxCuts     = 64 // more pieces than a request of readBytes comes in from a network
	maxCutsVain = 4
)

// note counts one more cut, with so many points read for good.
func (c *cuts) note(points int) {
	c.all++
	c.vain++
	if points > c.points {
		c.vain, c.points = 0, points
	}
}

// areMany reports whether no more scans are worth a try.
func (c *cuts) areMany() bool { return c.all >= maxCuts || c.vain >= maxCutsVain }

func newJSONCodec(c *client) *jsonCodec {
	return &jsonCodec{client: c, iter: jsoniter.NewIterator(jsoniter.ConfigCompatibleWithStandardLibrary)}
}

// next scans what looks as usual in one pass, in the hope that it is whole. Anything
// else goes by the frame.
func (j *jsonCodec) next(data []byte) (used int, err error) {
	if !j.frame.Begun() && !j.cut.areMany() {
		if allSpace(data) {
			return len(data), nil
		}
		n, cut := j.answerUsual(data)
		switch {
		case n > 0:
			j.cut = cuts{}
			return n, nil
		case cut:
			j.cut.note(j.half.points())
			return 0, nil
		}
	}
	n, whole, err := j.frame.Scan(data[j.scanned:])
	j.scanned += n
	if err != nil {
		return 0, &refusal{stat.Malformed, err}
	}
	if !whole {
		return 0, nil
	}
	text := data[:j.scanned]
	tried := !j.cut.areMany() // and found to be unusual
	j.frame.Reset()
	j.cut, j.scanned = cuts{}, 0
	if !tried {
		if n, _ := j.answerUsual(text); n > 0 {
			return n, nil
		}
	}
	return len(text), j.answer(text)
}

// allSpace reports whether there is nothing but white space in data.
func allSpace(data []byte) bool {
	for _, c := range data {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

func (j *jsonCodec) stage() stage {
	if j.cut.all > 0 || j.frame.Begun() {
		return inBody
	}
	return idle
}

// answerUsual answers the request at the beginning of data, if it is whole and of the
// usual shape, and returns its length; else it returns 0, and whether more of it may
// make it so.
func (j *jsonCodec) answerUsual(data []byte) (n int, cut bool) {
	start := time.Now()
	batch := j.half.take(j.port, data)
	q, n, cut := scanJSONRequest(data, batch, j.limits.PointsPerRequest, &j.half.read)
	if cut && j.half.keep(j.port, data, batch) {
		return 0, true
	}
	defer j.doneWith(batch)
	if n > 0 {
		j.reply(q, batch, start)
	}
	return n, cut
}

// end gives back what the codec holds of a request that never became whole.
func (j *jsonCodec) end() {
	if j.half.batch != nil {
		j.doneWith(j.half.take(j.port, nil))
	}
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
