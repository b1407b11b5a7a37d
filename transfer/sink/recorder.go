package sink

import (
	"maps"
	"sync"
)

// recorder keeps points in the order in which they were received. What the points of a
// series have in common it keeps once: millions fit into memory.
type recorder struct {
	mu     sync.Mutex
	points []recorded
}

// recorded is a point like another one but for value and timestamp.
type recorded struct {
	like      *Point
	value     float64
	timestamp int64
}

// add keeps points of the series found, nil for one that is not known.
func (r *recorder) add(points []Point, found []*series) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range points {
		p := &points[i]
		r.points = append(r.points, recorded{common(p, found[i]), p.Value, p.Timestamp})
	}
}

// common returns a point like p: the one that the series has, if that will do.
func common(p *Point, s *series) *Point {
	if s != nil && s.recorded != nil && alike(s.recorded, p) {
		return s.recorded
	}
	own := *p
	if s != nil {
		s.recorded = &own
	}
	return &own
}

// alike reports whether points differ in value and timestamp only.
func alike(p, q *Point) bool {
	return p.Endpoint == q.Endpoint && p.Metric == q.Metric && p.Type == q.Type &&
		p.Step == q.Step && p.Heartbeat == q.Heartbeat && p.Min == q.Min && p.Max == q.Max &&
		(p.Tags == nil) == (q.Tags == nil) && maps.Equal(p.Tags, q.Tags)
}

// Points returns all points in the order in which they were received, discarded ones
// included. It is nil unless Options.Record was set. The Tags are shared: don't write to
// them.
func (s *Sink) Points() []Point {
	if s.record == nil {
		return nil
	}
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	points := make([]Point, len(s.record.points))
	for i, r := range s.record.points {
		points[i] = *r.like
		points[i].Value, points[i].Timestamp = r.value, r.timestamp
	}
	return points
}
