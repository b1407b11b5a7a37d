package sink

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What points of one series have in common is kept once, what differs is not lost.
func TestRecorderKeepsPointsAsTheyCame(t *testing.T) {
	tags := map[string]string{"k": "v"}
	points := []Point{
		{Endpoint: "e", Metric: "m", Tags: tags, Value: 1, Timestamp: 60, Type: "GAUGE", Step: 60},
		{Endpoint: "e", Metric: "m", Tags: tags, Value: 2, Timestamp: 120, Type: "GAUGE", Step: 60},
		{Endpoint: "e", Metric: "m", Tags: tags, Value: 3, Timestamp: 180, Type: "COUNTER", Step: 30},
		{Endpoint: "e", Metric: "m", Tags: map[string]string{}, Value: 4, Timestamp: 240},
		{Endpoint: "e", Metric: "m", Value: 5, Timestamp: 300, Min: "U"},
		{Endpoint: "e", Metric: "m", Tags: tags, Value: 6, Timestamp: 360, Type: "GAUGE", Step: 60, Heartbeat: 120, Max: "U"},
	}
	for _, known := range []*series{{}, nil} {
		s := &Sink{record: &recorder{}}
		for i := range points {
			s.record.add(points[i:i+1], []*series{known})
		}
		require.Equal(t, points, s.Points())
	}
}
