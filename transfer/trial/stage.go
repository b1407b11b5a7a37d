package trial

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Stage is a site, a relay or several before it and clients that send: what each fault
// needs.
type Stage struct {
	T       *testing.T
	suite   *Suite
	Case    Case
	Site    *Site
	Relay   *Relay   // the first
	Relays  []*Relay // all
	Clients []*Client
	Watch   *Watch // of the first
	watches []*Watch
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
	return NewFleet(t, c, s, settings)
}

// NewFleet makes several relays of the site, not started yet, each with its own settings.
// Clients spread over them, and go elsewhere when one fails.
func NewFleet(t *testing.T, c Case, s *Site, settings ...Section) *Stage {
	t.Helper()
	st := &Stage{T: t, suite: s.suite, Case: c, Site: s}
	for _, own := range settings {
		cfg := s.sections()
		maps.Copy(cfg, own)
		relay := s.suite.NewRelay(t, cfg)
		st.Relays = append(st.Relays, relay)
		st.watches = append(st.watches, newWatch(relay))
	}
	st.Relay, st.Watch = st.Relays[0], st.watches[0]
	st.eras = timeline{s.era()}
	st.eras[0].asked = time.Time{}
	t.Cleanup(st.EndClients)
	t.Cleanup(st.endWatches)
	return st
}

func (s *Stage) endWatches() {
	for _, w := range s.watches {
		w.End()
	}
}

// Load is how much the clients send.
type Load struct {
	Rate    int  // points a second, all clients together
	Answers bool // only by ways that answer
	Clients int  // of a relay; 0: two by JSON-RPC, one by HTTP, one by the line socket; else so many, the others by JSON-RPC
}

// rounds is how many requests a second each client sends.
const rounds = 20

// Play starts the clients.
func (s *Stage) Play(l Load) {
	kinds := []kind{byRPC, byRPC, byHTTP}
	if !l.Answers {
		kinds = append(kinds, byLines)
	}
	for len(kinds) < l.Clients {
		kinds = append(kinds, byRPC)
	}
	var ways []Transport
	for range s.Relays {
		for _, k := range kinds {
			ways = append(ways, s.way(k, len(ways)/len(kinds)))
		}
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
		now := s.MustBooks()
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

// Finish ends the clients, waits until all is delivered, stops the relays and judges.
func (s *Stage) Finish() *Verdict {
	s.T.Helper()
	s.EndClients()
	ledger := s.Settled(DrainTime)
	for _, relay := range s.Relays {
		relay.Stop()
	}
	return s.Verdict(ledger)
}

// Verdict judges what came of it all, after the relays have stopped with these books.
func (s *Stage) Verdict(ledger Books) *Verdict {
	s.T.Helper()
	s.endWatches()
	o := oracle{eras: s.eras}
	for _, c := range s.Clients {
		o.histories = append(o.histories, &c.History)
	}
	v := o.judge(slices.DeleteFunc(s.Site.places(), func(p place) bool { return p.id == s.Unheard }))
	bound := s.Allowed
	bound.Duplicates += int(ledger.Totals.Resent) + ledger.unheard()
	complaints := append(v.Complaints(bound), s.compare(v, ledger)...)
	var memory, disk int64
	for i, w := range s.watches {
		complaints = append(complaints, w.Complaints(len(s.Site.Addrs))...)
		memory, disk = max(memory, s.Relays[i].Memory), max(disk, w.MostDisk())
	}
	if missing := v.Unanswered - v.UnansweredArrived; missing > 0 && !s.Crashed {
		complaints = append(complaints, fmt.Sprintf("%d points were not answered and lost, though nothing crashed", missing))
	}
	for _, c := range complaints {
		s.T.Error(c)
	}
	if s.T.Failed() {
		s.T.Logf("for example:\n%s\nledger: %+v", strings.Join(v.examples, "\n"), ledger)
	}
	s.Note("memory %d MiB, disk %d MiB", memory>>20, disk>>20)
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
