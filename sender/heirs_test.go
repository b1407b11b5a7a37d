package sender

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/servertest"
)

// Three relays are killed, stopped, cut off from Redis and started again, while nodes go
// and come back, and adopt what they leave each other. Each series comes through one relay;
// all of its points arrive, in order.
func TestHeirsOfEachOther(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 5))
	server := servertest.StartRedis(t)
	var heirs []*heir
	var elder *heir
	for _, name := range []string{"A", "B", "C"} {
		h := newHeir(t, name, server, ringOfThree(), elder)
		h.section.Lanes = 2
		h.narrow()
		h.start(t)
		heirs, elder = append(heirs, h), h
	}
	elder.site.set(true, "a:1", "b:1", "c:1")
	adoptions := 0
	adopt := func(h *heir) {
		if h.tryAdopt(t) != nil {
			adoptions++
		}
	}
	running := func(h *heir) bool { return h.sender != nil }
	all := func() bool { return !slices.ContainsFunc(heirs, func(h *heir) bool { return !running(h) }) }
	for step := 0; step < 60 || adoptions < 2 && step < 400; step++ {
		i := random.IntN(len(heirs))
		h := heirs[i]
		switch chance := random.IntN(20); {
		case chance < 2 && all():
			if chance == 0 {
				h.die(t)
			} else {
				h.stop(t, false)
				h.leave()
			}
			h.sender = nil
		case chance == 2 && !running(h):
			h.connect(t)
			h.start(t)
		case chance < 5 || h.apart.is.Load():
			h.apart.is.Store(!h.apart.is.Load())
		case chance < 8:
			h.site.set(chance > 5, fmt.Sprintf("%c:1", 'a'+random.IntN(3)))
		case running(h):
			var some []int
			for range 1 + random.IntN(300) {
				some = append(some, i+len(heirs)*(1+random.IntN(50)))
			}
			h.put(some...)
			if chance < 17 {
				h.sender.Unburden(h.last + 1)
			}
		}
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		for _, h := range heirs {
			if running(h) {
				h.keep(t)
				adopt(h)
			}
		}
	}
	elder.site.set(false, "a:1", "b:1", "c:1")
	for _, h := range heirs {
		h.apart.is.Store(false)
		if !running(h) {
			h.connect(t)
			h.start(t)
		}
	}
	require.Eventually(t, func() bool {
		over := true
		for _, h := range heirs {
			h.keep(t)
			adopt(h)
			over = h.drained() && h.inRedis(t) == 0 && over
		}
		return over
	}, 60*time.Second, 20*time.Millisecond)
	for _, h := range heirs {
		h.killed = true
		h.verify(t)
		h.stop(t, false)
	}
	require.Positive(t, adoptions)
	t.Logf("%d adoptions, %d points came twice", adoptions, elder.repeated())
}
