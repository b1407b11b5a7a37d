package sender

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

// plainJudgeItem is section 3 of the wire formats in plain words.
func plainJudgeItem(p *metric.Point, minStep int64) *JudgeItem {
	step := max(p.Step, minStep)
	value := p.Value
	if value == 0 {
		value = 0 // gob has no -0
	}
	return &JudgeItem{
		Endpoint: p.Endpoint, Metric: p.Metric, Value: value, Timestamp: p.Timestamp - p.Timestamp%step,
		JudgeType: p.Type.String(), Tags: tagMap(p.Tags),
	}
}

func TestJudgeGetsPlainItems(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	points := append(oddPoints(), randomPoints(1, 3000)...)
	var want []*JudgeItem
	for i := range points {
		want = append(want, plainJudgeItem(&points[i], 30))
	}
	require.Equal(t, want, delivered[JudgeItem](t, "judge", "Judge", points, 0))
}

func TestJudgeRules(t *testing.T) {
	p := build(t, "judge", section("judge", "h:6080"), 30)
	require.Equal(t, Rules{Encoding: "judge/1"}, p.Rules)
}
