package http

import (
	"sync"
	"time"

	"transfer/g/stat"
)

const (
	sampleEvery  = time.Second
	rateSamples  = 5   // rates are means over this many samples: calm enough to be read
	historyLimit = 120 // samples of the history: two minutes
)

// sampler reads all counters once a second and knows their rates. Series come and
// go with the targets, hence samples by name.
type sampler struct {
	relay Relay

	mu      sync.Mutex
	samples []sample // the last rateSamples+1, oldest first
	history history
}

// sample is all counters at one time.
type sample struct {
	at     time.Time
	counts map[string]uint64
}

// history is the rates of all points in and out, in points/s, a value each
// second, oldest first.
type history struct {
	In  []float64 `json:"in"`  // accepted by all receivers
	Out []float64 `json:"out"` // delivered to all targets
}

// The names of the sampled counters, beside the classic ones.
const (
	totalIn  = "in"
	totalOut = "out"
)

func acceptedBy(receiver string) string  { return "accepted by " + receiver }
func requestsOf(receiver string) string  { return "requests of " + receiver }
func acceptedFor(targetID string) string { return "accepted for " + targetID }
func deliveredTo(targetID string) string { return "delivered to " + targetID }

func newSampler(relay Relay) *sampler { return &sampler{relay: relay} }

// run samples until stop is closed.
func (s *sampler) run(stop <-chan struct{}) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	s.take(time.Now())
	for {
		select {
		case now := <-ticker.C:
			s.take(now)
		case <-stop:
			return
		}
	}
}

// take adds a sample of the counters as they stand at now.
func (s *sampler) take(now time.Time) {
	next := sample{now, sampledCounts(s.relay.Receivers(), s.relay.Targets())}

	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.samples); n > 0 {
		last := s.samples[n-1]
		s.history.In = appendBounded(s.history.In, rise(last, next, totalIn), historyLimit)
		s.history.Out = appendBounded(s.history.Out, rise(last, next, totalOut), historyLimit)
	}
	s.samples = appendBounded(s.samples, next, rateSamples+1)
}

// rate returns the rise per second of the counter called name, 0 as long as it is
// not known.
func (s *sampler) rate(name string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 {
		return 0
	}
	newest := s.samples[len(s.samples)-1]
	for _, oldest := range s.samples {
		if _, known := oldest.counts[name]; known {
			return rise(oldest, newest, name)
		}
	}
	return 0
}

// past returns a copy of the history.
func (s *sampler) past() history {
	s.mu.Lock()
	defer s.mu.Unlock()
	return history{append([]float64{}, s.history.In...), append([]float64{}, s.history.Out...)}
}

// rise returns the rise per second of a counter between two samples. A sum falls
// when a target goes: that is no rate.
func rise(from, to sample, name string) float64 {
	seconds := to.at.Sub(from.at).Seconds()
	if seconds <= 0 || to.counts[name] < from.counts[name] {
		return 0
	}
	return float64(to.counts[name]-from.counts[name]) / seconds
}

// sampledCounts returns every counter that has a rate, by name.
func sampledCounts(receivers []*stat.Receiver, targets []stat.Target) map[string]uint64 {
	counts := classicCounts(receivers, targets)
	for _, r := range receivers {
		counts[acceptedBy(r.Name)] = r.Accepted.Load()
		counts[requestsOf(r.Name)] = r.Requests.Load()
		counts[totalIn] += r.Accepted.Load()
	}
	for _, t := range targets {
		counts[acceptedFor(t.ID)] = t.Accepted
		counts[deliveredTo(t.ID)] = t.Delivered
		counts[totalOut] += t.Delivered
	}
	return counts
}

// appendBounded appends v to list and lets go of the oldest beyond limit.
func appendBounded[T any](list []T, v T, limit int) []T {
	if len(list) >= limit {
		copy(list, list[len(list)-limit+1:])
		list = list[:limit-1]
	}
	return append(list, v)
}
