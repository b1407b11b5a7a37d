package pipeline

import (
	"math"
	"strings"

	"transfer/g/metric"
)

// reservedMetric is what agents of old used to report their own name; no backend
// of a site has a use for it.
const reservedMetric = "kernel.hostname"

// isDoubtful reports whether a point may be refused for what its joined counter turns
// out to be: too long, the reserved metric, or tags without a metric. Such a point is
// parted before it is validated. The others are as valid joined as parted, and nothing
// is parted that the series cache knows.
func isDoubtful(counter string) bool {
	if counter == "" || len(counter) > metric.MaxNameBytes {
		return true
	}
	first := counter[0] // which tells for nearly all
	return first == '/' || first == reservedMetric[0] && strings.HasPrefix(counter, reservedMetric)
}

// validate returns why the point is invalid, or Accepted. What the decoder could
// not use comes first, since its other fields may then be anything. It changes
// nothing and looks only at what was sent; no joined counter is doubtful.
func validate(p *metric.Point) metric.Reason {
	switch {
	case p.Refused != metric.Accepted:
		return p.Refused
	case p.Endpoint == "":
		return metric.NoEndpoint
	case p.Metric == "":
		return metric.NoMetric
	case p.Metric == reservedMetric:
		return metric.ReservedMetric
	case p.Type == metric.NoType:
		return metric.BadType
	case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
		return metric.NotFinite
	case p.Step <= 0:
		return metric.BadStep
	case len(p.Metric)+len(p.RawTags) > metric.MaxNameBytes:
		return metric.TooLong
	}
	return metric.Accepted
}
