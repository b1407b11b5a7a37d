package receiver

import "transfer/g/metric"

// lineForm is what the lines of one sender have in common: they name one endpoint and
// one time again and again, and end alike. What a line shares with the one before it is
// compared at once, and only counter and value are read, which takes half the time. The
// zero form fits no line.
type lineForm struct {
	head     string // up to the counter
	stamp    string // between counter and value
	tail     string // behind the value, with the newline
	shortest bool   // the timestamp has neither a sign nor zeros in front
	point    metric.Point
}

// scan reads the line of the usual shape that begins at text[at] as a point of the
// batch, in one pass: an update whose fields are ASCII and parted by single spaces,
// with plain numbers. It returns the place behind its newline, and 0 when it is
// anything else or longer than maxLine bytes: then the batch is as before, and readLine
// is to say what it is. What scan reads it reads exactly as readLine does.
//
// The point aliases text, and so does the form from then on. Its counter is not parted,
// which took a third of the reading: whoever remembers the series needs no parts.
func (f *lineForm) scan(b *metric.Batch, text string, at, maxLine int) (next int) {
	counter := at + len(f.head)
	if f.head == "" || !metric.HasAt(text, at, f.head) {
		return f.learn(b, text, at, maxLine)
	}
	end := metric.FieldEnd(text, counter)
	if end == counter || !metric.HasAt(text, end, f.stamp) {
		return f.learn(b, text, at, maxLine)
	}
	name, stamp := text[counter:end], end+1
	value := end + len(f.stamp)
	v, end, shortest := metric.PlainDecimal(text, value)
	next = end + len(f.tail)
	if end == value || !metric.HasAt(text, end, f.tail) || next-1-at > maxLine {
		return f.learn(b, text, at, maxLine)
	}
	p := b.AddCopy(&f.point)
	p.Metric, p.Value = name, v
	if f.shortest && shortest {
		p.Sample = text[stamp:end]
	}
	return next
}

// learn is scan for a line of any form, which is that of the next line too.
func (f *lineForm) learn(b *metric.Batch, text string, at, maxLine int) (next int) {
	const word = "update "
	f.head = ""
	if !metric.HasAt(text, at, word) {
		return 0
	}
	endpoint := at + len(word)
	end := metric.FieldEnd(text, endpoint)
	if end == endpoint || !spaceAt(text, end) {
		return 0
	}
	point := metric.Point{Endpoint: text[endpoint:end], Joined: true, Type: defaultLineType, Step: defaultLineStep}
	counter := end + 1
	stamp := metric.FieldEnd(text, counter)
	if stamp == counter || !spaceAt(text, stamp) {
		return 0
	}
	if point.Timestamp, end = metric.PlainInteger(text, stamp+1); end == stamp+1 || !spaceAt(text, end) {
		return 0
	}
	value := end + 1
	v, tail, shortest := metric.PlainDecimal(text, value)
	if tail == value {
		return 0
	}
	end = tail
	if spaceAt(text, end) {
		from := end + 1
		if end = metric.FieldEnd(text, from); end == from {
			return 0
		}
		point.Type = metric.ParseCounterType(text[from:end])
	}
	if spaceAt(text, end) {
		from := end + 1
		if point.Step, end = metric.PlainInteger(text, from); end == from {
			return 0
		}
	}
	if end == len(text) || text[end] != '\n' || end-at > maxLine {
		return 0
	}
	*f = lineForm{head: text[at:counter], stamp: text[stamp:value], tail: text[tail : end+1], point: point}
	f.shortest = text[stamp+1] > '0' && text[stamp+1] <= '9'
	point.Metric, point.Value = text[counter:stamp], v
	if f.shortest && shortest {
		point.Sample = text[stamp+1 : tail]
	}
	b.AddCopy(&point)
	return end + 1
}

func spaceAt(text string, at int) bool { return at < len(text) && text[at] == ' ' }
