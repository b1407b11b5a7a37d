package plain

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// MetricValue is a point on the wire of Transfer.Update. net/rpc wants it exported.
type MetricValue struct {
	Endpoint  string      `json:"endpoint"`
	Metric    string      `json:"metric"`
	Value     interface{} `json:"value"`
	Step      int64       `json:"step"` // seconds
	Type      string      `json:"counterType"`
	Tags      string      `json:"tags"`      // k=v,k2=v2
	Timestamp int64       `json:"timestamp"` // Unix seconds
}

// point is a MetricValue that was found valid.
type point struct {
	key       string // endpoint/metric[/k=v,k2=v2], tags sorted
	endpoint  string
	metric    string
	tags      map[string]string
	value     float64
	step      int64 // seconds
	dsType    string
	timestamp int64 // Unix seconds
}

// maxNames bounds metric and tags together, bytes.
const maxNames = 510

// newPoint checks v and returns its point. now is in Unix seconds.
func newPoint(v *MetricValue, now int64) (*point, error) {
	if v == nil || v.Endpoint == "" || v.Metric == "" || v.Metric == "kernel.hostname" {
		return nil, fmt.Errorf("point without a usable name")
	}
	if v.Type != "GAUGE" && v.Type != "COUNTER" && v.Type != "DERIVE" {
		return nil, fmt.Errorf("unknown counter type %q", v.Type)
	}
	if v.Step <= 0 {
		return nil, fmt.Errorf("step %d is not positive", v.Step)
	}
	if len(v.Metric)+len(v.Tags) > maxNames {
		return nil, fmt.Errorf("metric and tags are longer than %d bytes", maxNames)
	}
	value, err := parseValue(v.Value)
	if err != nil {
		return nil, err
	}
	timestamp := v.Timestamp
	if timestamp <= 0 || timestamp > 2*now {
		timestamp = now
	}
	tags := parseTags(v.Tags)
	return &point{
		key:       newKey(v.Endpoint, v.Metric, tags),
		endpoint:  v.Endpoint,
		metric:    v.Metric,
		tags:      tags,
		value:     value,
		step:      v.Step,
		dsType:    v.Type,
		timestamp: timestamp,
	}, nil
}

func parseValue(v interface{}) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case string:
		return strconv.ParseFloat(v, 64)
	}
	return 0, fmt.Errorf("value is %T, neither number nor string", v)
}

// parseTags returns the tags of k=v,k2=v2, an empty map when there are none.
func parseTags(s string) map[string]string {
	tags := make(map[string]string)
	s = strings.ReplaceAll(s, " ", "")
	if s == "" {
		return tags
	}
	for _, tag := range strings.Split(s, ",") {
		if pair := strings.SplitN(tag, "=", 2); len(pair) == 2 {
			tags[pair[0]] = pair[1]
		}
	}
	return tags
}

func newKey(endpoint, metric string, tags map[string]string) string {
	key := endpoint + "/" + metric
	if len(tags) > 0 {
		key += "/" + joinTags(tags)
	}
	return key
}

func joinTags(tags map[string]string) string {
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	pairs := make([]string, len(keys))
	for i, k := range keys {
		pairs[i] = k + "=" + tags[k]
	}
	return strings.Join(pairs, ",")
}
