package bench

import "sync/atomic"

// tally counts what arrives at all stand-ins of one backend. Its methods may be
// called from any goroutine.
type tally struct {
	points atomic.Int64
	probes *probes // nil at full speed
}

// took notes that count points arrived in data, which holds them whole.
func (t *tally) took(count int, data []byte) {
	if t.probes != nil {
		t.probes.look(data)
	}
	t.points.Add(int64(count))
}
