package metric

// Reason says why a point was refused. Reasons label counters, so the set is
// closed and small.
type Reason uint8

// Accepted is the zero Reason; every other one makes the point invalid.
const (
	Accepted       Reason = iota
	NotObject             // null, or an element that is no object
	BadField              // endpoint, metric or counterType of another type than string
	NoEndpoint            // empty or missing
	NoMetric              // empty or missing
	ReservedMetric        // kernel.hostname, which only the agent's own use knows
	BadType               // counterType is none of GAUGE, COUNTER, DERIVE
	BadValue              // no number, out of range, or missing
	NotFinite             // NaN or an infinity
	BadStep               // zero, negative or no integer
	BadTimestamp          // no integer
	BadTags               // an object of tags that would not give one series
	TooLong               // metric and tags together over MaxNameBytes
	BadLine               // a line that is no update
	LineTooLong           // a line over the limit of bytes

	// NumReasons is the number of Reasons, Accepted included.
	NumReasons int = iota
)

// Reasons returns the names of all reasons, indexed by Reason.
func Reasons() []string {
	names := [NumReasons]string{
		Accepted: "accepted", NotObject: "not_object", BadField: "field_type",
		NoEndpoint: "endpoint_empty", NoMetric: "metric_empty", ReservedMetric: "metric_reserved",
		BadType: "counter_type", BadValue: "value", NotFinite: "value_not_finite",
		BadStep: "step", BadTimestamp: "timestamp", BadTags: "tags", TooLong: "name_too_long",
		BadLine: "line_malformed", LineTooLong: "line_too_long",
	}
	return names[:]
}

// String returns the reason's name as counters show it.
func (r Reason) String() string {
	if int(r) >= NumReasons {
		return "unknown"
	}
	return Reasons()[r]
}
