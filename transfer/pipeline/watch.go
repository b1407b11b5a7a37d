package pipeline

import (
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"transfer/g/metric"
)

// watch keeps copies of the last points of one series for an operator who looks
// on. The first look arms it; until then it costs a batch one atomic load.
type watch struct {
	keep int                     // points
	on   atomic.Pointer[watched] // nil: nobody has looked yet

	mu     sync.Mutex
	wanted func(value float64) bool
	last   []metric.Traced // newest first
}

// watched is the series that a watch is on.
type watched struct {
	key string
	sum uint32 // of key, by which most other series are told apart
}

// ask returns the points of the series that were kept so far, newest first and
// never nil, and keeps from now on those whose value is wanted. Another series
// than the last time starts from nothing.
func (w *watch) ask(endpoint, name, tags string, wanted func(value float64) bool) []metric.Traced {
	key := string(metric.AppendKey(nil, endpoint, name, metric.ParseTags(tags)))
	w.mu.Lock()
	defer w.mu.Unlock()
	if on := w.on.Load(); on == nil || on.key != key {
		w.on.Store(&watched{key, crc32.ChecksumIEEE([]byte(key))})
		w.last = nil
	}
	w.wanted = wanted
	return append([]metric.Traced{}, w.last...)
}

// look takes the points of the series out of an accepted batch.
func (w *watch) look(b *metric.Batch) {
	on := w.on.Load()
	if on == nil {
		return
	}
	for i := range b.Points {
		p := &b.Points[i]
		if p.Refused != metric.Accepted || p.Sum != on.sum {
			continue
		}
		if b.Resolve(p); p.Key == on.key {
			w.take(on, p)
		}
	}
}

// take keeps the point if it is wanted and the watch is still on its series.
func (w *watch) take(on *watched, p *metric.Point) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.on.Load() != on || !w.wanted(p.Value) {
		return
	}
	w.last = slices.Insert(w.last, 0, traced(p))
	w.last = w.last[:min(len(w.last), w.keep)]
}

// traced returns a copy of the point that aliases nothing.
func traced(p *metric.Point) metric.Traced {
	tags := make(map[string]string, len(p.Tags))
	for _, t := range p.Tags {
		tags[strings.Clone(t.Key)] = strings.Clone(t.Value)
	}
	return metric.Traced{
		Metric:      strings.Clone(p.Metric),
		Endpoint:    strings.Clone(p.Endpoint),
		Timestamp:   p.Timestamp,
		Step:        p.Step,
		Value:       p.Value,
		CounterType: p.Type.String(),
		Tags:        tags,
	}
}
