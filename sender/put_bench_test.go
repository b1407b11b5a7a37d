package sender

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"transfer/g"
	"transfer/sender/queue"
)

// putRequest is what the pipeline has for a cluster of 200 points: one Block, and the
// items of each slot in one of its own where these are few.
type putRequest struct {
	whole *queue.Block
	slots []int32
	apart []*queue.Block
}

func (r *putRequest) put(c *Cluster) {
	if r.apart == nil {
		c.Put(r.whole, r.slots)
	}
	for slot, b := range r.apart {
		c.PutSlot(b, slot)
	}
}

// putCluster returns a cluster of so many nodes whose lanes nobody runs, and the requests
// that are put into it again and again; 0 nodes: a group.
func putCluster(t testing.TB, nodes, lanes int) (*Cluster, []*putRequest) {
	t.Helper()
	section := &g.Backend{Name: "peer", Hash: "crc32", Batch: 200, MaxConns: 32, Lanes: lanes, QueueBytes: 16 << 20, MaxAge: time.Hour}
	p := plan{Backend: &peer{}}
	if nodes == 0 {
		p.group = []string{"a:1"}
	}
	for i := range nodes {
		section.Nodes = append(section.Nodes, g.Node{Name: fmt.Sprintf("peer-%03d", i), Addresses: []string{"a:1"}})
	}
	s := newSender(1<<30, quiet())
	k := kind{name: "peer", build: func(*g.Backend, int) (plan, error) { return p, nil }}
	c, err := newCluster(k, section, 30, s.shared)
	require.NoError(t, err)

	random := rand.New(rand.NewPCG(1, 2))
	requests := make([]*putRequest, 8)
	for n := range requests {
		r := &putRequest{whole: &queue.Block{Accepted: time.Now()}}
		for range c.FewSlots() {
			r.apart = append(r.apart, &queue.Block{Accepted: r.whole.Accepted})
		}
		for i := range 200 {
			r.whole.Payload = append(r.whole.Payload, make([]byte, 85+random.IntN(30))...)
			hash := random.Uint32()
			r.whole.Close(hash)
			slot := c.Slot(hash)
			r.slots = append(r.slots, slot)
			if r.apart != nil {
				r.apart[slot].Take(r.whole, i)
			}
		}
		requests[n] = r
	}
	return c, requests
}

// deliverAll empties the queues as a backend would that answers at once.
func deliverAll(c *Cluster, now time.Time) {
	for _, t := range c.targets {
		for _, l := range t.queue.Lanes() {
			for b, _ := l.Take(now, 0); b != nil; b, _ = l.Take(now, 0) {
				l.Delivered(1, 0, now)
			}
		}
	}
}

// cpuTime returns what the process has used of the processors so far: other than the
// time that passed it says the same on a busy machine.
func cpuTime(b *testing.B) time.Duration {
	var usage unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkPut(b *testing.B) {
	for _, test := range []struct {
		name         string
		nodes, lanes int
	}{{"group", 0, 1}, {"group of 16 lanes", 0, 16}, {"3 nodes", 3, 1}, {"20 nodes", 20, 1}, {"100 nodes", 100, 1}} {
		b.Run(test.name, func(b *testing.B) {
			c, requests := putCluster(b, test.nodes, test.lanes)
			now := time.Now()
			each := max(len(c.targets), test.lanes) // requests until the lanes have about a batch
			i := 0
			b.ReportAllocs()
			began := cpuTime(b)
			for b.Loop() {
				requests[i%len(requests)].put(c)
				if i++; i%each == 0 {
					deliverAll(c, now)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N)/200, "cpu-ns/item")
		})
	}
}

// BenchmarkPutMany is what a point costs that goes to two backends of 100 nodes, as it is
// under load: two processors put by turns, and the Blocks get large before they leave.
func BenchmarkPutMany(b *testing.B) {
	const nodes, turn = 100, 5 // requests until a lane has its 1,000 points
	var clusters [2]*Cluster
	var requests [2][]*putRequest
	for i := range clusters {
		clusters[i], requests[i] = putCluster(b, nodes, 1)
	}
	now := time.Now()
	var puts, leaves atomic.Int64
	began := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		sent := make([]byte, 0, 1<<20)
		for pb.Next() {
			n := puts.Add(1)
			for i, c := range clusters {
				requests[i][n%8].put(c)
			}
			if n%turn > 0 {
				continue
			}
			lane := leaves.Add(1) % nodes
			for _, c := range clusters {
				l := c.targets[lane].queue.Lanes()[0]
				for block, _ := l.Take(now, 1); block != nil; block, _ = l.Take(now, 1) {
					sent = append(sent[:0], block.Payload...)
					l.Delivered(1, 0, now)
				}
			}
		}
	})
	b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N)/200, "cpu-ns/point")
}
