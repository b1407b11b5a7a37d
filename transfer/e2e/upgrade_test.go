package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// tenant is an agent that keeps its connection as long as that lasts, and sends what was
// not acknowledged again over the next one.
type tenant struct {
	name   string
	series int
	rounds atomic.Int64 // acknowledged
	dials  atomic.Int64
}

const tenantStart = 1_600_000_020

func (a *tenant) run(t *testing.T, address string, closing *atomic.Bool, stop <-chan struct{}) {
	for {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			if !closing.Load() {
				t.Errorf("a connection was refused: %v", err)
			}
			return
		}
		a.dials.Add(1)
		if a.converse(t, conn, stop) {
			return
		}
	}
}

// converse pushes rounds over one connection until that breaks or stop is closed, which
// it reports.
func (a *tenant) converse(t *testing.T, conn net.Conn, stop <-chan struct{}) (stopped bool) {
	defer func() { _ = conn.Close() }()
	replies := bufio.NewReader(conn)
	for {
		if _, err := conn.Write(a.request()); err != nil {
			return false
		}
		answer, err := replies.ReadString('\n')
		switch {
		case err != nil:
			return false
		case !strings.Contains(answer, fmt.Sprintf(`"Total":%d,"Invalid":0`, a.series)):
			t.Errorf("%s, round %d: %s", a.name, a.rounds.Load(), answer)
			return true
		}
		a.rounds.Add(1)
		select {
		case <-stop:
			return true
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (a *tenant) request() []byte {
	round := a.rounds.Load()
	b := []byte(`{"method":"Transfer.Update","id":1,"params":[[`)
	for i := range a.series {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"endpoint":%q,"metric":"m%d","value":%d,"step":60,"counterType":"GAUGE","timestamp":%d}`,
			a.name, i, round, tenantStart+60*round)
	}
	return append(b, "]]}"...)
}

// crowd is many tenants, somebody who only connects, and somebody who pushes by HTTP.
type crowd struct {
	tenants []*tenant
	dials   atomic.Int64
	pushes  atomic.Int64
	closing atomic.Bool // from now on they may be refused
	ends    []func()
}

// visit lets a crowd in. Nobody of it may be refused before closing.
func visit(t *testing.T, u *upgradable, tenants int) *crowd {
	t.Helper()
	c := &crowd{}
	for i := range tenants {
		a := &tenant{name: fmt.Sprintf("tenant-%d", i), series: 5}
		c.tenants = append(c.tenants, a)
		c.ends = append(c.ends, background(func(stop <-chan struct{}) { a.run(t, u.rpc, &c.closing, stop) }))
	}
	ports := []string{u.rpc, u.http, u.socket}
	c.ends = append(c.ends, background(func(stop <-chan struct{}) {
		repeat(stop, time.Millisecond, func() {
			conn, err := net.Dial("tcp", ports[c.dials.Add(1)%3])
			switch {
			case err == nil:
				_ = conn.Close()
			case !c.closing.Load():
				t.Errorf("a connection was refused: %v", err)
			}
		})
	}), background(func(stop <-chan struct{}) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		repeat(stop, 5*time.Millisecond, func() {
			n := c.pushes.Load()
			body := fmt.Sprintf(`[{"endpoint":"web","metric":"m","value":%d,"step":60,"counterType":"GAUGE","timestamp":%d}]`, n, tenantStart+60*n)
			reply, err := client.Post("http://"+u.http+"/api/push", "application/json", strings.NewReader(body))
			if err != nil {
				return // it was not acknowledged, and is sent again
			}
			_ = reply.Body.Close()
			if reply.StatusCode != http.StatusOK {
				t.Errorf("a push was refused: %s", reply.Status)
				return
			}
			c.pushes.Add(1)
		})
	}))
	t.Cleanup(c.leave)
	return c
}

// repeat calls f again and again until stop is closed.
func repeat(stop <-chan struct{}, pause time.Duration, f func()) {
	for {
		f()
		select {
		case <-stop:
			return
		case <-time.After(pause):
		}
	}
}

func (c *crowd) leave() {
	for _, end := range c.ends {
		end()
	}
}

// flows waits until everybody has got something in since now.
func (c *crowd) flows(t *testing.T) {
	t.Helper()
	var before []int64
	for _, a := range c.tenants {
		before = append(before, a.rounds.Load())
	}
	pushes := c.pushes.Load()
	eventually(t, "points get in", 20*time.Second, func() bool {
		for i, a := range c.tenants {
			if a.rounds.Load() < before[i]+2 {
				return false
			}
		}
		return c.pushes.Load() >= pushes+2
	})
}

// requireDelivered holds the site to have all that was acknowledged, in order.
func (c *crowd) requireDelivered(t *testing.T, s *site) {
	t.Helper()
	got := make(map[arrival]bool)
	each(s.graphs, func(node string, graph *sink.Sink) {
		for _, p := range graph.Points() {
			got[arrival{p.Key(), p.Timestamp, p.Value}] = true
		}
		require.Zero(t, graph.Counts().Late, "order at %s", node)
	})
	points := 0
	check := func(key string, round int64) {
		a := arrival{key, tenantStart + 60*round, float64(round)}
		require.True(t, got[a], "%+v was acknowledged and is lost", a)
		points++
	}
	for _, a := range c.tenants {
		for round := range a.rounds.Load() {
			for i := range a.series {
				check(fmt.Sprintf("%s/m%d", a.name, i), round)
			}
		}
	}
	for round := range c.pushes.Load() {
		check("web/m", round)
	}
	require.Positive(t, points)
	t.Logf("%d points, %d connections", points, c.dials.Load())
}

// graphSite is a site of graphs alone, each point at one address.
func graphSite(t *testing.T) *site {
	t.Helper()
	return &site{graphs: map[string][]*sink.Sink{"graph-00": {newSink(t, "graph")}, "graph-01": {newSink(t, "graph")}}}
}

func (s *site) graphSections() section {
	return section{"graph": section{"enabled": true, "replicas": 500, "cluster": addresses(s.graphs), "callTimeout": 1000}}
}

// Three upgrades in a row: nobody is refused, nothing acknowledged is lost, one process
// is left, and it holds no more than the first.
func TestUpgradeUnderLoad(t *testing.T) {
	s := graphSite(t)
	pids := filepath.Join(t.TempDir(), "pid")
	u := startUpgradable(t, s.graphSections(), "--pid-file", pids)
	require.Equal(t, u.first.Process.Pid, u.process(t))
	c := visit(t, u, 50)
	c.flows(t)
	before := descriptors(t, u.process(t))
	for range 3 {
		u.install(t, binary)
		is := u.mustUpgrade(t)
		text, err := os.ReadFile(pids)
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(is)+"\n", string(text))
		c.flows(t)
	}
	for _, a := range c.tenants {
		require.LessOrEqual(t, a.dials.Load(), int64(1+3+2), "each upgrade closes a connection once")
	}
	require.LessOrEqual(t, descriptors(t, u.process(t)), before+30)
	c.leave()
	u.drained(t)
	u.end(t)
	c.requireDelivered(t, s)
	require.NoFileExists(t, pids)
}

// A new program that cannot run leaves the old process as it is.
func TestUpgradeThatFails(t *testing.T) {
	s := graphSite(t)
	u := startUpgradable(t, s.graphSections())
	c := visit(t, u, 5)
	good, err := os.ReadFile(u.config)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		program string // a script; empty: the relay
		config  string // empty: a good one
		says    string
	}{
		"a program that ends at once": {program: "#!/bin/sh\nexit 7\n", says: "exit status 7"},
		"a program that ends well":    {program: "#!/bin/sh\nexit 0\n", says: "it ended without taking over"},
		"no program":                  {program: "nonsense", says: "exec format error"},
		"a configuration with a mistake": {config: `{"graph": {"enabled": true, "cluster": {"graph-00": "no-port"}}}`,
			says: "graph.cluster.graph-00"},
		"half a configuration":   {config: string(good[:len(good)/2]), says: "cfg.json"},
		"another data directory": {config: strings.Replace(string(good), `/data"`, `/other"`, 1), says: "dataDir: cannot change"},
		"a port in use":          {config: strings.Replace(string(good), `"socket":{"enabled":true,"listen":"127.0.0.1:0"`, fmt.Sprintf(`"socket":{"enabled":true,"listen":%q`, s.graphs["graph-00"][0].Addr()), 1), says: "socket.listen: cannot bind the port"},
	} {
		t.Run(name, func(t *testing.T) {
			was, fds := u.process(t), descriptors(t, u.process(t))
			if test.program != "" {
				u.installText(t, []byte(test.program))
				defer u.install(t, binary)
			}
			if test.config != "" {
				require.NoError(t, os.WriteFile(u.config, []byte(test.config), 0o600))
				defer func() { require.NoError(t, os.WriteFile(u.config, good, 0o600)) }()
			}
			text, code := u.upgrade(t)
			require.Equal(t, 1, code, text)
			require.Contains(t, text, test.says)
			require.Contains(t, text, fmt.Sprintf("process %d goes on", was))
			require.Equal(t, was, u.process(t))
			require.Len(t, u.processes(t), 1)
			require.LessOrEqual(t, descriptors(t, was), fds+10)
			c.flows(t)
		})
	}
	for _, a := range c.tenants {
		require.EqualValues(t, 1, a.dials.Load(), "no connection was broken")
	}
	u.mustUpgrade(t)
	c.flows(t)
	c.leave()
	u.drained(t)
	u.end(t)
	c.requireDelivered(t, s)
}
