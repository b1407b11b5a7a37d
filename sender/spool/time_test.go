package spool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// P16: what this process wrote, it reads with the monotonic clock, which nobody sets.
func TestAgeIsOfTheMonotonicClock(t *testing.T) {
	p := openLane(t, openStore(t, t.TempDir(), Options{}), laneOptions())
	b := block(1, time.Now().Add(-time.Minute), 1)
	_, err := p.Append(b)
	require.NoError(t, err)
	blocks, _ := readAll(t, p, segment.Position{})
	require.Zero(t, b.Accepted.Sub(blocks[0].Accepted))
	require.Contains(t, blocks[0].Accepted.String(), "m=", "it has a monotonic reading")
}

// After a restart the wall clock is all there is; nothing is from the future.
func TestAgeAfterARestart(t *testing.T) {
	for _, jump := range []time.Duration{0, time.Hour, -time.Hour, -1000 * time.Hour} {
		dir := t.TempDir()
		clock := &testClock{time: time.Now()}
		p := openLane(t, openStore(t, dir, Options{Now: clock.now}), laneOptions())
		b := block(1, clock.now().Add(-time.Minute), 1)
		clock.add(time.Second)
		_, err := p.Append(b)
		require.NoError(t, err)
		require.NoError(t, p.Close())

		clock.add(jump)
		p = openLane(t, openStore(t, dir, Options{Now: clock.now}), laneOptions())
		fresh := block(2, clock.now().Add(time.Hour), 1) // not clamped: no other process wrote it
		_, err = p.Append(fresh)
		require.NoError(t, err)
		clock.add(time.Second)
		blocks, _ := readAll(t, p, segment.Position{})
		require.Len(t, blocks, 2)
		age := max(0, time.Minute+2*time.Second+jump)
		require.Equal(t, age, clock.now().Sub(blocks[0].Accepted))
		require.Equal(t, fresh.Accepted, blocks[1].Accepted)
	}
}
