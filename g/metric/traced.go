package metric

// Traced is an accepted point as /trace and /filter show it: a copy that aliases
// no batch. Keys and their order are those of the original.
type Traced struct {
	Metric      string            `json:"metric"`
	Endpoint    string            `json:"endpoint"`
	Timestamp   int64             `json:"timestamp"` // Unix seconds, as accepted
	Step        int64             `json:"step"`      // seconds, as accepted
	Value       float64           `json:"value"`
	CounterType string            `json:"counterType"`
	Tags        map[string]string `json:"tags"` // empty without tags, never nil
}
