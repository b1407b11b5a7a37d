package trial

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Stage is a site, a relay before it and clients that send: what each fault needs.
type Stage struct {
	T       *testing.T
	suite   *Suite
	Case    Case
	Site    *Site
	Relay   *Relay
	Clients []*Client
	Watch   *Watch
	stop    chan struct{} // of the clients; nil: none play
	playing sync.WaitGroup
	Notes   []string // what else is worth a word in the report

	// Crashed says that a process ended without a stop: deliveries since the last
	// mark may be repeated and counted twice, and what was not answered may be lost.
	Crashed bool
	// Uncounted says that the fault may cost counters too: then they have only to
	// balance.
	Uncounted bool
	Unheard   string // the ID of an address that gets nothing, on purpose
	Allowed   Bounds // beyond what the ledger says was sent again

	eras timeline // of the relay's configuration
}

// NewStage makes the relay of the site, not started yet, with further settings.
func NewStage(t *testing.T, c Case, s *Site, settings Section) *Stage {
	t.Helper()
	cfg := s.sections()
	for key, value := range settings {
		cfg[key] = value
	}
	st := &Stage{T: t, suite: s.suite, Case: c, Site: s, Relay: s.suite.NewRelay(t, cfg)}
	st.eras = timeline{s.era()}
	st.eras[0].asked = time.Time{}
	st.Watch = newWatch(st.Relay)
	t.Cleanup(st.EndClients)
	t.Cleanup(st.Watch.End)
	return st
}

// Load is how much the clients send.
type Load struct {
	Rate    int  // points a second, all clients together
	Answers bool // only by ways that answer
	Clients int  // 0: two by JSON-RPC, one by HTTP, one by the line socket; else so many, the others by JSON-RPC
}

// rounds is how many requests a second each client sends.
const rounds = 20

// Play starts the clients.
func (s *Stage) Play(l Load) {
	rpc := func() string { return s.Relay.Ports.Load().RPC }
	http := func() string { return s.Relay.Ports.Load().HTTP }
	socket := func() string { return s.Relay.Ports.Load().Socket }
	ways := []Transport{
		NewRPC(rpc), NewRPC(rpc), newHTTPTransport(http),
	}
	if !l.Answers {
		ways = append(ways, &lineTransport{connection{address: socket}})
	}
	for len(ways) < l.Clients {
		ways = append(ways, NewRPC(rpc))
	}
	s.stop = make(chan struct{})
	for _, via := range ways {
		c := &Client{
			History:  History{endpoint: fmt.Sprintf("host-%d", len(s.Clients)), Series: l.Rate / rounds / len(ways)},
			via:      via,
			interval: time.Second / rounds,
		}
		s.Clients = append(s.Clients, c)
		s.playing.Go(func() { c.run(s.stop) })
	}
}

// EndClients ends the clients, once.
func (s *Stage) EndClients() {
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.playing.Wait()
	s.stop = nil
	for _, c := range s.Clients {
		if c.trouble != nil {
			s.T.Error(c.trouble)
		}
	}
}

// taken returns how many points the clients have delivered so far.
func (s *Stage) taken() (points int64) {
	for _, c := range s.Clients {
		points += c.taken.Load() * int64(c.Series)
	}
	return points
}

// Refused returns how many requests have been refused so far.
func (s *Stage) Refused() (requests int64) {
	for _, c := range s.Clients {
		requests += c.refused.Load()
	}
	return requests
}

// Flows waits until the clients get points in, a few rounds of them.
func (s *Stage) Flows() {
	s.T.Helper()
	before := s.taken()
	for _, c := range s.Clients {
		before += 2 * int64(c.Series)
	}
	Eventually(s.T, 20*time.Second, "no points get in", func() bool { return s.taken() > before })
}

// Note adds words to the report.
func (s *Stage) Note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// Settled waits until all that was sent has been taken, which takes a moment where
// nothing is answered, and has been delivered.
func (s *Stage) Settled(within time.Duration) Books {
	s.T.Helper()
	var last Books
	same := 0
	Eventually(s.T, within, "points are still queued", func() bool {
		now := s.Relay.MustLedger()
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

// DrainTime is how long the recovery of these tests' backlogs may take.
const DrainTime = 90 * time.Second

// Finish ends the clients, waits until all is delivered, stops the relay and judges.
func (s *Stage) Finish() *Verdict {
	s.T.Helper()
	s.EndClients()
	ledger := s.Settled(DrainTime)
	s.Relay.Stop()
	return s.Verdict(ledger)
}

// Verdict judges what came of it all, after the relay has stopped with this ledger.
func (s *Stage) Verdict(ledger Books) *Verdict {
	s.T.Helper()
	s.Watch.End()
	o := oracle{eras: s.eras}
	for _, c := range s.Clients {
		o.histories = append(o.histories, &c.History)
	}
	v := o.judge(slices.DeleteFunc(s.Site.places(), func(p place) bool { return p.id == s.Unheard }))
	bound := s.Allowed
	bound.Duplicates += int(ledger.Totals.Resent) + ledger.unheard()
	complaints := append(v.Complaints(bound), s.Watch.Complaints(len(s.Site.Addrs))...)
	complaints = append(complaints, s.compare(v, ledger)...)
	if missing := v.Unanswered - v.UnansweredArrived; missing > 0 && !s.Crashed {
		complaints = append(complaints, fmt.Sprintf("%d points were not answered and lost, though nothing crashed", missing))
	}
	for _, c := range complaints {
		s.T.Error(c)
	}
	if s.T.Failed() {
		s.T.Logf("for example:\n%s\nledger: %+v", strings.Join(v.examples, "\n"), ledger)
	}
	s.Note("memory %d MiB, disk %d MiB", s.Relay.Memory>>20, s.Watch.MostDisk()>>20)
	if v.Moved > 0 {
		s.Note("%d points moved", v.Moved)
	}
	s.Report(v)
	require.Positive(s.T, v.Owed, "nothing was sent")
	return v
}

// Report puts the verdict into the suite's report.
func (s *Stage) Report(v *Verdict) {
	s.T.Helper()
	s.suite.report.seen(s.T, s.suite.seed, s.Case, v, strings.Join(s.Notes, ", "))
}
