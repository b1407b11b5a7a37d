package pipeline

import (
	"math"

	"transfer/g/metric"
)

// reservedMetric is what agents of old used to report their own name; no backend
// of a site has a use for it.
const reservedMetric = "kernel.hostname"

// validate returns why the point is invalid, or Accepted. What the decoder could
// not use comes first, since its other fields may then be anything. It changes
// nothing and looks only at what was sent.
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
