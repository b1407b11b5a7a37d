package changes

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
	"transfer/transfer/trial"
)

// hops are next hops of which any may get a point. A point that came to two of them
// counts as a duplicate.
type hops []trial.SinkIn

// Addr returns the addresses of all, separated by commas.
func (h hops) Addr() string {
	var all []string
	for _, in := range h {
		all = append(all, in.Addr())
	}
	return strings.Join(all, ",")
}

// Points returns what came to all, those of one hop after those of the other.
func (h hops) Points() (all []sink.Point) {
	for _, in := range h {
		all = append(all, in.Points()...)
	}
	return all
}

// Discards returns 0: a transfer discards nothing.
func (h hops) Discards() int { return 0 }

// requireOrder holds the points of each series at each hop to their order, but for
// those that came to another one, too: which of both was the first nobody knows.
func (h hops) requireOrder(t *testing.T) {
	t.Helper()
	type point struct {
		key       string
		timestamp int64
	}
	came := make(map[point]int)
	for _, p := range h.Points() {
		came[point{p.Key(), p.Timestamp}]++
	}
	for n, in := range h {
		newest := make(map[string]int64)
		for _, p := range in.Points() {
			key := p.Key()
			if came[point{key, p.Timestamp}] > 1 {
				continue
			}
			require.Greater(t, p.Timestamp, newest[key], "hop %d: %s", n, key)
			newest[key] = p.Timestamp
		}
	}
}

// One of three next hops refuses, is well, then another one hangs, and is well again.
func TestNextHopFails(t *testing.T) {
	t.Parallel()
	site := suite.NewSite(t)
	var group hops
	for range 3 {
		group = append(group, trial.NewSink(t, "transfer", suite.FreeAddress()))
	}
	site.Add("transfer", "", group, group.Addr())
	site.Set("transfer", "queueBytes", "4MiB")
	site.Set("transfer", "lanes", 6)
	s := trial.NewStage(t, trial.Case{
		Name: "a next hop fails", Injected: "one of three next hops refuses for 10 s (2 s in the short form), then another one hangs",
		Expected: "no client notices, points wait no longer than one callTimeout",
	}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	const (
		callTimeout = 500 * time.Millisecond // what the site sets
		room        = 1500 * time.Millisecond
	)
	age := ages(s, "transfer")
	for n, f := range []sink.Fault{trial.Dead(), {Mode: sink.Hang}} {
		before := s.Relay.MustLedger()
		group[n].Fail(t, f)
		time.Sleep(either(2*time.Second, 10*time.Second))
		group[n].Fail(t, trial.Well())
		time.Sleep(either(time.Second, 5*time.Second))
		now := s.Relay.MustLedger()
		require.Greater(t, now.Totals.Failed, before.Totals.Failed, "hop %d was not asked", n)
	}
	oldest := age()
	undisturbed(s)
	s.Allowed.Disordered = 1 << 30 // of all hops together; see requireOrder
	s.Note("a point waited %s at most", oldest.Round(10*time.Millisecond))
	s.Finish()
	group.requireOrder(t)
	require.Less(t, oldest, callTimeout+room)
	for n, in := range group {
		require.NotEmpty(t, in.Points(), "hop %d got nothing", n)
	}
}

// ages looks how old the oldest waiting point of a target is until the returned func is
// called, which says what the oldest was.
func ages(s *trial.Stage, id string) (end func() time.Duration) {
	stop, done := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		var oldest time.Duration
		for {
			select {
			case <-stop:
				done <- oldest
				return
			case <-time.After(20 * time.Millisecond):
			}
			if status, err := s.Relay.Status(); err == nil {
				for _, target := range status.Targets {
					if target.ID == id {
						oldest = max(oldest, time.Duration(target.OldestSeconds*float64(time.Second)))
					}
				}
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		return <-done
	}
}
