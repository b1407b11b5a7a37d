package sender

import (
	"slices"
	"strings"

	"transfer/g/metric"
)

// filter is what a section leaves out of the points that its backend could take. It
// stands in the journal, since a point is owed by the filter of the time at which it
// was accepted.
type filter struct {
	LeaveOut []string `json:"leaveOut"` // prefixes of metrics, sorted
}

// newFilter returns the filter with these prefixes. An empty one would leave out
// everything: nobody means that.
func newFilter(prefixes []string) filter {
	kept := slices.DeleteFunc(slices.Clone(prefixes), func(prefix string) bool { return prefix == "" })
	slices.Sort(kept)
	return filter{LeaveOut: slices.Compact(kept)}
}

// passes reports whether the filter leaves the point in.
func (f filter) passes(p *metric.Point) bool {
	for _, prefix := range f.LeaveOut {
		if strings.HasPrefix(p.Metric, prefix) {
			return false
		}
	}
	return true
}

// filtering is a Backend whose section has a filter.
type filtering interface {
	// Filter returns the section's filter.
	Filter() filter
	// WantsBy is Backend.Wants with another filter.
	WantsBy(f filter, p *metric.Point) bool
}

// wantsOf returns what the cluster's backend wanted by a routing of the past, nil where
// that is what it wants now, or is not known.
func (c *Cluster) wantsOf(then backendRouting) func(p *metric.Point) bool {
	b, ok := c.Backend.(filtering)
	if !ok || then.Filter == nil || slices.Equal(then.Filter.LeaveOut, b.Filter().LeaveOut) {
		return nil
	}
	was := newFilter(then.Filter.LeaveOut)
	return func(p *metric.Point) bool { return b.WantsBy(was, p) }
}

// Wants returns what a cluster wanted when the points that follow were accepted, nil
// where that is what it wants now. cluster is the index in Clusters.
func (r *Replay) Wants(cluster int) func(p *metric.Point) bool {
	if p := r.pasts[cluster]; p != nil {
		return p.wants
	}
	return nil
}
