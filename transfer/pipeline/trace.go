package pipeline

import "transfer/g/metric"

// tracedPoints is how many points of a series Trace shows.
const tracedPoints = 3

// Trace returns the last 3 accepted points of a series, newest first, since it
// was first asked for. One series is traced at a time: asking for another one
// clears the list. tags are k=v,k2=v2 in any order.
func (p *Pipeline) Trace(endpoint, name, tags string) []metric.Traced {
	return p.trace.ask(endpoint, name, tags, func(float64) bool { return true })
}
