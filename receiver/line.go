package receiver

import (
	"strings"
	"unsafe"

	"transfer/g/metric"
)

// What a line leaves out.
const (
	defaultLineType = metric.Counter
	defaultLineStep = 60 // seconds
)

// readLine reads one line, without its newline, as a point of the batch:
//
//	update ENDPOINT COUNTER TIMESTAMP VALUE [TYPE] [STEP | HEARTBEAT:MIN:MAX:STEP]
//
// A line that is something else becomes a refused point, but for quit, which it
// reports. The point aliases the line; its counter is not parted.
func readLine(b *metric.Batch, line []byte) (quit bool) {
	var fields [maxLineFields]string
	n := splitFields(fields[:], alias(line))
	if n == 1 && fields[0] == "quit" {
		return true
	}
	p := b.Add()
	if n < minLineFields || n > maxLineFields || fields[0] != "update" {
		p.Refused = metric.BadLine
		return false
	}
	p.Endpoint = fields[1]
	p.Metric, p.Joined = fields[2], true
	p.Type, p.Step = defaultLineType, defaultLineStep
	if n > minLineFields {
		p.Type = metric.ParseCounterType(fields[minLineFields])
	}
	p.Refused = readLineNumbers(p, fields[3], fields[4], fields[6])
	return false
}

// The fields of an update, the word included.
const (
	minLineFields = 5
	maxLineFields = 7
)

// readLineNumbers reads the numbers of an update and returns the first fault.
func readLineNumbers(p *metric.Point, timestamp, value, step string) metric.Reason {
	var fault metric.Reason
	if p.Value, fault = metric.ParseValue(value); fault != metric.Accepted {
		return fault
	}
	var ok bool
	if p.Timestamp, ok = metric.ParseInteger(timestamp); !ok {
		return metric.BadTimestamp
	}
	if step == "" {
		return metric.Accepted
	}
	switch parts := strings.Count(step, ":") + 1; parts {
	case 1, 4:
		step = step[strings.LastIndexByte(step, ':')+1:]
	default:
		return metric.BadLine
	}
	if p.Step, ok = metric.ParseInteger(step); !ok {
		return metric.BadStep
	}
	return metric.Accepted
}

// splitFields puts the fields of a line, which white space parts, into fields and
// returns how many there are: one more than there is room for if they are too
// many.
func splitFields(fields []string, line string) int {
	n := 0
	for field := range strings.FieldsSeq(line) {
		if n == len(fields) {
			return n + 1
		}
		fields[n] = field
		n++
	}
	return n
}

// alias returns b as a string that changes when b does.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
