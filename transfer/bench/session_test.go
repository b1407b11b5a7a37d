package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The rows take turns, and one that cannot be measured costs no other.
func TestSession(t *testing.T) {
	var order []string
	var out bytes.Buffer
	s := &session{
		rows: []Row{{Name: "a"}, {Name: "absent"}, {Name: "broken"}, {Name: "b"}}, runs: 2, out: &out,
		measure: func(_ context.Context, row Row) (measured, error) {
			order = append(order, row.Name)
			switch row.Name {
			case "absent":
				return measured{}, fmt.Errorf("cannot run x: %w", errAbsent)
			case "broken":
				return measured{}, errors.New("no luck")
			}
			return measured{Run: Run{Points: len(order), Took: time.Second, Share: 1}}, nil
		},
	}
	results, err := s.run(t.Context())
	require.EqualError(t, err, "broken is left out: no luck", "what is not installed is no failure")
	require.Equal(t, []string{"a", "absent", "broken", "b", "a", "b"}, order)
	require.Len(t, results, 2)
	require.Equal(t, "a", results[0].Row.Name)
	require.Equal(t, []int{1, 5}, []int{results[0].Runs[0].Points, results[0].Runs[1].Points})
	require.Equal(t, "b", results[1].Row.Name)
	require.Contains(t, out.String(), "absent                       LEFT OUT: cannot run x: it is not installed\n")
	require.Contains(t, out.String(), "[2/2] b")
}

func TestInterruptedSession(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &session{
		rows: []Row{{Name: "a"}, {Name: "b"}}, runs: 2, out: new(bytes.Buffer),
		measure: func(_ context.Context, row Row) (measured, error) {
			if row.Name == "b" {
				cancel()
				return measured{}, ctx.Err()
			}
			return measured{Run: Run{Points: 1}}, nil
		},
	}
	results, err := s.run(ctx)
	require.NoError(t, err)
	require.Len(t, results, 1)
	require.Len(t, results[0].Runs, 1)
}

func TestProgressLine(t *testing.T) {
	r := measured{Run: Run{
		Points: 1_000_000, Took: 2 * time.Second, CPU: 500 * time.Millisecond, Share: 1, Memory: 100 << 20,
		Ack: Latency{time.Millisecond, 2500 * time.Microsecond},
	}}
	const usual = "   500000 points/s   0.500 us/point    100 MiB  share 1.0000  ack 1.00/2.50 ms"
	require.Equal(t, usual, r.String())
	r.late, r.requests = 3, 40
	require.Equal(t, usual+"  BEHIND SCHEDULE: 3 of 40 requests", r.String())
}

func TestLatency(t *testing.T) {
	require.Zero(t, newLatency(nil))
	one := []time.Duration{7}
	require.Equal(t, Latency{7, 7}, newLatency(one))
	var many []time.Duration
	for n := range time.Duration(1000) {
		many = append(many, 1000-n)
	}
	require.Equal(t, Latency{500, 990}, newLatency(many))
}

// In each interval one connection sends, each in its turn.
func TestEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		e := newEvenly(4, 3, 10*time.Millisecond)
		one, other := &stream{conn: 1}, &stream{conn: 3}
		for turn := range time.Duration(3) {
			require.True(t, e.next(t.Context(), one))
			require.Equal(t, (4*turn+1)*10*time.Millisecond, time.Since(start))
			if turn == 2 {
				time.Sleep(20*time.Millisecond + lateness + 1)
			}
			require.True(t, e.next(t.Context(), other))
		}
		require.False(t, e.next(t.Context(), one))
		all, late := e.counts()
		require.Equal(t, []int{6, 1}, []int{all, late})

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		require.False(t, newEvenly(2, 1, time.Hour).next(ctx, one))
		require.Equal(t, time.Minute, time.Since(start), "an interrupt ends the wait")
	})
}

// A full window holds the players back until points are delivered.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := &standIn{name: "judge"}
		w := window{&band{site: &site{standIns: []*standIn{behind}}}}
		w.band.accepted.Store(windowPoints)
		require.True(t, w.open(t.Context()))
		w.band.accepted.Add(1)
		go func() {
			time.Sleep(time.Second)
			behind.count.took(1, nil)
		}()
		start := time.Now()
		require.True(t, w.open(t.Context()))
		require.InDelta(t, time.Second, time.Since(start), float64(windowPause))

		w.band.accepted.Add(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.False(t, w.open(ctx))
	})
}

// Points that are lost end a run after a while, and show in its share.
func TestLostPointsEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &band{site: &site{standIns: []*standIn{{name: "judge"}}}}
		conn, _ := net.Pipe()
		b.players = []*player{{stream: &stream{rounds: [][]request{make([]request, 1)}}, conn: conn}}
		b.accepted.Store(windowPoints + 1)
		start := time.Now()
		require.NoError(t, b.play(t.Context(), wholeRounds{window{b}, 1}), "the window never opens")
		require.InDelta(t, patience, time.Since(start), float64(time.Second))

		last, err := b.settle(t.Context())
		require.NoError(t, err)
		require.InDelta(t, patience, time.Since(last), float64(time.Second), "what counts is the last delivery")
	})
}
