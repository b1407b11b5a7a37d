package faults

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
	"transfer/transfer/trial"
)

// killedRate is the load of the relay that is killed, in points a second.
const killedRate = 8000

// killed is a relay that was killed with a backlog: its files, and what came before.
type killed struct {
	data    string
	site    *trial.Site
	clients []*trial.Client
	came    map[string][]sink.Point // by address
}

// killedRelay kills a relay with two graphs, one of which was away from the beginning
// and has such a backlog.
func killedRelay(t *testing.T, backlog uint64) *killed {
	t.Helper()
	site := suite.NewSite(t)
	away, _ := site.Sink("graph", "graph-00"), site.Sink("graph", "graph-01")
	site.Set("graph", "queueBytes", "64KiB")
	site.Set("graph", "spoolBytes", "8MiB") // segments of 1 MiB
	s := trial.NewStage(t, trial.Case{}, site, nil)
	away.Fail(t, trial.Dead())
	s.Relay.Start()
	s.Play(trial.Load{Rate: killedRate, Answers: true})
	id := site.IDOf(away)
	trial.Eventually(t, 60*time.Second, "the spool does not grow", func() bool {
		l := s.Relay.MustLedger()
		return l.Target(t, id).Queued > backlog
	})
	s.Relay.Kill()
	s.EndClients()
	s.Watch.End()
	k := &killed{data: s.Relay.Data, site: site, clients: s.Clients, came: make(map[string][]sink.Point)}
	for _, a := range site.Addrs {
		k.came[a.Known] = a.In.Points()
		a.In.(trial.SinkIn).Close()
	}
	return k
}

// earlier is a stand-in at an address where something came before.
type earlier struct {
	trial.SinkIn
	came []sink.Point
}

func (e earlier) Points() []sink.Point {
	return append(e.came[:len(e.came):len(e.came)], e.SinkIn.Points()...)
}

// again sets the stage for a relay on a copy of the killed one's files, with backends
// that are well.
func (k *killed) again(t *testing.T, f trial.Case) *trial.Stage {
	t.Helper()
	site := suite.NewSite(t)
	site.Settings = k.site.Settings
	for _, a := range k.site.Addrs {
		site.Add(a.Backend, a.Node, earlier{trial.NewSink(t, a.Backend, a.Known), k.came[a.Known]}, a.Known)
	}
	s := trial.NewStage(t, f, site, nil)
	require.NoError(t, os.CopyFS(s.Relay.Data, os.DirFS(k.data)))
	s.Clients = append(s.Clients, k.clients...)
	s.Crashed = true
	return s
}

// P9: damaged files cost what was damaged, and never the start.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	k := killedRelay(t, either[uint64](5000, 25_000)) // which makes two segments in the full form
	for _, d := range damages() {
		if !suite.Full() && !d.short {
			continue
		}
		for range max(1, either(1, d.times)) {
			t.Run(d.name, func(t *testing.T) {
				s := k.again(t, trial.Case{Name: d.name, Injected: "the files of a killed relay are damaged", Expected: "it starts, and loses the damaged records at most"})
				s.Uncounted = true
				s.Allowed.Lost = d.do(t, s.Relay.Data, suite.Chance(t))
				if d.spool { // what the journal still has of it comes behind the rest of the spool
					s.Allowed.Disordered = s.Allowed.Lost
				}
				s.Allowed.Duplicates = killedRate // of the second before the kill
				if d.marks {
					for _, c := range k.clients {
						s.Allowed.Duplicates += c.Points(trial.Acknowledged) + c.Points(trial.Unanswered)
					}
				}
				s.Relay.Start()
				s.Play(trial.Load{Rate: 400})
				s.Flows()
				s.EndClients()
				ledger := s.Settled(trial.DrainTime)
				s.Relay.Stop()
				s.Note("may cost %d points", s.Allowed.Lost)
				v := s.Verdict(ledger)
				if d.spool {
					require.LessOrEqual(t, uint64(v.Lost), ledger.Totals.Dropped["damaged"], "lost and not counted")
				}
			})
		}
	}
}
