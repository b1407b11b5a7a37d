package e2e

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// While a new program hangs the old process goes on, and stops when it is told to.
func TestUpgradeThatHangsIsCancelledByAStop(t *testing.T) {
	s := graphSite(t)
	u := startUpgradable(t, s.graphSections())
	c := visit(t, u, 5)
	// What it starts holds the listeners, too.
	u.installText(t, []byte("#!/bin/sh\nsh -c 'sleep 600; true' \"$0\"\ntrue\n"))
	require.NoError(t, syscall.Kill(u.process(t), syscall.SIGUSR2))
	eventually(t, "it runs", 10*time.Second, func() bool { return len(u.processes(t)) > 1 })
	c.flows(t)
	text, code := u.upgrade(t)
	require.Equal(t, 1, code, text)
	require.Contains(t, text, "an upgrade is under way")
	c.leave()
	u.drained(t)
	u.end(t)
	c.requireDelivered(t, s)
}

// takesOver is a program that says that it could run, waits until it may, and then does
// what the test wants.
func takesOver(then string) []byte {
	return []byte("#!/bin/sh\nread estate <&3\necho validated >&3\nread word <&3\ntest \"$word\" = released || exit 9\n" + then + "\n")
}

// A new program that fails with everything in its hands gives it back: the old process
// goes on where it was, and nobody is refused meanwhile.
func TestUpgradeGoesBack(t *testing.T) {
	for name, test := range map[string]struct{ then, says string }{
		"it dies":        {"kill -9 $$", "signal: killed"},
		"it says why":    {"echo 'failed no more disk' >&3; exit 1", "no more disk"},
		"it says wrongs": {"echo what >&3; sleep 600", `it says "what" instead of "accepting"`},
		"it hangs":       {"sleep 600", "it says nothing for 15s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := graphSite(t)
			u := startUpgradable(t, s.graphSections())
			c := visit(t, u, 5)
			was := u.process(t)
			u.installText(t, takesOver(test.then))
			for range 2 {
				text, code := u.upgrade(t)
				require.Equal(t, 1, code, text)
				require.Contains(t, text, test.says)
				require.Equal(t, was, u.process(t))
				require.Len(t, u.processes(t), 1)
				c.flows(t)
				if strings.HasPrefix(test.then, "sleep") {
					break // which takes long
				}
			}
			u.install(t, binary)
			u.mustUpgrade(t)
			c.flows(t)
			c.leave()
			u.drained(t)
			u.end(t)
			c.requireDelivered(t, s)
		})
	}
}

// A stop that comes while the new program has everything in its hands: both end, and
// what was acknowledged waits for the next start.
func TestStopAmidTheHandOver(t *testing.T) {
	s := graphSite(t)
	cfg := withPorts(t, s.graphSections())
	u := startUpgradable(t, cfg)
	c := visit(t, u, 5)
	c.flows(t)
	u.installText(t, takesOver("echo it has it; sleep 600"))
	require.NoError(t, syscall.Kill(u.first.Process.Pid, syscall.SIGUSR2))
	eventually(t, "it has it", 10*time.Second, func() bool { return strings.Contains(u.says(t), "it has it") })
	c.closing.Store(true)
	require.NoError(t, syscall.Kill(u.first.Process.Pid, syscall.SIGTERM))
	eventually(t, "both have ended", 10*time.Second, func() bool { return len(u.processes(t)) == 0 })
	c.leave()
	<-u.exited
	require.NoError(t, u.err)
	again := startRelay(t, cfg)
	again.drained(t)
	again.stop(t)
	c.requireDelivered(t, s)
}

// Backends that hang delay the hand-over by no more than a second; what waits for them
// goes on waiting. In memory mode it is delivered first, as far as a stop would.
func TestUpgradeWithHungBackends(t *testing.T) {
	for _, durability := range []string{"journal", "memory"} {
		t.Run(durability, func(t *testing.T) {
			s := graphSite(t)
			cfg := s.graphSections()
			cfg["durability"] = durability
			u := startUpgradable(t, cfg)
			c := visit(t, u, 5)
			c.flows(t)
			if durability == "journal" {
				each(s.graphs, func(_ string, g *sink.Sink) { require.NoError(t, g.SetFault(sink.Fault{Mode: sink.Freeze})) })
			}
			c.flows(t)
			u.mustUpgrade(t)
			c.flows(t)
			each(s.graphs, func(_ string, g *sink.Sink) { require.NoError(t, g.SetFault(sink.Fault{})) })
			c.leave()
			u.drained(t)
			u.end(t)
			c.requireDelivered(t, s)
		})
	}
}

// A configuration that is another one meanwhile holds from the upgrade on: listeners
// come and go.
func TestUpgradeTakesTheConfigurationOfNow(t *testing.T) {
	s := graphSite(t)
	cfg := withPorts(t, s.graphSections())
	cfg["socket"] = section{"enabled": true, "listen": "127.0.0.2:0"}
	u := startUpgradable(t, cfg)
	text, err := os.ReadFile(u.config)
	require.NoError(t, err)
	gone := u.socket
	changed := strings.Replace(string(text), `"127.0.0.2:0"`, `"127.0.0.3:0"`, 1)
	require.NotEqual(t, string(text), changed)
	require.NoError(t, os.WriteFile(u.config, []byte(changed), 0o600))
	u.mustUpgrade(t)
	said := strings.Split(strings.TrimSpace(u.says(t)), "socket=")
	u.socket, _, _ = strings.Cut(said[len(said)-1], "\n")
	require.Contains(t, u.socket, "127.0.0.3:")
	for address, listens := range map[string]bool{gone: false, u.socket: true, u.rpc: true} {
		conn, err := net.Dial("tcp", address)
		require.Equal(t, listens, err == nil, address)
		if err == nil {
			require.NoError(t, conn.Close())
		}
	}
	u.end(t)
}
