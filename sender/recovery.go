package sender

import (
	"sync"
	"time"
)

// A target that comes back gets its backlog and its new points together at no more
// than max(leastRecovery, recoveryShare x the rate of newly accepted points), after a
// ramp: a backend that has just begun again must not fall over what it missed.
const (
	leastRecovery  = 10_000 // points a second
	recoveryShare  = 4
	recoveryRamp   = 5 * time.Second
	rampBegin      = 0.1 // of the rate, at the ramp's begin
	rateInterval   = time.Second
	recoveryCredit = 100 * time.Millisecond // that a pause saves up at most
)

// recovery paces what is sent to a target whose backlog drains. The lanes that have a
// backlog share it; others do not wait for it.
type recovery struct {
	least float64 // points a second

	mu       sync.Mutex
	lanes    int       // that have a backlog
	began    time.Time // when the first of them began to drain it
	free     time.Time // when the points sent so far are paid for
	rate     float64   // of newly accepted points, a second
	measured time.Time
	accepted uint64 // then
}

// begin notes that a lane begins to drain its backlog.
func (r *recovery) begin(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lanes++; r.lanes == 1 {
		r.began, r.free = now, now
	}
}

// end notes that a lane that began has no backlog any more.
func (r *recovery) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lanes--
}

// wait returns how long the next call of a lane that began must wait at now; 0: it may
// go.
func (r *recovery) wait(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(0, r.free.Sub(now))
}

// sent notes that so many points went out on a lane that began.
func (r *recovery) sent(points int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if credit := now.Add(-recoveryCredit); r.free.Before(credit) {
		r.free = credit
	}
	r.free = r.free.Add(time.Duration(float64(points) / r.limit(now) * float64(time.Second)))
}

// limit returns the points a second that are allowed at now.
func (r *recovery) limit(now time.Time) float64 {
	ramp := rampBegin + (1-rampBegin)*now.Sub(r.began).Seconds()/recoveryRamp.Seconds()
	return min(ramp, 1) * max(r.least, recoveryShare*r.rate)
}

// measure takes the target's count of accepted points, from time to time.
func (r *recovery) measure(accepted uint64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	passed := now.Sub(r.measured)
	if !r.measured.IsZero() && passed < rateInterval {
		return
	}
	if !r.measured.IsZero() && accepted >= r.accepted {
		r.rate = float64(accepted-r.accepted) / passed.Seconds()
	}
	r.measured, r.accepted = now, accepted
}
