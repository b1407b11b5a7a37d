package receiver

import (
	"encoding/gob"
	"errors"
	"net/rpc"
	"time"

	"transfer/g/stat"
)

// maxGobHeader bounds the messages that say which method is called, in bytes.
const maxGobHeader = 16 << 10

// gobCodec speaks net/rpc's own codec: each request is a header and an argument,
// two gob values, each behind the definitions of its types.
type gobCodec struct {
	*client
	types   gobTypes
	begun   bool         // bytes of the next request have come
	header  *rpc.Request // read already, its argument is still to come
	needed  int          // bytes that must be there before the argument is looked at again
	replies *gob.Encoder
}

func newGobCodec(c *client) *gobCodec {
	return &gobCodec{client: c, types: gobTypes{byID: make(map[gobID]gobType)}, replies: gob.NewEncoder(c)}
}

// end has nothing to give back.
func (g *gobCodec) end() {}

func (g *gobCodec) stage() stage {
	switch {
	case g.header != nil:
		return inBody
	case g.begun:
		return inHeader
	}
	return idle
}

// next takes one message: a definition, a header or an argument. An argument may
// go on in further messages: a stock encoder breaks off where it meets a new type
// in an interface, to define it.
func (g *gobCodec) next(data []byte) (used int, err error) {
	if len(data) == 0 || len(data) < g.needed {
		return 0, nil
	}
	g.begun = true
	limit := uint64(maxGobHeader)
	if g.header != nil {
		limit = uint64(g.limits.RequestBytes)
	}
	size, prefix := gobUint(data)
	switch {
	case prefix < 0:
		return 0, &refusal{stat.Malformed, errGob}
	case prefix > 0 && size > limit:
		return 0, &refusal{stat.TooLarge, errors.New("gob message too large")}
	case prefix == 0 || uint64(len(data)-prefix) < size:
		return 0, nil
	}
	used = prefix + int(size)
	r := gobReader{data: data[prefix:used], behind: data[used:]}
	switch id := gobID(r.int()); {
	case r.err != nil:
	case id < 0:
		if g.types.define(-id, &r); len(r.data) > 0 {
			r.fail()
		}
	case g.header == nil:
		g.readHeader(id, &r)
	default:
		err = g.answer(id, &r)
		if errors.Is(r.err, errGobMore) {
			g.needed = len(data) + r.missing
			return 0, nil
		}
		g.needed = 0
		return len(data) - len(r.behind), err
	}
	if r.err != nil {
		return 0, &refusal{stat.Malformed, r.err}
	}
	return used, nil
}

// readHeader reads a net/rpc Request.
func (g *gobCodec) readHeader(id gobID, r *gobReader) {
	shape := g.types.byID[id]
	if shape.kind != gobStruct {
		r.fail()
		return
	}
	g.header = new(rpc.Request)
	r.fields(func(number int) {
		switch field := shape.field(number); field {
		case gobField{"ServiceMethod", gobString}:
			g.header.ServiceMethod = string(r.bytes())
		case gobField{"Seq", gobUint64}:
			g.header.Seq = r.uint()
		default:
			g.types.skip(field.id, r, 0)
		}
	})
}

// What is answered, in the shape that the original's clients know.
type (
	gobSummary struct {
		Message        string
		Total, Invalid int
		Latency        int64 // ms
	}
	gobPong struct{ Code int }
)

// answer carries out the request whose argument is a value of the type id, which r
// reads. It does nothing when r meets errGobMore. The argument of another method
// than Transfer.Update may be anything.
func (g *gobCodec) answer(id gobID, r *gobReader) error {
	start := time.Now()
	method := g.header.ServiceMethod
	batch := g.batch()
	defer g.doneWith(batch)
	var fault error
	before := g.types.mark()
	if method == updateMethod {
		fault = readGobPoints(&g.types, id, r, batch, g.limits.PointsPerRequest)
	} else {
		g.types.skipMessage(id, r)
	}
	if errors.Is(r.err, errGobMore) {
		g.types.forget(before)
		return nil
	}
	response := rpc.Response{ServiceMethod: method, Seq: g.header.Seq}
	g.header, g.begun = nil, false
	g.counts.Requests.Add(1)

	invalid, err := g.call(method, batch, fault)
	var reply any
	switch {
	case err != nil:
		response.Error = err.Error()
		reply = struct{}{}
	case method == pingMethod:
		reply = gobPong{}
	default:
		reply = gobSummary{"ok", len(batch.Points), invalid, time.Since(start).Milliseconds()}
	}
	return errors.Join(g.replies.Encode(&response), g.replies.Encode(reply))
}
