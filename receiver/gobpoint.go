package receiver

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"transfer/g/metric"
)

var errNoGobPoints = errors.New("argument is no slice of points")

// gobPoints reads the argument of Transfer.Update.
type gobPoints struct {
	*gobReader
	types *gobTypes
	shape gobType // of a point, as the client has it
	// zeroValue says that a Value that was left out is 0 and not missing.
	zeroValue bool
}

// readGobPoints reads a value of the type id, a slice of points, into the batch. A
// field of the wrong type costs its point. The points alias what r reads. Whatever
// the error, r stands behind the value, unless r itself has an error.
func readGobPoints(types *gobTypes, id gobID, r *gobReader, batch *metric.Batch, limit int) error {
	slice := types.byID[id]
	g := gobPoints{gobReader: r, types: types, shape: types.byID[slice.elem]}
	if slice.kind != gobSlice || g.shape.kind != gobStruct {
		types.skipMessage(id, r)
		return errNoGobPoints
	}
	for _, f := range g.shape.fields {
		if f.name == "Value" {
			g.zeroValue = f.id == gobInt || f.id == gobUint64 || f.id == gobFloat
		}
	}
	types.openSingle(id, r)
	n := g.uint()
	if n > uint64(limit) {
		for ; n > 0 && g.err == nil; n-- {
			types.skip(slice.elem, r, 0)
		}
		return fmt.Errorf("%w: at most %d in one request", metric.ErrTooManyPoints, limit)
	}
	for ; n > 0 && g.err == nil; n-- {
		g.point(batch.Add())
	}
	if g.err != nil || len(g.data) > 0 {
		return fmt.Errorf("cannot read the points: %w", errGob)
	}
	return nil
}

// point reads one point. Fields with their zero value are not there.
func (g *gobPoints) point(p *metric.Point) {
	valued := g.zeroValue
	fault := metric.Accepted
	g.fields(func(number int) {
		field := g.shape.field(number)
		reason := metric.Accepted
		switch field.name {
		case "Endpoint":
			p.Endpoint, reason = g.text(field.id, metric.BadField)
		case "Metric":
			p.Metric, reason = g.text(field.id, metric.BadField)
		case "Type":
			var name string
			name, reason = g.text(field.id, metric.BadField)
			p.Type = metric.ParseCounterType(name)
		case "Tags":
			p.RawTags, reason = g.text(field.id, metric.BadTags)
		case "Value":
			p.Value, reason = g.value(field.id)
			valued = true
		case "Step":
			p.Step, reason = g.integer(field.id, metric.BadStep)
		case "Timestamp":
			p.Timestamp, reason = g.integer(field.id, metric.BadTimestamp)
		default:
			g.types.skip(field.id, g.gobReader, 0)
		}
		if fault == metric.Accepted {
			fault = reason
		}
	})
	if fault == metric.Accepted && !valued {
		fault = metric.BadValue
	}
	p.Refused = fault
}

// text reads a string. A value of another type is skipped, for the given reason.
func (g *gobPoints) text(id gobID, otherwise metric.Reason) (string, metric.Reason) {
	if id != gobString {
		g.types.skip(id, g.gobReader, 0)
		return "", otherwise
	}
	return alias(g.bytes()), metric.Accepted
}

// integer reads a whole number. Another value is skipped, for the given reason.
func (g *gobPoints) integer(id gobID, otherwise metric.Reason) (n int64, reason metric.Reason) {
	ok := true
	switch id {
	case gobInt:
		n = g.int()
	case gobUint64:
		v := g.uint()
		n, ok = int64(v), v <= math.MaxInt64
	case gobFloat:
		n, ok = metric.ParseInteger(strconv.FormatFloat(g.float(), 'g', -1, 64))
	case gobString:
		n, ok = metric.ParseInteger(alias(g.bytes()))
	default:
		g.types.skip(id, g.gobReader, 0)
		ok = false
	}
	if !ok {
		return 0, otherwise
	}
	return n, metric.Accepted
}

// value reads a number, or a string that holds one, in an interface or bare. A
// value of another type is skipped.
func (g *gobPoints) value(id gobID) (v float64, reason metric.Reason) {
	if id == gobInterface {
		id = g.types.openInterface(g.gobReader)
	}
	switch id {
	case gobNil:
		reason = metric.BadValue
	case gobInt:
		v = float64(g.int())
	case gobUint64:
		v = float64(g.uint())
	case gobFloat:
		v = g.float()
	case gobString:
		v, reason = metric.ParseValue(alias(g.bytes()))
	default:
		g.types.skip(id, g.gobReader, 0)
		reason = metric.BadValue
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, metric.NotFinite
	}
	return v, reason
}
