package sink

import (
	"slices"
	"strings"

	"transfer/g/metric"
)

// Point is a point as a stand-in received it, whatever the wire: fields that the
// wire does not carry are zero.
type Point struct {
	Endpoint  string            `json:"endpoint"`
	Metric    string            `json:"metric"`
	Tags      map[string]string `json:"tags"` // as decoded: nil where the wire had no map
	Value     float64           `json:"value"`
	Timestamp int64             `json:"timestamp"` // Unix seconds
	Type      string            `json:"type,omitempty"`
	Step      int               `json:"step,omitempty"`      // seconds
	Heartbeat int               `json:"heartbeat,omitempty"` // seconds; graph only
	Min       string            `json:"min,omitempty"`       // graph only
	Max       string            `json:"max,omitempty"`       // graph only
}

// Key returns the key of the point's series, endpoint/metric[/k=v,k2=v2] with
// tags sorted by key.
func (p *Point) Key() string {
	tags := make([]metric.Tag, 0, len(p.Tags))
	for k, v := range p.Tags {
		tags = append(tags, metric.Tag{Key: k, Value: v})
	}
	slices.SortFunc(tags, func(x, y metric.Tag) int { return strings.Compare(x.Key, y.Key) })
	return string(metric.AppendKey(nil, p.Endpoint, p.Metric, tags))
}

// tagMap parses k=v,k2=v2 into a map, empty without tags.
func tagMap(raw string) map[string]string {
	tags := metric.ParseTags(raw)
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
