package receiver

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// Points alias what was read: a batch that waits for its next use must not keep it.
func TestBatchGivenBackLetsGo(t *testing.T) {
	p := newPort(testLimits(), nil, nil)
	batch := p.batch()
	_, n, _ := scanJSONRequest([]byte(`{"method":"m","params":[[{"endpoint":"e","value":1}]],"id":1}`), batch, 1, new(metric.PointsRead))
	require.Positive(t, n)
	points := batch.Points
	require.Equal(t, "e", points[0].Endpoint)
	p.doneWith(batch)
	require.Equal(t, metric.Point{}, points[0])
}
