package sender

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/stat"
)

// One of three next hops refuses, then hangs: all points arrive, in order, by the
// others, and the lanes come back once it is well again.
func TestNextHopFailsAndComesBack(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	b := newHopBed(t, func(*g.Backend) {})
	b.feed()
	first := b.servers[0]
	b.waitFor(stat.AddressUp, 2, 2, 2)
	for _, trouble := range []struct{ begin, end func() }{
		{first.refuse, first.listen}, {first.hang, first.resume},
	} {
		trouble.begin()
		b.waitFor(stat.AddressDown, 0, 3, 3)
		require.NotEmpty(t, b.addresses()[0].Error)
		require.GreaterOrEqual(t, b.addresses()[0].Failures, 3)
		others := b.servers[1].callCount()
		eventually(t, "the others go on", func() bool { return b.servers[1].callCount() > others+5 })
		trouble.end()
		b.waitFor(stat.AddressUp, 2, 2, 2)
		calls := first.callCount()
		eventually(t, "it is used again", func() bool { return first.callCount() > calls })
	}
	b.end()
	require.Zero(t, b.got.late, "first arrivals out of order")
}

// With all next hops away the points wait, and each hop is found when it is back.
func TestAllNextHopsFail(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	b := newHopBed(t, func(*g.Backend) {})
	b.feed()
	for i, s := range b.servers {
		for _, s := range b.servers {
			s.refuse()
		}
		eventually(t, "all are down", func() bool {
			return b.sender.targets()[0].role.Load().hops.areDown() && b.sender.Targets()[0].State == stat.StateDown
		})
		s.listen()
		eventually(t, "all lanes are there", func() bool { return b.addresses()[i].Lanes == 6 && b.addresses()[i].State == stat.AddressUp })
	}
	b.end()
	require.Zero(t, b.got.late, "first arrivals out of order")
}

// A group's addresses change while points flow: a lane stays where it is as long as that
// is one of them, what is known of an address stays known, and nothing is lost.
func TestNextHopsChangeLive(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	b := newHopBed(t, func(*g.Backend) {})
	b.feed()
	b.servers[2].refuse()
	eventually(t, "it is down", func() bool { return b.addresses()[2].State == stat.AddressDown && b.addresses()[2].Lanes == 0 })
	since := b.addresses()[2].Since
	gone := b.servers[0]
	b.servers = append(b.servers[1:], newServer(t, b.got))
	b.apply()
	require.Equal(t, stat.AddressDown, b.addresses()[1].State)
	require.Equal(t, since, b.addresses()[1].Since)
	b.servers[1].listen()
	b.waitFor(stat.AddressUp, 2, 2, 2)
	calls, others := gone.callCount(), b.servers[2].callCount()
	eventually(t, "the new one is used", func() bool { return b.servers[2].callCount() > others+10 })
	require.Equal(t, calls, gone.callCount(), "it is none of them any more")
	b.section.Balance = g.BalanceRoundRobin
	b.apply()
	eventually(t, "connections to all", func() bool { return b.sender.Targets()[0].Open == 18 })
	b.section.ProbeInterval = 0
	b.apply()
	b.end()
	require.Zero(t, b.got.late, "first arrivals out of order")
}

// Each Block to the next or the least busy address: all take part, and one that is away
// does not.
func TestBalancedNextHops(t *testing.T) {
	for _, mode := range []string{g.BalanceRoundRobin, g.BalanceLeastInFlight} {
		t.Run(mode, func(t *testing.T) {
			t.Cleanup(func() { goleak.VerifyNone(t) })
			b := newHopBed(t, func(s *g.Backend) { s.Balance = mode })
			b.feed()
			taking := func(from int) {
				t.Helper()
				var before []int
				for _, s := range b.servers {
					before = append(before, s.callCount())
				}
				eventually(t, "all take part", func() bool {
					for i, s := range b.servers[from:] {
						if s.callCount() < before[from+i]+3 {
							return false
						}
					}
					return true
				})
			}
			taking(0)
			require.LessOrEqual(t, b.sender.Targets()[0].Open, 18)
			b.servers[0].hang()
			eventually(t, "it is down", func() bool { return b.addresses()[0].State == stat.AddressDown })
			taking(1)
			b.servers[0].resume()
			eventually(t, "a call proves it", func() bool { return b.addresses()[0].State == stat.AddressUp })
			taking(0)
			b.end()
		})
	}
}

// An address without points is known to be up or down all the same, over as many
// connections as probes.
func TestSilentAddressIsProbed(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	b := newHopBed(t, func(*g.Backend) {})
	state := func(i int, want string) {
		t.Helper()
		eventually(t, want, func() bool { return b.addresses()[i].State == want })
	}
	for i := range 3 {
		state(i, stat.AddressUp)
	}
	require.Equal(t, stat.StateUp, b.sender.Targets()[0].State)
	b.servers[1].refuse()
	state(1, stat.AddressDown)
	b.servers[2].hang()
	state(2, stat.AddressDown)
	b.servers[1].listen()
	state(1, stat.AddressUp)
	b.servers[2].resume()
	state(2, stat.AddressUp)
	require.Zero(t, b.sender.Targets()[0].Dials, "the lanes had no reason")
	b.end()
}

func TestNoProbes(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	b := newHopBed(t, func(s *g.Backend) { s.ProbeInterval = 0 })
	b.servers[0].refuse()
	b.feed()
	b.waitFor(stat.AddressDown, 0, 3, 3)
	require.Equal(t, uint64(0), b.addressFailuresByProbes())
	b.servers[0].listen()
	b.waitFor(stat.AddressUp, 2, 2, 2)
	b.end()
}

// addressFailuresByProbes returns how many probes have failed in a row, at all addresses.
func (b *hopBed) addressFailuresByProbes() (n uint64) {
	for _, h := range b.sender.targets()[0].role.Load().hops.all {
		h.mu.Lock()
		n += uint64(h.probes)
		h.mu.Unlock()
	}
	return n
}
