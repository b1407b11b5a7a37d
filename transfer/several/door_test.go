package several

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// door is the way of one relay to Redis, which can be shut.
type door struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	shut  bool
	conns []net.Conn
	work  sync.WaitGroup
}

// newDoor opens a way to an address, until the test's end.
func newDoor(t *testing.T, to string) *door {
	t.Helper()
	l, err := net.Listen("tcp", suite.FreeAddress())
	require.NoError(t, err)
	d := &door{listener: l, to: to}
	d.work.Go(d.serve)
	t.Cleanup(func() {
		_ = l.Close()
		d.setShut(true)
		d.work.Wait()
	})
	return d
}

func (d *door) serve() {
	for {
		in, err := d.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", d.to)
		if err != nil || !d.admit(in, out) {
			_ = in.Close()
			continue
		}
		for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
			d.work.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				_ = way[0].Close()
				_ = way[1].Close()
			})
		}
	}
}

// admit keeps both ends of a connection, if the door is open.
func (d *door) admit(in, out net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		_ = out.Close()
		return false
	}
	d.conns = append(d.conns, in, out)
	return true
}

// setShut shuts the door, which ends all connections, or opens it.
func (d *door) setShut(shut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = shut
	for _, c := range d.conns {
		_ = c.Close()
	}
	d.conns = nil
}

// The network parts a relay from Redis and from nobody else: another one delivers its
// backlog, while it goes on with what is new, and waits for the other one.
func TestRelayIsCutOffFromRedis(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "a relay is cut off from Redis", Injected: "one relay does not reach Redis for 30 s (7 s in the short form), while a graph is down, then up",
		Expected: "another relay delivers its backlog, its own newer points wait for that, nothing lost",
	}, overflowing)
	way := newDoor(t, f.redis.Address)
	f.Relays[0].Config["redis"].(trial.Section)["addrs"] = []string{way.listener.Addr().String()}
	load := usual()
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	way.setShut(true)
	f.killed(load) // what it had in flight may be sent by another one, too
	f.overlap = load.Rate
	time.Sleep(either(3*time.Second, 15*time.Second))
	f.fail(trial.Well(), f.graphs[3])
	f.drained(0, adoptTime())
	time.Sleep(either(3*time.Second, 15*time.Second))
	require.Positive(t, f.booksOfOthers(0).Totals.MovedIn, "nobody has adopted")
	way.setShut(false)
	f.Flows()
	f.undisturbed()
	f.settled()
}
