package faults

import (
	"syscall"
	"testing"
	"time"

	"transfer/transfer/sink"
	"transfer/transfer/trial"
)

// usual is the load of most tests.
func usual() trial.Load { return trial.Load{Rate: either(1600, 4000)} }

// outage is how long backends are away.
func outage() time.Duration { return either(1500*time.Millisecond, 4*time.Second) }

// P3, P4, P5: one graph of three misbehaves in a way that the stand-ins know.
func TestBackendFails(t *testing.T) {
	const nothing = "nothing lost, order kept"
	for _, test := range []struct {
		short    bool
		fault    trial.Case
		injected sink.Fault
	}{
		{true, trial.Case{Name: "backend refuses", Injected: "one graph's port is closed", Expected: nothing}, trial.Dead()},
		{true, trial.Case{Name: "backend hangs", Injected: "one graph takes calls and never replies", Expected: nothing}, sink.Fault{Mode: sink.Hang}},
		{false, trial.Case{Name: "backend reads nothing", Injected: "one graph accepts connections, reads nothing", Expected: nothing}, sink.Fault{Mode: sink.Freeze}},
		{false, trial.Case{Name: "backend is slow", Injected: "one graph takes 1 s a call", Expected: nothing}, sink.Fault{Mode: sink.Slow, Delay: time.Second}},
		{true, trial.Case{Name: "backend resets", Injected: "one graph resets each connection in the middle of a call", Expected: nothing}, sink.Fault{Mode: sink.Reset}},
		{false, trial.Case{Name: "backend loses replies", Injected: "one graph takes calls and resets the connection in place of the reply", Expected: nothing + ", duplicates counted as resent"}, sink.Fault{Mode: sink.Cut}},
		{false, trial.Case{Name: "backend answers errors", Injected: "one graph answers each call by an application error", Expected: nothing + ", nothing given up"}, sink.Fault{Mode: sink.Error}},
	} {
		t.Run(test.fault.Name, func(t *testing.T) {
			t.Parallel()
			if !test.short {
				suite.OnlyInFull(t)
			}
			site, _, graphs := suite.UsualSite(t)
			s := trial.NewStage(t, test.fault, site, nil)
			s.Relay.Start()
			s.Play(usual())
			s.Flows()
			graphs[2].Fail(t, test.injected)
			time.Sleep(outage())
			s.Flows() // the others' points, and those that wait
			graphs[2].Fail(t, trial.Well())
			s.Flows()
			s.Finish()
		})
	}
}

// P3, P5, P10: replies that no graph would give.
func TestBackendRepliesNonsense(t *testing.T) {
	const expected = "nothing lost, order kept, duplicates counted as resent"
	for _, test := range []struct {
		short bool
		fault trial.Case
		way   way
	}{
		{true, trial.Case{Name: "backend replies garbage", Injected: "random bytes in place of one graph's replies", Expected: expected}, garbage},
		{false, trial.Case{Name: "backend replies endlessly", Injected: "1 GiB in place of one graph's reply", Expected: expected}, endless},
		{false, trial.Case{Name: "backend half-closes", Injected: "one graph closes its sending side in place of a reply", Expected: expected}, halfShut},
		{false, trial.Case{Name: "replies are swallowed", Injected: "one graph's replies never come", Expected: expected}, mute},
	} {
		t.Run(test.fault.Name, func(t *testing.T) {
			t.Parallel()
			if !test.short {
				suite.OnlyInFull(t)
			}
			site, _, _ := suite.UsualSite(t)
			in := trial.NewSink(t, "graph", suite.FreeAddress())
			proxy := newProxy(t, in.Addr())
			site.Add("graph", "graph-03", in, proxy.listener.Addr().String())
			s := trial.NewStage(t, test.fault, site, nil)
			s.Relay.Start()
			s.Play(usual())
			s.Flows()
			proxy.set(test.way)
			time.Sleep(outage())
			s.Flows()
			proxy.set(through)
			s.Finish()
		})
	}
}

// P3: a graph's process is stopped and goes on.
func TestBackendIsStopped(t *testing.T) {
	t.Parallel()
	site, _, _ := suite.UsualSite(t)
	process := suite.NewProcess(t, "graph")
	site.Add("graph", "graph-03", process, process.Addr())
	s := trial.NewStage(t, trial.Case{Name: "backend gets SIGSTOP", Injected: "one graph's process is stopped, and goes on", Expected: "nothing lost, order kept"}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	_ = process.Cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(outage())
	s.Flows()
	_ = process.Cmd.Process.Signal(syscall.SIGCONT)
	s.Finish()
}

// P3: a graph restarts while nobody has anything to send to it.
func TestBackendRestartsWhileIdle(t *testing.T) {
	t.Parallel()
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "backend restarts while idle", Injected: "all graphs close their idle connections, twice", Expected: "nothing lost, order kept"}, site, nil)
	s.Relay.Start()
	for range 2 {
		s.Play(usual())
		s.Flows()
		s.EndClients()
		s.Settled(trial.DrainTime)
		for _, g := range graphs {
			g.Fail(t, trial.Dead())
			g.Fail(t, trial.Well())
		}
	}
	s.Play(usual())
	s.Flows()
	s.Finish()
}

// P3, P11: a second up, a second down.
func TestBackendFlaps(t *testing.T) {
	t.Parallel()
	site, judge, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "backend flaps", Injected: "a graph and a judge are 1 s up and 1 s down", Expected: "nothing lost, order kept"}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	for range either(2, 6) {
		for _, f := range []sink.Fault{trial.Dead(), trial.Well()} {
			judge.Fail(t, f)
			graphs[3].Fail(t, f)
			time.Sleep(time.Second)
		}
	}
	s.Finish()
}

// P3, P6: each address of a node has a queue of its own.
func TestOneOfTwoAddressesIsDead(t *testing.T) {
	t.Parallel()
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "one of two addresses dead", Injected: "one of a node's two addresses is gone for long", Expected: "the other has every point at once, the dead one in the end"}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	graphs[1].Fail(t, trial.Dead())
	time.Sleep(either(2*time.Second, 10*time.Second))
	s.EndClients()
	trial.Eventually(t, 20*time.Second, "the other address has a backlog", func() bool {
		l := s.Relay.MustLedger()
		return l.Target(t, site.IDOf(graphs[0])).Queued == 0
	})
	waiting := s.Relay.MustLedger()
	if waiting.Target(t, site.IDOf(graphs[1])).Queued == 0 {
		t.Error("nothing waits for the dead address")
	}
	graphs[1].Fail(t, trial.Well())
	s.Finish()
}

// P3: nobody is there, and then all are.
func TestAllBackendsGone(t *testing.T) {
	t.Parallel()
	site, judge, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "all backends gone", Injected: "every judge and graph is gone, then back", Expected: "nothing lost, order kept"}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	everyone := append(graphs, judge)
	for _, g := range everyone {
		g.Fail(t, trial.Dead())
	}
	time.Sleep(outage())
	s.Flows()
	for _, g := range everyone {
		g.Fail(t, trial.Well())
	}
	s.Finish()
}
