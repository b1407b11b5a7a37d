package faults

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// killedRate is the load of the relay that is killed, in points a second.
const killedRate = 8000

// killed is a relay that was killed with a backlog: its files, and what came before.
type killed struct {
	data    string
	site    *site
	clients []*client
	came    map[string][]sink.Point // by address
}

// killedRelay kills a relay with two graphs, one of which was away from the beginning
// and has such a backlog.
func killedRelay(t *testing.T, backlog uint64) *killed {
	t.Helper()
	site := newSite(t)
	away, _ := site.sink("graph", "graph-00"), site.sink("graph", "graph-01")
	site.set("graph", "queueBytes", "64KiB")
	site.set("graph", "spoolBytes", "8MiB") // segments of 1 MiB
	s := newStage(t, fault{}, site, nil)
	away.fail(t, dead())
	s.relay.start()
	s.play(load{rate: killedRate, answers: true})
	id := site.idOf(away)
	eventually(t, 60*time.Second, "the spool does not grow", func() bool {
		l := s.relay.mustLedger()
		return l.target(t, id).Queued > backlog
	})
	s.relay.kill()
	s.endClients()
	s.watch.end()
	k := &killed{data: s.relay.data, site: site, clients: s.clients, came: make(map[string][]sink.Point)}
	for _, a := range site.addrs {
		k.came[a.known] = a.in.Points()
		a.in.(sinkIn).Close()
	}
	return k
}

// earlier is a stand-in at an address where something came before.
type earlier struct {
	sinkIn
	came []sink.Point
}

func (e earlier) Points() []sink.Point {
	return append(e.came[:len(e.came):len(e.came)], e.sinkIn.Points()...)
}

// again sets the stage for a relay on a copy of the killed one's files, with backends
// that are well.
func (k *killed) again(t *testing.T, f fault) *stage {
	t.Helper()
	site := newSite(t)
	site.settings = k.site.settings
	for _, a := range k.site.addrs {
		site.add(a.backend, a.node, earlier{newSink(t, a.backend, a.known), k.came[a.known]}, a.known)
	}
	s := newStage(t, f, site, nil)
	require.NoError(t, os.CopyFS(s.relay.data, os.DirFS(k.data)))
	s.clients = append(s.clients, k.clients...)
	s.crashed = true
	return s
}

// P9: damaged files cost what was damaged, and never the start.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	k := killedRelay(t, either[uint64](5000, 25_000)) // which makes two segments in the full form
	for _, d := range damages() {
		if !full && !d.short {
			continue
		}
		for range max(1, either(1, d.times)) {
			t.Run(d.name, func(t *testing.T) {
				s := k.again(t, fault{d.name, "the files of a killed relay are damaged", "it starts, and loses the damaged records at most"})
				s.uncounted = true
				s.allowed.lost = d.do(t, s.relay.data, chance(t))
				if d.spool { // what the journal still has of it comes behind the rest of the spool
					s.allowed.disordered = s.allowed.lost
				}
				s.allowed.duplicates = killedRate // of the second before the kill
				if d.marks {
					for _, c := range k.clients {
						s.allowed.duplicates += c.points(acknowledged) + c.points(unanswered)
					}
				}
				s.relay.start()
				s.play(load{rate: 400})
				s.flows()
				s.endClients()
				ledger := s.settled(drainTime)
				s.relay.stop()
				s.note("may cost %d points", s.allowed.lost)
				v := s.verdict(ledger)
				if d.spool {
					require.LessOrEqual(t, uint64(v.lost), ledger.Totals.Dropped["damaged"], "lost and not counted")
				}
			})
		}
	}
}
