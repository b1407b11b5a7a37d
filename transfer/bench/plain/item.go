package plain

// JudgeItem is a point on the wire of Judge.Send.
type JudgeItem struct {
	Endpoint  string
	Metric    string
	Value     float64
	Timestamp int64
	JudgeType string
	Tags      map[string]string
}

// GraphItem is a point on the wire of Graph.Send.
type GraphItem struct {
	Endpoint  string
	Metric    string
	Tags      map[string]string
	Value     float64
	Timestamp int64
	DsType    string
	Step      int
	Heartbeat int
	Min       string
	Max       string
}

// minStep is the shortest step that judge and graph are told of, seconds.
const minStep = 30

func newJudgeItem(p *point) interface{} {
	step := max(p.step, minStep)
	return &JudgeItem{
		Endpoint:  p.endpoint,
		Metric:    p.metric,
		Value:     p.value,
		Timestamp: p.timestamp - p.timestamp%step,
		JudgeType: p.dsType,
		Tags:      p.tags,
	}
}

func newGraphItem(p *point) interface{} {
	step := max(p.step, minStep)
	item := &GraphItem{
		Endpoint:  p.endpoint,
		Metric:    p.metric,
		Tags:      p.tags,
		Value:     p.value,
		Timestamp: p.timestamp - p.timestamp%step,
		DsType:    "DERIVE",
		Step:      int(step),
		Heartbeat: int(step) * 2,
		Min:       "0",
		Max:       "U",
	}
	if p.dsType == "GAUGE" {
		item.DsType = "GAUGE"
		item.Min = "U"
	}
	return item
}

// judgeItems returns what a queue for judge held as the argument of a call.
func judgeItems(list []interface{}) interface{} {
	items := make([]*JudgeItem, len(list))
	for i, item := range list {
		items[i] = item.(*JudgeItem)
	}
	return items
}

// graphItems returns what a queue for graph held as the argument of a call.
func graphItems(list []interface{}) interface{} {
	items := make([]*GraphItem, len(list))
	for i, item := range list {
		items[i] = item.(*GraphItem)
	}
	return items
}
