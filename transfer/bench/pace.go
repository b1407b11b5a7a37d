package bench

import (
	"context"
	"sync/atomic"
	"time"
)

// window lets the players send while no more points are under way than the queues
// of the process under measurement hold, so that none has to be dropped.
type window struct{ band *band }

const (
	windowPoints = 300_000
	windowPause  = 2 * time.Millisecond // a full window lasts for 100 ms and more
)

// open waits for the window. It returns false when ctx has ended.
func (w window) open(ctx context.Context) bool {
	for w.band.accepted.Load()-w.band.site.delivered() > windowPoints {
		if !sleep(ctx, windowPause) {
			return false
		}
	}
	return ctx.Err() == nil
}

// wholeRounds lets each stream play until it has played so many rounds, as fast as
// the window allows.
type wholeRounds struct {
	window
	rounds int
}

func (r wholeRounds) next(ctx context.Context, s *stream) bool {
	return s.played() < r.rounds*s.requests() && r.open(ctx)
}

// fullSpeed lets the streams play so many requests together, as fast as the window
// allows.
type fullSpeed struct {
	window
	left atomic.Int64 // requests
}

func (f *fullSpeed) next(ctx context.Context, _ *stream) bool {
	return f.left.Add(-1) >= 0 && f.open(ctx)
}

// evenly lets the streams play at a rate: in turn, one request of all streams
// together in each interval.
type evenly struct {
	start    time.Time
	interval time.Duration
	turns    int   // of each stream
	taken    []int // turns of each stream; each element belongs to its player
	late     []int // turns that came too late, likewise
}

// lateness is what is no longer in time.
const lateness = 20 * time.Millisecond

func newEvenly(streams, turns int, interval time.Duration) *evenly {
	return &evenly{
		start: time.Now(), interval: interval, turns: turns,
		taken: make([]int, streams), late: make([]int, streams),
	}
}

func (e *evenly) next(ctx context.Context, s *stream) bool {
	if e.taken[s.conn] == e.turns {
		return false
	}
	turn := e.taken[s.conn]*len(e.taken) + s.conn
	e.taken[s.conn]++
	due := e.start.Add(time.Duration(turn) * e.interval)
	if !sleep(ctx, time.Until(due)) {
		return false
	}
	if time.Since(due) > lateness {
		e.late[s.conn]++
	}
	return true
}

// sleep waits for d, and returns false when ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// counts returns how many requests were to go out so far, and how many of them came
// too late. It is called when no player plays.
func (e *evenly) counts() (all, late int) {
	for i := range e.taken {
		all, late = all+e.taken[i], late+e.late[i]
	}
	return all, late
}
