package sender

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

// What happened to an address: a letter each, a second apart.
//
//	c  a call went well      C  a call failed
//	p  a probe went well     P  a probe failed
func happened(h *hop, from time.Time, events string) (now time.Time) {
	now = from
	for _, event := range events {
		now = now.Add(time.Second)
		switch event {
		case 'c':
			h.answered(now)
		case 'p':
			h.probed(now)
		default:
			h.failed(errors.New("reset"), event == 'C', now)
		}
	}
	return now
}

func TestStateOfAnAddress(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		events, state string
		standing      int
	}{
		{"", stat.AddressProbing, unblemished},
		{"c", stat.AddressUp, unblemished},
		{"p", stat.AddressUp, unblemished},
		{"C", stat.AddressProbing, doubtful},
		{"CC", stat.AddressProbing, doubtful},
		{"CCC", stat.AddressDown, ejected},
		{"CPP", stat.AddressDown, ejected},
		{"PPP", stat.AddressDown, ejected},
		{"CCcCC", stat.AddressProbing, doubtful},
		{"CCc", stat.AddressUp, unblemished},
		{"PPp", stat.AddressUp, unblemished},
		{"PPpPP", stat.AddressProbing, doubtful},
		{"CpC", stat.AddressProbing, doubtful},  // it answers probes and hangs in calls
		{"CpCpC", stat.AddressDown, ejected},    // and goes down by its calls alone
		{"CCCp", stat.AddressProbing, doubtful}, // the next call decides
		{"CCCpC", stat.AddressDown, ejected},
		{"CCCpc", stat.AddressUp, unblemished},
		{"CCCpcCC", stat.AddressProbing, doubtful},
		{"PPPp", stat.AddressUp, unblemished},
		{"CCCc", stat.AddressUp, unblemished},
	} {
		h := newHop("a:1", 3, false, 5*time.Second, nil, begin)
		now := happened(h, begin, c.events)
		s := h.status()
		require.Equal(t, c.state, s.State, c.events)
		require.Equal(t, c.standing, h.standing(now), c.events)
		require.Equal(t, c.state == stat.AddressDown, h.isDown(), c.events)
		require.Equal(t, c.state == stat.AddressUp, s.Error == "" && c.events != "", c.events)
	}
}

func TestSinceWhenAnAddressIsAsItIs(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	h := newHop("a:1", 2, false, 5*time.Second, nil, begin)
	require.False(t, h.isGood(0, begin), "nothing is known")
	happened(h, begin, "cccCCPPpp")
	require.Equal(t, begin.Add(8*time.Second), h.status().Since)
	require.Equal(t, stat.AddressProbing, h.status().State)
	require.True(t, h.isGood(time.Second, begin.Add(9*time.Second)))
	require.False(t, h.isGood(30*time.Second, begin.Add(37*time.Second)))
	require.True(t, h.isGood(30*time.Second, begin.Add(38*time.Second)))
	h.probed(begin.Add(8*time.Second + steadyFor))
	require.Equal(t, stat.AddressUp, h.status().State, "steady good probes make up for a failed call")
	happened(h, begin.Add(time.Hour), "C")
	require.False(t, h.isGood(0, begin.Add(2*time.Hour)))
}

// P11: what fails on and on is probed ever more seldom; what fails in many lanes at once
// counts as one failure here.
func TestProbesBackOff(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	const every = 5 * time.Second
	h := newHop("a:1", 3, false, every, nil, begin)
	require.InDelta(t, every, h.untilProbe(begin), float64(every/4))
	quiet := h.untilProbe(begin)
	h.answered(begin.Add(time.Second))
	require.Equal(t, quiet, h.untilProbe(begin.Add(time.Second)), "a call proves as much")
	now := begin.Add(time.Minute)
	require.Negative(t, h.untilProbe(now))
	for _, mean := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		for range 20 {
			h.failed(errors.New("reset"), true, now)
		}
		wait := h.untilProbe(now)
		require.InDelta(t, mean*time.Second, wait, float64(mean*time.Second/2+time.Millisecond))
		now = now.Add(wait)
	}
	h.answered(now)
	h.failed(errors.New("reset"), true, now)
	require.LessOrEqual(t, h.untilProbe(now), 3*every/10, "a good call ends it")
}

// The lanes of a lone address try it themselves.
func TestLoneAddressIsProbedLittle(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	h := newHop("a:1", 3, true, 5*time.Second, nil, begin)
	h.failed(errors.New("reset"), true, begin)
	require.GreaterOrEqual(t, h.untilProbe(begin), 5*time.Second)
}

