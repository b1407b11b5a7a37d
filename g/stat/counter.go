// Package stat holds the counters that receivers, pipeline and senders write and
// that the admin server shows, and the rows in which they are shown.
package stat

import "sync/atomic"

// Counter is a number that only rises. The zero Counter is ready; it may be used
// by many goroutines and must not be copied.
type Counter struct {
	n atomic.Uint64
	_ [56]byte // a cache line each: neighbours don't slow one another
}

// Add raises the counter by n.
func (c *Counter) Add(n int) { c.n.Add(uint64(n)) }

// Load returns the count.
func (c *Counter) Load() uint64 { return c.n.Load() }

// Vector is a fixed set of named counters, addressed by index.
type Vector struct {
	names  []string
	counts []Counter
}

// NewVector returns a Vector with one counter a name.
func NewVector(names ...string) *Vector {
	return &Vector{names: names, counts: make([]Counter, len(names))}
}

// Add raises the counter at index i by n.
func (v *Vector) Add(i, n int) { v.counts[i].Add(n) }

// Load returns the count at index i.
func (v *Vector) Load(i int) uint64 { return v.counts[i].Load() }

// NonZero returns the counters that have counted something, by name.
func (v *Vector) NonZero() map[string]uint64 {
	m := make(map[string]uint64)
	for i, name := range v.names {
		if n := v.Load(i); n > 0 {
			m[name] = n
		}
	}
	return m
}

// All returns all counters by name, zeros included.
func (v *Vector) All() map[string]uint64 {
	m := make(map[string]uint64, len(v.names))
	for i, name := range v.names {
		m[name] = v.Load(i)
	}
	return m
}
