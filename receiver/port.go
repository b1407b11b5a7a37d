package receiver

import (
	"sync"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
)

// port is what all connections of one receiver share.
type port struct {
	acceptor Acceptor
	counts   *stat.Receiver
	limits   g.Limits
	memory   memory
	batches  sync.Pool // of *metric.Batch
}

func newPort(limits g.Limits, a Acceptor, counts *stat.Receiver) *port {
	return &port{acceptor: a, counts: counts, limits: limits, memory: memory{budget: newBudget(limits)}}
}

// batch returns an empty batch, to be put into batches when it was used.
func (p *port) batch() *metric.Batch {
	if b, ok := p.batches.Get().(*metric.Batch); ok {
		b.Reset()
		return b
	}
	return new(metric.Batch)
}

// accept hands on a request's points. The error, for the client, says that they
// were not taken for now.
func (p *port) accept(b *metric.Batch) (invalid int, err error) {
	if invalid, err = p.acceptor.Accept(b); err != nil {
		return 0, &refusal{stat.NotReady, err}
	}
	return invalid, nil
}
