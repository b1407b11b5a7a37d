package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stage is a site, a relay before it and clients that send: what each fault needs.
type stage struct {
	t       *testing.T
	fault   fault
	site    *site
	relay   *relay
	clients []*client
	watch   *watch
	stop    chan struct{} // of the clients; nil: none play
	playing sync.WaitGroup
	notes   []string // what else is worth a word in the report

	// crashed says that a process ended without a stop: deliveries since the last
	// mark may be repeated and counted twice, and what was not answered may be lost.
	crashed bool
	// uncounted says that the fault may cost counters too: then they have only to
	// balance.
	uncounted bool
	unheard   string // the ID of an address that gets nothing, on purpose
	allowed   bounds // beyond what the ledger says was sent again
}

// newStage makes the relay of the site, not started yet, with further settings.
func newStage(t *testing.T, f fault, s *site, settings section) *stage {
	t.Helper()
	cfg := s.sections()
	for key, value := range settings {
		cfg[key] = value
	}
	st := &stage{t: t, fault: f, site: s, relay: newRelay(t, cfg)}
	st.watch = newWatch(st.relay)
	t.Cleanup(st.endClients)
	t.Cleanup(st.watch.end)
	return st
}

// load is how much the clients send.
type load struct {
	rate    int  // points a second, all clients together
	answers bool // only by ways that answer
}

// rounds is how many requests a second each client sends.
const rounds = 20

// play starts the clients: two by JSON-RPC, one by HTTP, one by the line socket.
func (s *stage) play(l load) {
	rpc := func() string { return s.relay.ports.Load().rpc }
	http := func() string { return s.relay.ports.Load().http }
	socket := func() string { return s.relay.ports.Load().socket }
	ways := []transport{
		&rpcTransport{connection{address: rpc}}, &rpcTransport{connection{address: rpc}}, newHTTPTransport(http),
	}
	if !l.answers {
		ways = append(ways, &lineTransport{connection{address: socket}})
	}
	s.stop = make(chan struct{})
	for _, via := range ways {
		c := &client{
			history:  history{endpoint: fmt.Sprintf("host-%d", len(s.clients)), series: l.rate / rounds / len(ways)},
			via:      via,
			interval: time.Second / rounds,
		}
		s.clients = append(s.clients, c)
		s.playing.Go(func() { c.run(s.stop) })
	}
}

// endClients ends the clients, once.
func (s *stage) endClients() {
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.playing.Wait()
	s.stop = nil
	for _, c := range s.clients {
		if c.trouble != nil {
			s.t.Error(c.trouble)
		}
	}
}

// taken returns how many points the clients have delivered so far.
func (s *stage) taken() (points int64) {
	for _, c := range s.clients {
		points += c.taken.Load() * int64(c.series)
	}
	return points
}

// refused returns how many requests have been refused so far.
func (s *stage) refused() (requests int64) {
	for _, c := range s.clients {
		requests += c.refused.Load()
	}
	return requests
}

// flows waits until the clients get points in, a few rounds of them.
func (s *stage) flows() {
	s.t.Helper()
	before := s.taken()
	for _, c := range s.clients {
		before += 2 * int64(c.series)
	}
	eventually(s.t, 20*time.Second, "no points get in", func() bool { return s.taken() > before })
}

// note adds words to the report.
func (s *stage) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// settled waits until all that was sent has been taken, which takes a moment where
// nothing is answered, and has been delivered.
func (s *stage) settled(within time.Duration) books {
	s.t.Helper()
	var last books
	same := 0
	eventually(s.t, within, "points are still queued", func() bool {
		now := s.relay.mustLedger()
		if now.Totals.Queued == 0 && now.Totals.Accepted == last.Totals.Accepted {
			same++
		} else {
			same = 0
		}
		last = now
		time.Sleep(20 * time.Millisecond)
		return same > 5
	})
	return last
}

// drainTime is how long the recovery of these tests' backlogs may take.
const drainTime = 90 * time.Second

// finish ends the clients, waits until all is delivered, stops the relay and judges.
func (s *stage) finish() *verdict {
	s.t.Helper()
	s.endClients()
	ledger := s.settled(drainTime)
	s.relay.stop()
	return s.verdict(ledger)
}

// verdict judges what came of it all, after the relay has stopped with this ledger.
func (s *stage) verdict(ledger books) *verdict {
	s.t.Helper()
	s.watch.end()
	o := oracle{owner: s.site.owners()}
	for _, c := range s.clients {
		o.histories = append(o.histories, &c.history)
	}
	v := o.judge(slices.DeleteFunc(s.site.places(), func(p place) bool { return p.id == s.unheard }))
	bound := s.allowed
	bound.duplicates += int(ledger.Totals.Resent)
	complaints := append(v.complaints(bound), s.watch.complaints(len(s.site.addrs))...)
	complaints = append(complaints, s.compare(v, ledger)...)
	if missing := v.unanswered - v.unansweredArrived; missing > 0 && !s.crashed {
		complaints = append(complaints, fmt.Sprintf("%d points were not answered and lost, though nothing crashed", missing))
	}
	for _, c := range complaints {
		s.t.Error(c)
	}
	if s.t.Failed() {
		s.t.Logf("for example:\n%s\nledger: %+v", strings.Join(v.examples, "\n"), ledger)
	}
	s.note("memory %d MiB, disk %d MiB", s.relay.memory>>20, s.watch.mostDisk()>>20)
	rows.seen(s.t, s.fault, v, strings.Join(s.notes, ", "))
	require.Positive(s.t, v.owed, "nothing was sent")
	return v
}

// compare holds the ledger against what came to each address.
func (s *stage) compare(v *verdict, ledger books) (complaints []string) {
	if s.uncounted {
		return nil
	}
	for id, came := range v.places {
		l := ledger.target(s.t, id)
		exact := l.Delivered == uint64(came.different)
		if s.crashed { // what was delivered twice may be counted twice
			exact = uint64(came.different) <= l.Delivered && l.Delivered <= uint64(came.all)
		}
		if !exact {
			complaints = append(complaints, fmt.Sprintf("%s: the ledger says %d delivered, there came %d, of which %d for the first time",
				id, l.Delivered, came.all, came.different))
		}
		if again := came.all - came.different; !s.crashed && s.allowed.duplicates == 0 && again > int(l.Resent) {
			complaints = append(complaints, fmt.Sprintf("%s: %d duplicates, the ledger says %d resent", id, again, l.Resent))
		}
	}
	return complaints
}
