package plain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueue(t *testing.T) {
	q := newQueue(3)
	require.Empty(t, q.pop(2))
	for i := range 3 {
		require.True(t, q.push(i))
	}
	require.False(t, q.push(3), "it is full")
	require.Equal(t, []interface{}{0, 1}, q.pop(2))
	require.True(t, q.push(4))
	require.Equal(t, []interface{}{2, 4}, q.pop(200))
}

func TestPoints(t *testing.T) {
	const now = 1600000000
	good := MetricValue{Endpoint: "h", Metric: "m", Value: 1.0, Step: 60, Type: "GAUGE", Tags: "b=2,a=1=1,c", Timestamp: now}
	p, err := newPoint(&good, now)
	require.NoError(t, err)
	require.Equal(t, "h/m/a=1=1,b=2", p.key)

	untagged := good
	untagged.Tags = ""
	untagged.Timestamp = 0
	p, err = newPoint(&untagged, now)
	require.NoError(t, err)
	require.Equal(t, "h/m", p.key)
	require.EqualValues(t, now, p.timestamp)

	for name, spoil := range map[string]func(*MetricValue){
		"endpoint": func(v *MetricValue) { v.Endpoint = "" },
		"metric":   func(v *MetricValue) { v.Metric = "kernel.hostname" },
		"type":     func(v *MetricValue) { v.Type = "gauge" },
		"step":     func(v *MetricValue) { v.Step = 0 },
		"value":    func(v *MetricValue) { v.Value = nil },
		"text":     func(v *MetricValue) { v.Value = "x" },
		"names":    func(v *MetricValue) { v.Tags = string(make([]byte, maxNames)) },
	} {
		bad := good
		spoil(&bad)
		_, err := newPoint(&bad, now)
		require.Error(t, err, name)
	}
	_, err = newPoint(nil, now)
	require.Error(t, err)
}
