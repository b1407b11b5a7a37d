package bench

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A probe is a point whose way is timed. In a paced load each request holds one,
// told from the others by its endpoint: probeMark, the connection, a dash and a
// turn. The turns of a connection make room for several probes under way at once,
// and spread them over the nodes of a ring.
const (
	probeMark  = "Zprobe-" // a first letter that is rare makes the search fast; every backend takes these letters
	connDigits = 3
	turnDigits = 2
	probeTurns = 20 // of each connection
)

// probes knows when each probe was sent and how long those took that arrived at
// one backend. Its methods may be called from any goroutine.
type probes struct {
	epoch   time.Time      // times are counted from here, lest a load of one be torn
	underAt []atomic.Int64 // when a probe was sent; 0: it is not under way

	mu      sync.Mutex
	samples []time.Duration
}

func newProbes(conns int) *probes {
	return &probes{
		epoch:   time.Now().Add(-time.Hour), // no time is 0
		underAt: make([]atomic.Int64, conns*probeTurns),
	}
}

// sent notes that a probe goes out now. One that should have arrived since its last
// turn counts with the time that it took until now.
func (p *probes) sent(conn, turn int) {
	now := int64(time.Since(p.epoch))
	if before := p.underAt[conn*probeTurns+turn].Swap(now); before != 0 {
		p.add(time.Duration(now - before))
	}
}

// look notes the arrival of all probes in data.
func (p *probes) look(data []byte) {
	for {
		at := bytes.Index(data, []byte(probeMark))
		if at < 0 {
			return
		}
		data = data[at+len(probeMark):]
		if n, ok := probeNumber(data); ok && n < len(p.underAt) {
			p.arrived(n)
		}
	}
}

// arrived notes the arrival of a probe. One that comes again, since its call was
// repeated, counts once.
func (p *probes) arrived(n int) {
	if before := p.underAt[n].Swap(0); before != 0 {
		p.add(time.Since(p.epoch) - time.Duration(before))
	}
}

func (p *probes) add(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.samples = append(p.samples, took)
}

// reset forgets what was measured, not what is under way.
func (p *probes) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.samples = p.samples[:0]
}

// taken returns a copy of what was measured since reset.
func (p *probes) taken() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.samples)
}

// probeNumber reads what follows probeMark: the connection and the turn.
func probeNumber(b []byte) (n int, ok bool) {
	if len(b) < connDigits+1+turnDigits {
		return 0, false
	}
	conn, isConn := digits(b[:connDigits])
	turn, isTurn := digits(b[connDigits+1:][:turnDigits])
	return conn*probeTurns + turn, isConn && isTurn && turn < probeTurns
}

func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
