package pipeline

import (
	"slices"

	"transfer/g/metric"
	"transfer/g/stat"
)

// Inlet is one receiver's way into the pipeline. Any number of goroutines may use
// it, each with a Batch of its own.
type Inlet struct {
	pipeline *Pipeline
	counts   *stat.Receiver
}

// Accept validates every point of the batch, hands the valid ones on in order and
// returns how many were invalid. Of each point it fills in what the decoder left
// open: Refused, the timestamp, and unless it is refused, the hashes, also tags and
// key if it needed them. It keeps nothing of the batch.
//
// On error nothing was taken or counted; the error's text begins with "retry: ".
func (in *Inlet) Accept(b *metric.Batch) (invalid int, err error) {
	p := in.pipeline
	if err := p.gate.enter(); err != nil {
		return 0, err
	}
	defer p.gate.leave()

	at := p.clock.read()
	w := p.outputs.Load().passages.Get().(*passage)
	defer w.release()
	accepted := in.take(b, &at, w)
	if accepted == 0 {
		return len(b.Points), nil
	}
	w.put(accepted, p.sequence.Add(uint64(accepted)), &at)
	p.trace.look(b)
	p.filter.look(b)
	return len(b.Points) - accepted, nil
}

// atOnce is how many points are taken between two moments at which others may use
// the same part of the series cache.
const atOnce = 1000

// take validates the batch's points, completes and encodes the valid ones, counts
// all of them by what became of them and returns how many are valid.
func (in *Inlet) take(b *metric.Batch, at *reading, w *passage) int {
	var fates [metric.NumReasons]int
	for points := range slices.Chunk(b.Points, atOnce) {
		w.takeSome(b, points, at, &fates)
	}
	accepted := fates[metric.Accepted]
	in.counts.Accepted.Add(accepted)
	if accepted == len(b.Points) {
		return accepted
	}
	for reason, n := range fates {
		if n > 0 && metric.Reason(reason) != metric.Accepted {
			in.counts.Refused.Add(reason, n)
		}
	}
	return accepted
}

// takeSome is take for a part of the batch's points.
func (w *passage) takeSome(b *metric.Batch, points []metric.Point, at *reading, fates *[metric.NumReasons]int) {
	defer w.cursor.Done()
	for i := range points {
		point := &points[i]
		point.Refused = validate(point)
		fates[point.Refused]++
		if point.Refused == metric.Accepted {
			point.Timestamp = at.timestamp(point.Timestamp)
			w.encode(b, point)
		}
	}
}
