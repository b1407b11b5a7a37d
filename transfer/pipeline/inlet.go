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
	all := w.take(b, &at)
	accepted := all[metric.Accepted]
	if accepted > 0 {
		first, err := p.number(w, b, accepted, &at)
		if err != nil {
			return 0, err
		}
		defer p.numbered(first)
		w.put(accepted, first+uint64(accepted)-1, &at)
	}
	in.count(&all)
	if accepted == 0 {
		return len(b.Points), nil
	}
	p.trace.look(b)
	p.filter.look(b)
	return len(b.Points) - accepted, nil
}

// atOnce is how many points are taken between two moments at which others may use
// the same part of the series cache.
const atOnce = 1000

// fates counts the points of a batch by what became of them.
type fates [metric.NumReasons]int

// take validates the batch's points, and completes and encodes the valid ones.
func (w *passage) take(b *metric.Batch, at *reading) (all fates) {
	for points := range slices.Chunk(b.Points, atOnce) {
		w.takeSome(b, points, at, &all)
	}
	return all
}

// count counts the points of a batch that was taken.
func (in *Inlet) count(all *fates) {
	in.counts.Accepted.Add(all[metric.Accepted])
	for reason, n := range all {
		if n > 0 && metric.Reason(reason) != metric.Accepted {
			in.counts.Refused.Add(reason, n)
		}
	}
}

// takeSome is take for a part of the batch's points.
func (w *passage) takeSome(b *metric.Batch, points []metric.Point, at *reading, all *fates) {
	defer w.cursor.Done()
	for i := range points {
		point := &points[i]
		if point.Joined && isDoubtful(point.Metric) {
			point.Part()
		}
		point.Refused = validate(point)
		all[point.Refused]++
		if point.Refused == metric.Accepted {
			if accepted := at.timestamp(point.Timestamp); accepted != point.Timestamp {
				point.Timestamp, point.Sample = accepted, ""
			}
			w.encode(b, point)
		}
	}
}
