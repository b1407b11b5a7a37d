package faults

import (
	"syscall"
	"testing"
	"time"

	"transfer/transfer/sink"
)

// usual is the load of most tests.
func usual() load { return load{rate: either(1600, 4000)} }

// outage is how long backends are away.
func outage() time.Duration { return either(1500*time.Millisecond, 4*time.Second) }

// P3, P4, P5: one graph of three misbehaves in a way that the stand-ins know.
func TestBackendFails(t *testing.T) {
	const nothing = "nothing lost, order kept"
	for _, test := range []struct {
		short    bool
		fault    fault
		injected sink.Fault
	}{
		{true, fault{"backend refuses", "one graph's port is closed", nothing}, dead()},
		{true, fault{"backend hangs", "one graph takes calls and never replies", nothing}, sink.Fault{Mode: sink.Hang}},
		{false, fault{"backend reads nothing", "one graph accepts connections, reads nothing", nothing}, sink.Fault{Mode: sink.Freeze}},
		{false, fault{"backend is slow", "one graph takes 1 s a call", nothing}, sink.Fault{Mode: sink.Slow, Delay: time.Second}},
		{true, fault{"backend resets", "one graph resets each connection in the middle of a call", nothing}, sink.Fault{Mode: sink.Reset}},
		{false, fault{"backend loses replies", "one graph takes calls and resets the connection in place of the reply", nothing + ", duplicates counted as resent"}, sink.Fault{Mode: sink.Cut}},
		{false, fault{"backend answers errors", "one graph answers each call by an application error", nothing + ", nothing given up"}, sink.Fault{Mode: sink.Error}},
	} {
		t.Run(test.fault.name, func(t *testing.T) {
			t.Parallel()
			if !test.short {
				onlyInFull(t)
			}
			site, _, graphs := usualSite(t)
			s := newStage(t, test.fault, site, nil)
			s.relay.start()
			s.play(usual())
			s.flows()
			graphs[2].fail(t, test.injected)
			time.Sleep(outage())
			s.flows() // the others' points, and those that wait
			graphs[2].fail(t, well())
			s.flows()
			s.finish()
		})
	}
}

// P3, P5, P10: replies that no graph would give.
func TestBackendRepliesNonsense(t *testing.T) {
	const expected = "nothing lost, order kept, duplicates counted as resent"
	for _, test := range []struct {
		short bool
		fault fault
		way   way
	}{
		{true, fault{"backend replies garbage", "random bytes in place of one graph's replies", expected}, garbage},
		{false, fault{"backend replies endlessly", "1 GiB in place of one graph's reply", expected}, endless},
		{false, fault{"backend half-closes", "one graph closes its sending side in place of a reply", expected}, halfShut},
		{false, fault{"replies are swallowed", "one graph's replies never come", expected}, mute},
	} {
		t.Run(test.fault.name, func(t *testing.T) {
			t.Parallel()
			if !test.short {
				onlyInFull(t)
			}
			site, _, _ := usualSite(t)
			in := newSink(t, "graph", freeAddress())
			proxy := newProxy(t, in.Addr())
			site.add("graph", "graph-03", in, proxy.listener.Addr().String())
			s := newStage(t, test.fault, site, nil)
			s.relay.start()
			s.play(usual())
			s.flows()
			proxy.set(test.way)
			time.Sleep(outage())
			s.flows()
			proxy.set(through)
			s.finish()
		})
	}
}

// P3: a graph's process is stopped and goes on.
func TestBackendIsStopped(t *testing.T) {
	t.Parallel()
	site, _, _ := usualSite(t)
	process := newProcess(t, "graph")
	site.add("graph", "graph-03", process, process.Addr())
	s := newStage(t, fault{"backend gets SIGSTOP", "one graph's process is stopped, and goes on", "nothing lost, order kept"}, site, nil)
	s.relay.start()
	s.play(usual())
	s.flows()
	_ = process.cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(outage())
	s.flows()
	_ = process.cmd.Process.Signal(syscall.SIGCONT)
	s.finish()
}

// P3: a graph restarts while nobody has anything to send to it.
func TestBackendRestartsWhileIdle(t *testing.T) {
	t.Parallel()
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"backend restarts while idle", "all graphs close their idle connections, twice", "nothing lost, order kept"}, site, nil)
	s.relay.start()
	for range 2 {
		s.play(usual())
		s.flows()
		s.endClients()
		s.settled(drainTime)
		for _, g := range graphs {
			g.fail(t, dead())
			g.fail(t, well())
		}
	}
	s.play(usual())
	s.flows()
	s.finish()
}

// P3, P11: a second up, a second down.
func TestBackendFlaps(t *testing.T) {
	t.Parallel()
	site, judge, graphs := usualSite(t)
	s := newStage(t, fault{"backend flaps", "a graph and a judge are 1 s up and 1 s down", "nothing lost, order kept"}, site, nil)
	s.relay.start()
	s.play(usual())
	for range either(2, 6) {
		for _, f := range []sink.Fault{dead(), well()} {
			judge.fail(t, f)
			graphs[3].fail(t, f)
			time.Sleep(time.Second)
		}
	}
	s.finish()
}

// P3, P6: each address of a node has a queue of its own.
func TestOneOfTwoAddressesIsDead(t *testing.T) {
	t.Parallel()
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"one of two addresses dead", "one of a node's two addresses is gone for long", "the other has every point at once, the dead one in the end"}, site, nil)
	s.relay.start()
	s.play(usual())
	s.flows()
	graphs[1].fail(t, dead())
	time.Sleep(either(2*time.Second, 10*time.Second))
	s.endClients()
	eventually(t, 20*time.Second, "the other address has a backlog", func() bool {
		l := s.relay.mustLedger()
		return l.target(t, site.idOf(graphs[0])).Queued == 0
	})
	waiting := s.relay.mustLedger()
	if waiting.target(t, site.idOf(graphs[1])).Queued == 0 {
		t.Error("nothing waits for the dead address")
	}
	graphs[1].fail(t, well())
	s.finish()
}

// P3: nobody is there, and then all are.
func TestAllBackendsGone(t *testing.T) {
	t.Parallel()
	site, judge, graphs := usualSite(t)
	s := newStage(t, fault{"all backends gone", "every judge and graph is gone, then back", "nothing lost, order kept"}, site, nil)
	s.relay.start()
	s.play(usual())
	s.flows()
	everyone := append(graphs, judge)
	for _, g := range everyone {
		g.fail(t, dead())
	}
	time.Sleep(outage())
	s.flows()
	for _, g := range everyone {
		g.fail(t, well())
	}
	s.finish()
}
