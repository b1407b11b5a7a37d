package main

import (
	"fmt"
	"log/slog"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/stat"
	"transfer/transfer/sink"
)

// relayIn builds a relay over a data directory.
func relayIn(t *testing.T, dir, durability, graph string) *Service {
	t.Helper()
	cfg, err := g.Parse("test.json", fmt.Appendf(nil, `{
		"dataDir": %q, "durability": %q,
		"http": {"enabled": true, "listen": "127.0.0.1:0"},
		"graph": {"enabled": true, "cluster": {"graph-00": %q}}
	}`, dir, durability, graph))
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	return s
}

// push sends so many points of one series, from the time first on, a minute apart.
func push(t *testing.T, s *Service, first, points int) {
	t.Helper()
	var all []string
	for i := range points {
		all = append(all, fmt.Sprintf(`{"endpoint":"e","metric":"m","value":%d,"step":60,"counterType":"GAUGE","timestamp":%d}`,
			first+i, 1_700_000_000+60*(first+i)))
	}
	client := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
	reply, err := client.Post("http://"+s.listeners.address("http")+"/api/push", "application/json", strings.NewReader("["+strings.Join(all, ",")+"]"))
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, nethttp.StatusOK, reply.StatusCode)
}

// P2, P13: what a relay could not deliver before it was stopped, the next one on the
// same data directory does, in order and before what is new; the ledger goes on.
func TestRestartGoesOn(t *testing.T) {
	for _, durability := range []string{"journal", "fsync"} {
		t.Run(durability, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			dir, away := t.TempDir(), "127.0.0.1:1"
			for run := range 3 {
				s := relayIn(t, dir, durability, away)
				s.Start()
				require.Empty(t, (&view{s}).Health().Details)
				push(t, s, 10*run, 10)
				s.Stop()
			}
			graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
			require.NoError(t, err)
			defer graph.Close()
			// The address is another one, the node the same: it gets what that was owed.
			s := relayIn(t, dir, durability, graph.Addr())
			s.Start()
			push(t, s, 30, 10)
			require.Eventually(t, func() bool { return len(graph.Points()) == 40 }, 10*time.Second, 10*time.Millisecond)
			for i, p := range graph.Points() {
				require.EqualValues(t, i, p.Value)
			}
			var now, before stat.Target
			require.Eventually(t, func() bool { // the account comes behind the reply
				now, before = (&view{s}).Targets()[0], (&view{s}).Targets()[1]
				return now.Delivered == 40 && now.MovedIn == before.MovedOut
			}, 10*time.Second, 10*time.Millisecond)
			require.True(t, now.Balanced(), now)
			require.True(t, before.Balanced(), before)
			require.Contains(t, []string{stat.StateLeaving, stat.StateGone}, before.State)
			s.Stop()
			s = relayIn(t, dir, durability, graph.Addr())
			s.Start()
			require.EqualValues(t, 40, (&view{s}).Targets()[0].Delivered)
			s.Stop()
			require.Len(t, graph.Points(), 40, "nothing is sent twice after a stop in order")
		})
	}
}

// A relay in memory mode leaves alone what one with a journal left in the data
// directory.
func TestMemoryModeKeepsThePlaces(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, away := t.TempDir(), "127.0.0.1:1"
	for _, durability := range []string{"journal", "memory", "journal", "memory"} {
		s := relayIn(t, dir, durability, away)
		s.Start()
		if durability == "journal" {
			push(t, s, int(s.sender.Targets()[0].Queued), 10)
		}
		s.Stop()
	}
	graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	defer graph.Close()
	s := relayIn(t, dir, "journal", graph.Addr())
	s.Start()
	defer s.Stop()
	require.Eventually(t, func() bool { return len(graph.Points()) == 20 }, 10*time.Second, 10*time.Millisecond)
	for i, p := range graph.Points() {
		require.EqualValues(t, i, p.Value)
	}
}

// A node that keeps up has ended when the call that removes it returns; one that does not
// answers for itself until its points have moved.
func TestRemovedNodeHasEnded(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, durability := range []string{"journal", "memory"} {
		graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
		require.NoError(t, err)
		s := relayIn(t, t.TempDir(), durability, graph.Addr())
		s.Start()
		api := &view{s}
		before := len(api.Units())
		require.NoError(t, api.AddNode("graph", "graph-01", []string{"127.0.0.1:1"}, false))
		push(t, s, 0, 10)
		require.Len(t, api.Units(), before+1)
		require.NoError(t, api.RemoveNode("graph", "graph-01", "", false))
		require.Len(t, api.Units(), before)
		require.Eventually(t, func() bool { return len(graph.Points()) == 10 }, 10*time.Second, 10*time.Millisecond)
		s.Stop()
		graph.Close()
	}
}
