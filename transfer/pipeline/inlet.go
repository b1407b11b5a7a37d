package pipeline

import (
	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
)

// Inlet is one receiver's way into the pipeline. Any number of goroutines may use
// it, each with a Batch of its own.
type Inlet struct {
	pipeline *Pipeline
	counts   *stat.Receiver
}

// Accept validates every point of the batch, hands the valid ones on in order and
// returns how many were invalid. Of each point it fills in what the decoder left
// open: Refused, the timestamp, and unless it is refused, tags, key and hashes. It
// keeps nothing of the batch.
//
// On error nothing was taken or counted; the error's text begins with "retry: ".
func (in *Inlet) Accept(b *metric.Batch) (invalid int, err error) {
	p := in.pipeline
	if err := p.gate.enter(); err != nil {
		return 0, err
	}
	defer p.gate.leave()

	to, at := p.outputs.Load(), p.clock.read()
	accepted := in.resolve(b, &at, to.murmur3)
	if accepted == 0 {
		return len(b.Points), nil
	}
	last := p.sequence.Add(uint64(accepted))
	for i := range to.backends {
		block := p.blocks.Get()
		block.First, block.Last, block.Accepted = last-uint64(accepted)+1, last, at.accepted
		if to.backends[i].encode(block, b); block.Len() > 0 {
			to.backends[i].Put(block)
		}
		p.blocks.Put(block)
	}
	p.trace.look(b)
	p.filter.look(b)
	return len(b.Points) - accepted, nil
}

// resolve validates the batch's points, completes the valid ones, counts all of
// them by what became of them and returns how many are valid.
func (in *Inlet) resolve(b *metric.Batch, at *reading, murmur3 bool) int {
	var fates [metric.NumReasons]int
	for i := range b.Points {
		point := &b.Points[i]
		point.Refused = validate(point)
		fates[point.Refused]++
		if point.Refused != metric.Accepted {
			continue
		}
		point.Timestamp = at.timestamp(point.Timestamp)
		b.Resolve(point)
		if murmur3 {
			point.Murmur3 = ring.Murmur3.Sum(point.Key)
		}
	}
	accepted := fates[metric.Accepted]
	in.counts.Accepted.Add(accepted)
	for reason, n := range fates {
		if n > 0 && metric.Reason(reason) != metric.Accepted {
			in.counts.Refused.Add(reason, n)
		}
	}
	return accepted
}

// encode appends the batch's accepted points that the backend wants to the block.
func (o *output) encode(block *queue.Block, b *metric.Batch) {
	for i := range b.Points {
		point := &b.Points[i]
		if point.Refused != metric.Accepted || !o.Wants(point) {
			continue
		}
		hash := point.Sum
		if o.hash == ring.Murmur3 {
			hash = point.Murmur3
		}
		block.Payload = o.AppendItem(block.Payload, o.AppendSeries(nil, point), point)
		block.Close(hash)
	}
}
