package e2e

import "testing"

// Two relays chained by the transfer backend deliver what one delivers.
func TestChainDeliversTheSamePoints(t *testing.T) {
	first, second := newSite(t), newSite(t)
	inner := startRelay(t, withPorts(t, second.sections()))
	cfg := withPorts(t, first.sections())
	cfg["transfer"] = section{"enabled": true, "cluster": section{"next": inner.rpc}}
	outer := startRelay(t, cfg)

	raw, requests := capture(t)
	want := make(map[arrival]int)
	for _, points := range requests {
		for _, p := range points {
			want[arrival{p.key(), p.Timestamp - p.Timestamp%max(p.Step, 30), p.value(t)}]++
		}
	}
	push(t, outer.rpc, raw, len(requests))
	outer.drained(t)
	outer.stop(t)
	inner.drained(t)
	inner.stop(t)
	for _, site := range []*site{first, second} {
		requireEachOnce(t, want, site.judges)
		requireEachOnce(t, want, site.graphs)
	}
}
