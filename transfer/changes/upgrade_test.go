package changes

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// Three upgrades in a row under load, with 50 clients that keep their connections and
// one that only connects.
func TestUpgrades(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := trial.NewStage(t, trial.Case{
		Name: "upgrades", Injected: "three upgrades, 5 s apart (1 s in the short form), 50 long connections and somebody who only connects",
		Expected: "no connection refused, nothing acknowledged lost, one process at the end",
	}, c.Site, nil)
	s.Crashed = true // what lies unread in a connection that the old process closes was never accepted
	s.Relay.Start()
	load := usual()
	load.Clients = 50
	s.Play(load)
	s.Flows()
	door := knock(t, s.Relay.Ports.Load())
	var slowest time.Duration
	const times = 3
	for range times {
		slowest = max(slowest, s.Relay.Upgrade())
		s.Flows()
		time.Sleep(either(time.Second, 5*time.Second))
	}
	door.leave()
	door.requireOpen(t)
	requireOneProcess(s)
	s.EndClients()
	s.Allowed.Duplicates = times * load.Rate
	s.Note("%d connections, none refused, the slowest upgrade took %s", door.tried.Load(), slowest.Round(time.Millisecond))
	s.Finish()
}

// Programs that fail leave the old process as it is.
func TestUpgradeToProgramsThatFail(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := trial.NewStage(t, trial.Case{
		Name: "failing upgrades", Injected: "upgrades to a program that ends at once, one that is none, and one that ends by a signal; then to a good one",
		Expected: "the old process goes on, no connection is broken",
	}, c.Site, nil)
	program := filepath.Join(t.TempDir(), "transfer")
	good, err := os.ReadFile(s.Relay.Binary)
	require.NoError(t, err)
	install(t, program, good)
	s.Relay.Binary = program
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000})
	s.Flows()
	door := knock(t, s.Relay.Ports.Load())
	was := s.Relay.Now.PID()
	for _, bad := range []string{"#!/bin/sh\nexit 3\n", "this is no program", "#!/bin/sh\nkill -9 $$\n"} {
		install(t, program, []byte(bad))
		s.Relay.Now.Signal(syscall.SIGUSR2)
		time.Sleep(500 * time.Millisecond)
		s.Flows()
		requireOneProcess(s)
		require.Equal(t, was, s.Relay.Now.PID())
	}
	undisturbed(s)
	install(t, program, good)
	s.Relay.Upgrade()
	requireOneProcess(s)
	door.leave()
	door.requireOpen(t)
	s.Finish()
}

// requireOneProcess waits until the relay has one process, the one that is known.
func requireOneProcess(s *trial.Stage) {
	s.T.Helper()
	trial.Eventually(s.T, 5*time.Second, "there is not one process", func() bool { return len(s.Relay.Processes()) == 1 })
	require.Equal(s.T, []int{s.Relay.Now.PID()}, s.Relay.Processes())
}

// install puts a program at a path in one step.
func install(t *testing.T, path string, program []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".next", program, 0o700))
	require.NoError(t, os.Rename(path+".next", path))
}

// knocker connects to each port of a relay again and again.
type knocker struct {
	tried   atomic.Int64
	refused atomic.Pointer[error] // the last one; nil: none was
	leave   func()
}

// knock lets a knocker in.
func knock(t *testing.T, ports *trial.Ports) *knocker {
	t.Helper()
	k := &knocker{}
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			for _, address := range []string{ports.RPC, ports.HTTP, ports.Socket} {
				k.once(address)
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	k.leave = sync.OnceFunc(func() { close(stop); running.Wait() })
	t.Cleanup(k.leave)
	return k
}

func (k *knocker) once(address string) {
	k.tried.Add(1)
	conn, err := net.DialTimeout("tcp", address, 30*time.Second)
	if err != nil {
		k.refused.Store(&err)
		return
	}
	_ = conn.Close()
}

// requireOpen requires that no connection was refused.
func (k *knocker) requireOpen(t *testing.T) {
	t.Helper()
	if err := k.refused.Load(); err != nil {
		require.NoError(t, *err, "of %d connections", k.tried.Load())
	}
}
