package sender

import (
	"context"
	"fmt"
	"net"
	"net/rpc"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/queue"
	"transfer/sender/ring"
	"transfer/sender/servertest"
	"transfer/sender/spool"
)

// judgeServer is a judge on a stock net/rpc server that goes and comes back at the same
// port.
type judgeServer struct {
	Receiver[JudgeItem]
	address string
	server  *rpc.Server

	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
	running  sync.WaitGroup
}

func newJudgeServer(t *testing.T) *judgeServer {
	j := &judgeServer{server: rpc.NewServer(), address: servertest.OwnAddress(t)}
	require.NoError(t, j.server.RegisterName("Judge", &j.Receiver))
	j.come(t)
	t.Cleanup(j.goAway)
	return j
}

// come listens.
func (j *judgeServer) come(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", j.address)
	require.NoError(t, err)
	j.listener, j.address = l, l.Addr().String()
	j.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			j.mu.Lock()
			j.open = append(j.open, c)
			j.mu.Unlock()
			j.running.Go(func() { j.server.ServeConn(c) })
		}
	})
}

// goAway ends the listener and all connections.
func (j *judgeServer) goAway() {
	_ = j.listener.Close()
	j.mu.Lock()
	for _, c := range j.open {
		_ = c.Close()
	}
	j.open = nil
	j.mu.Unlock()
	j.running.Wait()
}

// got returns the values that came of each series, in order.
func (j *judgeServer) got() map[string][]float64 {
	got := make(map[string][]float64)
	for _, item := range j.answer(nil) {
		got[item.Endpoint] = append(got[item.Endpoint], item.Value)
	}
	return got
}

// A judge goes and comes back, over real sockets: the others have its points meanwhile,
// and each judge has those of a series in order.
func TestJudgesStandInForEachOther(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	judges := []*judgeServer{newJudgeServer(t), newJudgeServer(t), newJudgeServer(t)}
	section := section("judge", "")
	section.Hash, section.Replicas, section.Batch, section.MaxConns, section.Lanes = "crc32", 500, 200, 8, 1
	section.QueueBytes, section.SpoolBytes, section.MaxAge = 4<<20, 1<<30, time.Hour
	section.OnDown, section.EjectAfter, section.ProbeInterval = "failover", 2, 100*time.Millisecond
	section.Nodes = nil
	for i, j := range judges {
		section.Nodes = append(section.Nodes, g.Node{Name: fmt.Sprintf("judge-%02d", i), Addresses: []string{j.address}})
	}
	spools, err := spool.Open(t.TempDir(), spool.Options{})
	require.NoError(t, err)
	s := newSender(1<<30, quiet())
	s.shared.homeGood = 200 * time.Millisecond
	require.NoError(t, s.build(&g.Config{Backends: []*g.Backend{section}, MinStep: 30, MemoryLimit: 1 << 30}, Storage{Spools: spools}))
	s.Start()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.Zero(t, s.Stop(ctx))
		require.NoError(t, s.Close())
	}()

	const series = 60
	round := 0
	put := func() {
		round++
		b := &queue.Block{Accepted: time.Now()}
		for i := range series {
			p := metric.Point{Endpoint: fmt.Sprint("host-", i), Metric: "load", Value: float64(round), Timestamp: int64(60 * round), Step: 60}
			b.Payload = append(b.Payload, itemOf(s.Clusters()[0], &p)...)
			b.Close(ring.CRC32.Sum(p.Endpoint))
		}
		place(s.Clusters()[0], b)
	}
	settled := func(what string, condition func() bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			put()
			st := s.State(0)
			require.NoError(t, s.SyncSpools())
			s.Stored(st)
			return condition()
		}, 30*time.Second, 20*time.Millisecond, what)
	}
	c := s.Clusters()[0]
	settled("all judges get points", func() bool {
		for _, j := range judges {
			if len(j.got()) == 0 {
				return false
			}
		}
		return true
	})
	own := judges[1].got()
	judges[1].goAway()
	settled("others stand in", func() bool { return len(c.standIns()) == 2 })
	before := round
	settled("they have its points", func() bool {
		newest := 0.0
		for _, j := range []*judgeServer{judges[0], judges[2]} {
			for endpoint, values := range j.got() {
				if own[endpoint] != nil {
					newest = max(newest, values[len(values)-1])
				}
			}
		}
		return newest > float64(before)
	})
	judges[1].come(t)
	settled("the stand-ins are gone", func() bool { return reliefOf(c.nodes[1]) == nil && len(s.leaving()) == 0 })
	put()
	require.Eventually(t, func() bool {
		for _, row := range s.Targets() {
			if row.Queued > 0 {
				return false
			}
		}
		return true
	}, 30*time.Second, 10*time.Millisecond)

	have := make(map[string]map[float64]bool)
	for _, j := range judges {
		for endpoint, values := range j.got() {
			seen := make(map[float64]bool) // a call whose reply was lost is sent again
			newest := 0.0
			for _, v := range values {
				require.True(t, v > newest || seen[v], "%s: %v", endpoint, values)
				newest, seen[v] = max(newest, v), true
				if have[endpoint] == nil {
					have[endpoint] = make(map[float64]bool)
				}
				have[endpoint][v] = true
			}
		}
	}
	for i := range series {
		require.Len(t, have[fmt.Sprint("host-", i)], round)
	}
	for endpoint := range own {
		values := judges[1].got()[endpoint]
		require.Equal(t, float64(round), values[len(values)-1], "it has its series again")
	}
	for _, row := range s.Targets() {
		require.True(t, row.Balanced(), row)
	}
}
