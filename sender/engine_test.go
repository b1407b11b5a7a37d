package sender

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/sender/queue"
)

// P1, P3, P4, P5 against a backend that fails in every way at random, while many
// put: the ledger balances at every moment, each series arrives in order, and what
// is neither delivered nor counted as dropped is left.
func TestEngineUnderRandomFaults(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for run := range uint64(60) {
		t.Run(fmt.Sprintf("seed %d-%d", seed, run), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { engineRun(t, rand.New(rand.NewPCG(seed, run))) })
		})
	}
}

func engineRun(t *testing.T, random *rand.Rand) {
	const (
		writers = 4
		each    = 8 // series of a writer
	)
	peer := newChaos(rand.New(rand.NewPCG(random.Uint64(), 1)))
	peer.window = random.IntN(3) == 0
	peer.applies = !peer.window && random.IntN(3) == 0
	tiny, early := random.IntN(3) == 0, random.IntN(3) == 0
	section := &g.Backend{
		Name: "peer", Batch: 1 + random.IntN(50), MaxConns: 8, Lanes: 1 + random.IntN(4), QueueBytes: 1 << 24, MaxAge: time.Hour,
	}
	section.EjectAfter = 1 + random.IntN(4)
	section.ProbeInterval = time.Duration(random.IntN(3)) * 100 * time.Millisecond
	section.Balance = []string{g.BalanceSticky, g.BalanceRoundRobin, g.BalanceLeastInFlight}[random.IntN(3)]
	var rules Rules
	budget := int64(1 << 30)
	if tiny {
		section.QueueBytes = 1 << 16
		section.MaxAge = time.Duration(1+random.IntN(2000)) * time.Millisecond
		budget = 48 << 10
	}
	if peer.window {
		rules.Window = 1 << (10 + random.IntN(12))
	}
	if peer.applies {
		rules.Settle = 10 * time.Millisecond
	}
	addresses := []string{"a:1", "b:1", "c:1"}[:1+random.IntN(3)]
	if peer.applies {
		addresses = addresses[:1] // such a backend is no group
	}
	t.Logf("window %t, applies %t, tiny %t, early %t, %d lanes, %d addresses, batch %d, ejected after %d, probed after %s, %s",
		peer.window, peer.applies, tiny, early, section.Lanes, len(addresses), section.Batch,
		section.EjectAfter, section.ProbeInterval, section.Balance)
	s := newSender(budget, quiet())
	p := plan{Backend: peer, Rules: rules, group: addresses}
	c, err := newCluster(kind{name: "peer", build: func(*g.Backend, int) (plan, error) { return p, nil }}, section, 30, s.shared)
	require.NoError(t, err)
	s.use(c)
	tg := c.targets[0]
	tg.role.Load().hops.back = homecoming{after: 300 * time.Millisecond, pause: 100 * time.Millisecond, hold: 20 * time.Millisecond}
	s.Start()

	var done atomic.Bool
	var watching sync.WaitGroup
	watching.Go(func() {
		for !done.Load() {
			st := s.Targets()[0]
			if !st.Balanced() {
				t.Errorf("not balanced: %+v", st)
				return
			}
			time.Sleep(3 * time.Millisecond)
		}
	})
	var accepted atomic.Uint64
	var writing sync.WaitGroup
	for w := range writers {
		random := rand.New(rand.NewPCG(random.Uint64(), uint64(w)))
		writing.Go(func() {
			var next [each]int
			for range 150 {
				b := &queue.Block{Accepted: time.Now()}
				for range 1 + random.IntN(40) {
					i := random.IntN(each)
					next[i]++
					series := w*each + i
					b.Payload = fmt.Appendf(b.Payload, "%d %d", series, next[i])
					b.Close(uint32(series) * 0x9E3779B1)
				}
				accepted.Add(uint64(b.Len()))
				place(c, b)
				time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			}
		})
	}
	writing.Wait()
	if !early {
		peer.mu.Lock()
		peer.ill = false
		peer.mu.Unlock()
		for s.Targets()[0].Queued > 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(3000))*time.Millisecond)
	defer cancel()
	began := time.Now()
	left := s.Stop(ctx)
	require.LessOrEqual(t, time.Since(began), 3*time.Second)
	done.Store(true)
	watching.Wait()
	time.Sleep(time.Second) // what is still being applied

	peer.mu.Lock()
	defer peer.mu.Unlock()
	st := s.Targets()[0]
	require.True(t, st.Balanced(), "%+v", st)
	require.Equal(t, accepted.Load(), st.Accepted)
	require.Equal(t, left, st.Queued)
	arrived := uint64(len(peer.got))
	require.Zero(t, peer.late, "first arrivals out of order")
	require.GreaterOrEqual(t, arrived, st.Delivered, "delivered what never arrived")
	require.LessOrEqual(t, arrived, st.Accepted)
	require.LessOrEqual(t, peer.repeats, st.Resent, "points came again that were not counted as resent")
	require.LessOrEqual(t, st.Resent, peer.sent)
	require.GreaterOrEqual(t, st.Failed, st.Resent, "only what failed is sent again")
	require.False(t, peer.crowd, "two dials at a time to one address")
	require.Zero(t, tg.health.open.Load())
	if !tiny {
		require.Empty(t, st.Dropped)
		require.GreaterOrEqual(t, arrived+left, st.Accepted, "lost")
	}
	if !early && !tiny {
		require.Zero(t, left)
	}
}
