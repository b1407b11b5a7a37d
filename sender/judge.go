package sender

import (
	"transfer/g"
	"transfer/g/metric"
)

// JudgeItem is a point as Open-Falcon's judge takes it, in Judge.Send (falcon-plus,
// common/model).
type JudgeItem struct {
	Endpoint  string
	Metric    string
	Value     float64
	Timestamp int64
	JudgeType string
	Tags      map[string]string
}

// judge sends to Open-Falcon's judge, which compares points with alarm strategies.
type judge struct {
	gobService
	pace
}

func newJudge(section *g.Backend, minStep int) (plan, error) {
	if err := checkNodes(section, "6080"); err != nil {
		return plan{}, err
	}
	service, err := newGobService(section, "Judge.Send", []*JudgeItem{})
	if err != nil {
		return plan{}, err
	}
	service.ping = "Judge.Ping"
	return plan{
		Backend: &judge{gobService: service, pace: newPace(minStep)},
		Rules:   Rules{Encoding: "judge/1"},
	}, nil
}

// Wants is true: judge takes every point.
func (j *judge) Wants(*metric.Point) bool { return true }

// AppendSeries appends all of a gob JudgeItem but its value and timestamp.
func (j *judge) AppendSeries(dst []byte, p *metric.Point) []byte {
	item := gobStruct{dst: beginHead(dst)}
	item.text(0, p.Endpoint)
	item.text(1, p.Metric)
	item.cut(2, len(dst), p.Type.String())
	item.tags(5, p.Tags)
	return item.end()
}

// AppendItem appends the point as a gob JudgeItem.
func (j *judge) AppendItem(dst, series []byte, p *metric.Point) []byte {
	return appendGobItem(dst, series, p.Value, j.timestamp(p))
}
