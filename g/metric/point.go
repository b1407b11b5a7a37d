// Package metric holds the point, its key and its codecs: what every other
// package may know of a metric.
package metric

// CounterType says how a series' values are to be read. The zero value is no
// counter type: a point that carries it is refused.
type CounterType uint8

// The three counter types of Open-Falcon.
const (
	NoType  CounterType = iota
	Gauge               // the value itself
	Counter             // a rising counter; the backend takes its rate
	Derive              // as Counter, kept apart for the sake of the sites that send it
)

// ParseCounterType returns the counter type named by s, or NoType. The names
// are case-sensitive, as in the original.
func ParseCounterType(s string) CounterType {
	switch s {
	case "GAUGE":
		return Gauge
	case "COUNTER":
		return Counter
	case "DERIVE":
		return Derive
	}
	return NoType
}

// String returns the name on the wire, empty for NoType.
func (t CounterType) String() string {
	switch t {
	case Gauge:
		return "GAUGE"
	case Counter:
		return "COUNTER"
	case Derive:
		return "DERIVE"
	}
	return ""
}

// Tag is one key and value of a point.
type Tag struct {
	Key, Value string
}

// Point is one sample of one series. A receiver fills the first part as it was
// sent; the pipeline validates the point and fills the second.
//
// A Sample is "TIMESTAMP VALUE" as the client wrote it, where that is what a backend
// would be written too: both in the fewest decimal digits that say the same, without an
// exponent, the value 0 or from 1e-6 to below 1e15 in size.
//
// The strings may alias the buffer that the point was parsed from, or its
// Batch: they are valid until either is used again. Whoever keeps one, copies it.
type Point struct {
	Endpoint  string
	Metric    string
	RawTags   string // k=v,k2=v2 as sent; empty if Joined
	Value     float64
	Timestamp int64  // Unix seconds; zero or less: the time of arrival
	Sample    string // Timestamp and Value as text, see above; empty if they were sent otherwise
	Step      int64  // seconds
	Type      CounterType
	Refused   Reason // why it is invalid: the decoder says what it could not use, the pipeline the rest
	Joined    bool   // Metric is METRIC[/k=v,k2=v2], as a line has it, until Part is called

	Tags    []Tag  // sorted by key as bytes, no key twice
	Key     string // endpoint/metric[/k=v,k2=v2], see AppendKey; empty if refused
	Sum     uint32 // CRC-32 (IEEE) of Key
	Murmur3 uint32 // MurmurHash3 of Key, where a ring places by it
}
