package sender

import (
	"math"
	"strconv"

	"transfer/g"
	"transfer/g/metric"
)

// P8sItem is a point as Open-Falcon's p8s_relay takes it, in P8sRelay.Send
// (falcon-plus, common/model).
type P8sItem struct {
	Endpoint   string
	Metric     string
	Tags       map[string]string
	Value      float64
	Timestamp  int64
	MetricType string
	Step       int
}

// p8sRelay sends to Open-Falcon's p8s_relay, which shows points to Prometheus.
type p8sRelay struct {
	gobService
	pace
	filter filter
}

func newP8sRelay(section *g.Backend, minStep int) (plan, error) {
	if err := checkNodes(section, "8080"); err != nil {
		return plan{}, err
	}
	service, err := newGobService(section, "P8sRelay.Send", []*P8sItem{})
	if err != nil {
		return plan{}, err
	}
	backend := &p8sRelay{gobService: service, pace: newPace(minStep), filter: newFilter(section.NotSyncMetrics)}
	return plan{Backend: backend, Rules: Rules{Encoding: "p8s_relay/1"}}, nil
}

// Wants leaves out the metrics of notSyncMetrics and the types that Prometheus
// does not know.
func (r *p8sRelay) Wants(p *metric.Point) bool { return r.WantsBy(r.filter, p) }

// Filter returns the metrics of notSyncMetrics.
func (r *p8sRelay) Filter() filter { return r.filter }

// WantsBy is Wants with other metrics to be left out.
func (r *p8sRelay) WantsBy(f filter, p *metric.Point) bool {
	return (p.Type == metric.Gauge || p.Type == metric.Counter) && f.passes(p)
}

// AppendSeries appends all of a gob P8sItem but its value and timestamp.
func (r *p8sRelay) AppendSeries(dst []byte, p *metric.Point) []byte {
	item := gobStruct{dst: beginHead(dst)}
	item.text(0, p.Endpoint)
	item.text(1, p.Metric)
	item.tags(2, p.Tags)
	item.cut(3, len(dst), p.Type.String())
	item.int(6, r.step(p))
	return item.end()
}

// AppendItem appends the point as a gob P8sItem.
func (r *p8sRelay) AppendItem(dst, series []byte, p *metric.Point) []byte {
	return appendGobItem(dst, series, threeDecimals(p.Value), r.timestamp(p))
}

// threeDecimals rounds v to three decimals as fmt's %.3f does, to even on the
// value's exact decimal digits.
func threeDecimals(v float64) float64 {
	if math.Abs(v) < 1<<42 {
		// The product lies below 2^52, where float64s are no further apart than 1/2, and
		// is rounded to one of them. So it is on the same side of a half as the exact
		// product, unless it is on the half itself. The quotient of two integers is
		// rounded as a parser would. All this takes 4 ns, the way by text 90. The
		// conversion forbids the compiler to fuse the product with the subtraction.
		product := float64(v * 1000)
		if rounded := math.RoundToEven(product); math.Abs(product-rounded) != 0.5 {
			return rounded / 1000
		}
	}
	return threeDecimalsByText(v)
}

// threeDecimalsByText is threeDecimals for any v.
func threeDecimalsByText(v float64) float64 {
	const integral = 1 << 52 // from here on a float64 has no fraction
	if math.Abs(v) >= integral {
		return v
	}
	var room [24]byte // 16 digits, sign, point, 3 decimals
	text := strconv.AppendFloat(room[:0], v, 'f', 3, 64)
	rounded, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return v // cannot be: the text is a number in range
	}
	return rounded
}
