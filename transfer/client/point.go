// Package client pushes points to a relay as agents and scripts do: over
// net/rpc (JSON or gob), HTTP or the line socket.
package client

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	jsoniter "github.com/json-iterator/go"
)

// Point is a point as a client sends it. Its fields are those of the wire, in
// JSON and in gob; the relay validates them.
type Point struct {
	Endpoint  string `json:"endpoint"`
	Metric    string `json:"metric"`
	Value     any    `json:"value"` // float64, or a string that holds a number
	Step      int64  `json:"step"`  // seconds
	Type      string `json:"counterType"`
	Tags      string `json:"tags"`      // k=v,k2=v2
	Timestamp int64  `json:"timestamp"` // Unix seconds; 0 is now, by the relay's clock
}

// The defaults of a line, by the protocol of the socket.
const (
	lineType = "COUNTER"
	lineStep = 60
)

// parsePoint reads one point, as JSON or as an update line. The text is not
// empty.
func parsePoint(text []byte) (*Point, error) {
	if text[0] != '{' {
		return parseLine(string(text))
	}
	p := new(Point)
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("cannot read the point: %w", err)
	}
	switch p.Value.(type) {
	case float64, string: // gob would refuse the whole batch for any other
		return p, nil
	}
	return nil, errors.New("cannot read the point: its value is neither number nor string")
}

// parseLine reads
//
//	update ENDPOINT COUNTER TIMESTAMP VALUE [TYPE] [STEP | HEARTBEAT:MIN:MAX:STEP]
func parseLine(line string) (*Point, error) {
	f := strings.Fields(line)
	if len(f) == 0 || f[0] != "update" {
		return nil, errors.New("cannot read the line: begin it with update or {")
	}
	if len(f) < 5 || len(f) > 7 {
		return nil, fmt.Errorf("cannot read the line: update takes 4 to 6 fields, here are %d", len(f)-1)
	}
	p := &Point{Endpoint: f[1], Value: f[4], Type: lineType, Step: lineStep}
	p.Metric, p.Tags = splitCounter(f[2])
	var err error
	if p.Timestamp, err = strconv.ParseInt(f[3], 10, 64); err != nil {
		return nil, fmt.Errorf("cannot read the timestamp: %w", err)
	}
	if len(f) > 5 {
		p.Type = f[5]
	}
	if len(f) > 6 {
		step := f[6]
		if parts := strings.Split(step, ":"); len(parts) == 4 {
			step = parts[3]
		}
		if p.Step, err = strconv.ParseInt(step, 10, 64); err != nil {
			return nil, fmt.Errorf("cannot read the step: %w", err)
		}
	}
	return p, nil
}

// splitCounter parts metric/k=v,k2=v2 at the first slash behind which there are
// only tags, as the relay does.
func splitCounter(counter string) (metric, tags string) {
	for at := range len(counter) {
		if counter[at] == '/' && areTags(counter[at+1:]) {
			return counter[:at], counter[at+1:]
		}
	}
	return counter, ""
}

// areTags reports whether every piece has a key before its "=".
func areTags(s string) bool {
	for piece := range strings.SplitSeq(s, ",") {
		if strings.IndexByte(piece, '=') < 1 {
			return false
		}
	}
	return true
}

// appendLine appends the point as an update line, or returns false for a point
// that no line can express.
func appendLine(dst []byte, p *Point) ([]byte, bool) {
	counter := p.Metric
	if p.Tags != "" {
		counter += "/" + p.Tags
	}
	value, ok := p.Value.(string)
	if number, isNumber := p.Value.(float64); isNumber {
		value, ok = strconv.FormatFloat(number, 'g', -1, 64), true
	}
	fields := []string{p.Endpoint, counter, strconv.FormatInt(p.Timestamp, 10), value, p.Type, strconv.FormatInt(p.Step, 10)}
	for _, f := range fields {
		if got := strings.Fields(f); len(got) != 1 || got[0] != f {
			return dst, false
		}
	}
	if metric, tags := splitCounter(counter); !ok || metric != p.Metric || tags != p.Tags {
		return dst, false
	}
	dst = append(dst, "update"...)
	for _, f := range fields {
		dst = append(dst, ' ')
		dst = append(dst, f...)
	}
	return append(dst, '\n'), true
}
