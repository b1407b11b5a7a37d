package receiver

import (
	"runtime"
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
	batches  sync.Pool     // of *metric.Batch
	large    chan struct{} // holds an element for each large request in work
	halves   chan struct{} // holds an element for each halfRead that holds a batch
}

func newPort(limits g.Limits, a Acceptor, counts *stat.Receiver) *port {
	return &port{
		acceptor: a, counts: counts, limits: limits,
		memory: memory{budget: newBudget(limits)},
		large:  make(chan struct{}, largeAtOnce()),
		halves: make(chan struct{}, halvesAtOnce),
	}
}

// largeAtOnce is how many requests of more than readBytes are decoded and handed
// on at once: more than there are processors would not be faster, and a batch may
// take a hundred times the memory of its text.
func largeAtOnce() int { return max(4, runtime.GOMAXPROCS(0)) }

// begin waits until a request of so many bytes may be worked on; end must follow.
func (p *port) begin(bytes int) {
	if bytes > readBytes {
		p.large <- struct{}{}
	}
}

func (p *port) end(bytes int) {
	if bytes > readBytes {
		<-p.large
	}
}

// batch returns an empty batch, to be given back by doneWith.
func (p *port) batch() *metric.Batch {
	if b, ok := p.batches.Get().(*metric.Batch); ok {
		return b
	}
	return new(metric.Batch)
}

// doneWith takes back what batch returned. Its points alias what was read: they are
// let go now, so that a batch that waits for its next use keeps no large request
// alive.
func (p *port) doneWith(b *metric.Batch) {
	b.Reset()
	p.batches.Put(b)
}

// accept hands on a request's points. The error, for the client, says that they
// were not taken and may be sent again.
func (p *port) accept(b *metric.Batch) (invalid int, err error) {
	if invalid, err = p.acceptor.Accept(b); err != nil {
		return 0, &refusal{stat.NotReady, err}
	}
	return invalid, nil
}
