package pipeline

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/ring"
)

// crashSite is a cluster of judges.
func crashSite(nodes ...g.Node) *g.Backend {
	return &g.Backend{
		Name: "judge", Batch: 20, ConnTimeout: time.Second, CallTimeout: time.Second, MaxConns: 4, Lanes: 2,
		Hash: "crc32", Nodes: nodes, QueueBytes: 64 << 10, SpoolBytes: 1 << 30, MaxAge: time.Hour,
	}
}

// A relay that is killed again and again, while backends fail: every acknowledged point
// arrives at each address of its node, those of a series in order.
func TestCrashLosesNothingAcknowledged(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { crashes(t, seed, false) })
	}
}

// So it is when the ring changes between two processes, but for the place: each point
// arrives somewhere.
func TestCrashWhileTheRingChanges(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { crashes(t, seed, true) })
	}
}

func crashes(t *testing.T, seed uint64, changes bool) {
	const clients, lives, series = 3, 8, 20
	random := rand.New(rand.NewPCG(seed, 9))
	var judges []*Judge
	var addresses []string
	for range 4 {
		j := &Judge{random: rand.New(rand.NewPCG(random.Uint64(), 1)), ill: true, first: map[string][]int{}, seen: map[string]bool{}}
		judges = append(judges, j)
		addresses = append(addresses, serveJudge(t, j))
	}
	nodes := []g.Node{{Name: "judge-00", Addresses: addresses[:2]}, {Name: "judge-01", Addresses: addresses[2:3]}}
	others := [][]g.Node{
		{{Name: "judge-00", Addresses: addresses[:1]}, {Name: "judge-02", Addresses: addresses[3:]}},
		{{Name: "judge-00", Addresses: addresses[1:3]}},
		{{Name: "judge-00", Addresses: addresses[:1]}, {Name: "judge-01", Addresses: addresses[1:2]}, {Name: "judge-02", Addresses: addresses[3:]}},
	}
	dir := t.TempDir()
	var left kept
	acknowledged := make([]map[string][]int, clients)
	for i := range acknowledged {
		acknowledged[i] = map[string][]int{}
	}
	for life := range lives {
		site := crashSite(nodes...)
		if changes && life > 0 {
			site = crashSite(others[random.IntN(len(others))]...)
		}
		r := boot(t, dir, site, left)
		var pushing sync.WaitGroup
		for client := range clients {
			random := rand.New(rand.NewPCG(random.Uint64(), 3))
			pushing.Go(func() {
				for n := life * 100_000; ; {
					b := &metric.Batch{}
					for range 1 + random.IntN(60) {
						n++
						p := good()
						p.Metric, p.RawTags, p.Value = fmt.Sprintf("c%d.s%d", client, n%series), "", float64(n)
						b.Points = append(b.Points, p)
					}
					if _, err := r.inlet.Accept(b); err != nil {
						return // it is dead
					}
					for _, p := range b.Points {
						acknowledged[client][p.Metric] = append(acknowledged[client][p.Metric], int(p.Value))
					}
					time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
				}
			})
		}
		if random.IntN(3) == 0 { // before what was replayed is out
			time.Sleep(time.Duration(2+random.IntN(8)) * time.Millisecond)
		} else {
			time.Sleep(time.Duration(20+random.IntN(60)) * time.Millisecond)
		}
		if random.IntN(2) == 0 {
			last, _ := r.journal.Bounds()
			r.sender.Unburden(last)
			time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
		}
		left = r.crash()
		pushing.Wait()
	}
	for _, j := range judges {
		j.be(false)
	}
	if changes { // each target that there ever was: what it did not get lies in its spool
		nodes = []g.Node{
			{Name: "judge-00", Addresses: addresses[:3]}, {Name: "judge-01", Addresses: addresses[1:3]}, {Name: "judge-02", Addresses: addresses[3:]},
		}
	}
	r := boot(t, dir, crashSite(nodes...), left)
	require.Eventually(t, func() bool { return r.queued() == 0 }, 30*time.Second, 5*time.Millisecond)
	r.crash()

	owners, err := ring.New([]string{"judge-00", "judge-01"}, 500, ring.CRC32)
	require.NoError(t, err)
	total := 0
	for _, of := range acknowledged {
		for name, values := range of {
			total += len(values)
			if changes {
				requireArrived(t, judges, name, values)
				continue
			}
			at := judges[:2]
			if owners.Node(ring.CRC32.Sum(good().Endpoint+"/"+name)) == 1 {
				at = judges[2:3]
			}
			for _, j := range at {
				require.IsIncreasing(t, append([]int{-1}, j.first[name]...), name)
				require.Subset(t, j.first[name], values, name)
			}
		}
	}
	require.NotZero(t, total)
	t.Logf("%d points", total)
}

// requireArrived requires each value to have arrived at some judge.
func requireArrived(t *testing.T, judges []*Judge, name string, values []int) {
	t.Helper()
	for _, v := range values {
		found := false
		for _, j := range judges {
			found = found || j.seen[fmt.Sprint(name, " ", v)]
		}
		require.True(t, found, "%s %d", name, v)
	}
}