// Without probes an address that is down is tried again after a pause.
func TestEjectionWithoutProbes(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	h := newHop("a:1", 1, false, 0, nil, begin)
	h.failed(errors.New("reset"), true, begin)
	require.Equal(t, ejected, h.standing(begin))
	require.Equal(t, doubtful, h.standing(begin.Add(2*usualProbes)))
	require.False(t, h.mayHaveBack(homeAfter, begin.Add(homeAfter)))
	require.True(t, h.mayHaveBack(homeAfter, begin.Add(homeAfter+2*usualProbes)))
}

func groupOf(mode string, addresses ...string) *hops {
	section := &g.Backend{Balance: mode, EjectAfter: 3, ProbeInterval: 5 * time.Second}
	return newHops(section, addresses, nil, quiet(), time.Unix(1_700_000_000, 0))
}

func TestLanesAreSpreadEvenly(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := groupOf("", "a:1", "b:1", "c:1")
	for lane := range 6 {
		home, first := s.begin(lane, "")
		require.Equal(t, []int{lane % 3, lane % 3}, []int{home, first})
	}
	happened(s.all[0], now, "CCC")
	require.Equal(t, 1, s.leave(0, now))
	require.Equal(t, 2, s.escape(0, now))
	require.Equal(t, []int{0, 3, 3}, s.lanes, "not all to the next one")
	happened(s.all[1], now, "C")
	require.Equal(t, 2, s.leave(1, now))
	happened(s.all[2], now, "C")
	require.Equal(t, 1, s.leave(2, now))
	require.Equal(t, 1, s.escape(1, now), "nothing is better")
	happened(s.all[1], now, "CC")
	happened(s.all[2], now, "CC")
	require.Equal(t, 0, s.leave(2, now))
	require.Equal(t, 1, s.leave(0, now), "when all are down each has its turn")
	require.Equal(t, 2, s.leave(1, now))
	require.Equal(t, 2, s.escape(2, now), "nowhere is better")
	require.True(t, s.areDown())
	var row stat.Target
	s.fill(&row)
	require.Equal(t, stat.StateDown, row.State)
	require.Equal(t, []string{"reset", "reset", "reset"}, []string{row.Addresses[0].Error, row.Addresses[1].Error, row.Error})
	require.Equal(t, s.lanes, []int{row.Addresses[0].Lanes, row.Addresses[1].Lanes, row.Addresses[2].Lanes})
}

func TestLanesGoHomeOneByOne(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := groupOf("", "a:1", "b:1")
	for lane := range 4 {
		s.begin(lane, "")
	}
	now = happened(s.all[0], now, "CCC")
	s.leave(0, now)
	s.leave(0, now)
	require.False(t, s.goHome(1, 0, now), "it is down")
	back := happened(s.all[0], now, "p")
	require.False(t, s.goHome(1, 0, back.Add(homeAfter-1)))
	require.True(t, s.goHome(1, 0, back.Add(homeAfter)))
	require.False(t, s.goHome(1, 0, back.Add(homeAfter+homePause-1)))
	require.True(t, s.goHome(1, 0, back.Add(homeAfter+homePause)))
	require.Equal(t, []int{2, 2}, s.lanes)
	require.True(t, s.areGood(30*time.Second, back.Add(homeAfter)))
	require.False(t, s.areGood(31*time.Second, back.Add(homeAfter)))
}

func TestEachBlockToTheNextOne(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := groupOf(g.BalanceRoundRobin, "a:1", "b:1", "c:1")
	s.begin(0, "")
	var turns []int
	at := 0
	for range 5 {
		at = s.pick(at, now)
		turns = append(turns, at)
	}
	require.Equal(t, []int{1, 2, 0, 1, 2}, turns)
	happened(s.all[0], now, "CCC")
	require.Equal(t, 1, s.pick(2, now))
	require.Equal(t, 2, s.pick(1, now))
	happened(s.all[1], now, "CCC")
	happened(s.all[2], now, "CCC")
	require.Equal(t, 2, s.pick(2, now), "all are down: failures give the turns")
}

func TestEachBlockToTheLeastBusy(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := groupOf(g.BalanceLeastInFlight, "a:1", "b:1", "c:1")
	s.begin(0, "")
	for i, bytes := range []int64{20, 30, 10} {
		s.all[i].flight.Store(bytes)
	}
	require.Equal(t, 2, s.pick(0, now))
	require.Equal(t, 2, s.pick(2, now))
	s.all[1].flight.Store(10)
	require.Equal(t, 1, s.pick(2, now), "of equals the next in turn")
	happened(s.all[2], now, "C")
	s.all[1].flight.Store(99)
	require.Equal(t, 0, s.pick(1, now), "c is in doubt")
	require.Equal(t, 2, laneCount(&g.Backend{Balance: g.BalanceLeastInFlight, Lanes: 9, MaxConns: 8}, []string{"a", "b", "c"}))
	require.Equal(t, 1, laneCount(&g.Backend{Balance: g.BalanceRoundRobin, MaxConns: 2}, []string{"a", "b", "c"}))
}
