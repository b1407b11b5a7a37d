package receiver

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math"
	"net/rpc"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// gobItem is the argument of the original's gob clients.
type gobItem struct {
	Endpoint, Metric string
	Value            any
	Step             int64
	Type, Tags       string
	Timestamp        int64
}

type gobReply struct {
	Message        string
	Total, Invalid int
	Latency        int64
}

func TestGobRPCStockClient(t *testing.T) {
	d := open(t, ListenRPC, testLimits(), &store{refuse: 1})
	client, err := rpc.Dial("tcp", d.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()

	var pong struct{ Code int }
	require.NoError(t, client.Call("Transfer.Ping", struct{}{}, &pong))
	require.NoError(t, client.Call("Transfer.Ping", map[string][]gobItem{"x": {{Value: 1}}}, &pong))
	require.EqualError(t, client.Call("Transfer.Nope", "x", &pong), "rpc: can't find method Transfer.Nope")
	require.EqualError(t, client.Call("Transfer.Update", 5, &pong), "argument is no slice of points")

	items := []*gobItem{
		{"e", "m", 1.5, 60, "GAUGE", "a=b", 1700000000},
		{"e", "m", "1e3", 60, "COUNTER", "", 0},
		{"e", "m", int64(-7), -60, "DERIVE", "", -1},
		{"e", "m", uint8(7), 60, "GAUGE", "", 1},
		{"e", "m", math.NaN(), 60, "GAUGE", "", 1},
		{"e", "m", true, 60, "GAUGE", "", 1},
		{},
	}
	var reply gobReply
	require.EqualError(t, client.Call("Transfer.Update", items, &reply), "retry: later")
	require.NoError(t, client.Call("Transfer.Update", items, &reply))
	require.Equal(t, gobReply{"ok", 7, 3, reply.Latency}, reply)
	require.Equal(t, []metric.Point{
		{Endpoint: "e", Metric: "m", Value: 1.5, Step: 60, Type: metric.Gauge, RawTags: "a=b", Timestamp: 1700000000},
		{Endpoint: "e", Metric: "m", Value: 1000, Step: 60, Type: metric.Counter},
		{Endpoint: "e", Metric: "m", Value: -7, Step: -60, Type: metric.Derive, Timestamp: -1},
		{Endpoint: "e", Metric: "m", Value: 7, Step: 60, Type: metric.Gauge, Timestamp: 1},
		{Endpoint: "e", Metric: "m", Refused: metric.NotFinite, Step: 60, Type: metric.Gauge, Timestamp: 1},
		{Endpoint: "e", Metric: "m", Refused: metric.BadValue, Step: 60, Type: metric.Gauge, Timestamp: 1},
		{Refused: metric.BadValue},
	}, d.all())

	calls := make([]*rpc.Call, 100)
	for i := range calls {
		calls[i] = client.Go("Transfer.Update", items[:i%8], new(gobReply), nil)
	}
	for i, call := range calls {
		require.NoError(t, (<-call.Done).Error)
		require.Equal(t, i%8, call.Reply.(*gobReply).Total)
	}
}

func TestGobRPCOtherShapes(t *testing.T) {
	d := open(t, ListenRPC, testLimits(), new(store))
	client, err := rpc.Dial("tcp", d.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	var reply gobReply
	// Bare numbers, a step of another type, and fields that nobody knows.
	require.NoError(t, client.Call("Transfer.Update", []struct {
		Endpoint, Metric, Type string
		Value                  float64
		Step                   string
		Timestamp              float64
		Extra                  map[string][]any
		Nested                 struct{ A [2]bool }
	}{
		{"e", "m", "GAUGE", 0, "60", 17e8, map[string][]any{"x": {1, "y"}}, struct{ A [2]bool }{}},
		{"e", "m", "GAUGE", 1, "1m", 17e8, nil, struct{ A [2]bool }{}},
	}, &reply))
	// A field of the wrong type costs its points, not its request.
	require.NoError(t, client.Call("Transfer.Update", []struct {
		Endpoint, Metric, Type string
		Value, Step            int
		Tags                   map[string]string
	}{{"e", "m", "GAUGE", 1, 60, map[string]string{"a": "b"}}, {"e", "m", "GAUGE", 1, 60, nil}}, &reply))
	points := d.all()
	require.Equal(t, metric.Point{Endpoint: "e", Metric: "m", Type: metric.Gauge, Step: 60, Timestamp: 17e8}, points[0])
	require.Equal(t, metric.BadStep, points[1].Refused)
	require.Equal(t, metric.BadTags, points[2].Refused)
	require.Equal(t, metric.Accepted, points[3].Refused)
}

func TestGobRPCBombs(t *testing.T) {
	limits := testLimits()
	limits.PointsPerRequest = 10
	d := open(t, ListenRPC, limits, new(store))
	client, err := rpc.Dial("tcp", d.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	var reply gobReply
	require.EqualError(t, client.Call("Transfer.Update", make([]gobItem, 100_000), &reply), "too many points: at most 10 in one request")
	require.NoError(t, client.Call("Transfer.Update", make([]gobItem, 10), &reply))
	d.trouble(t, "too_many_points", 1)

	for text, trouble := range map[string]string{
		"\xf8\xff\xff\xff\xff\xff\xff\xff\xff":   "too_large",
		"\xfd\x01\x00\x00":                       "too_large",
		"\x00":                                   "malformed",
		"\x80":                                   "malformed",
		"\x02\xff\x81":                           "malformed",
		"\x05\x0c\x01\x02\x03\x04":               "malformed",
		string(stockRequest(t, 5)[:20]) + "junk": "malformed",
	} {
		before := d.counts.Closed.All()[trouble]
		c := d.dial(t)
		write(t, c, text)
		require.NoError(t, c.CloseWrite())
		require.Empty(t, rest(t, c), "%x", text)
		d.trouble(t, trouble, before+1)
	}
}

// TestGobRPCHugeMapEnds holds a value that claims 2^62 empty structs, for which
// encoding/gob's decoder works without end.
func TestGobRPCHugeMapEnds(t *testing.T) {
	types := gobTypes{byID: map[gobID]gobType{
		64: {kind: gobStruct},
		65: {kind: gobMap, key: 64, elem: 64},
		66: {kind: gobArray, elem: 66},
	}}
	r := gobReader{data: []byte("\xf8\x3f\xff\xff\xff\xff\xff\xff\xff")}
	types.skip(65, &r, 0)
	require.Error(t, r.err)
	r = gobReader{data: bytes.Repeat([]byte{1}, 100_000)}
	types.skip(66, &r, 0)
	require.Error(t, r.err)
}

func TestGobRPCDefinitionsAreBounded(t *testing.T) {
	types := gobTypes{byID: map[gobID]gobType{}}
	definition := "\x03\x01\x02\xff\x80\x00\x00\x00" // a struct without fields
	for id := gobFirstUser; ; id++ {
		r := gobReader{data: []byte(definition)}
		if types.define(id, &r); r.err != nil {
			break
		}
	}
	require.Less(t, len(types.byID), maxGobTypes)
	require.Greater(t, len(types.byID), 100)
}

// stockRequest is what a stock client sends to update n points.
func stockRequest(t testing.TB, n int) []byte {
	var stream bytes.Buffer
	encoder := gob.NewEncoder(&stream)
	require.NoError(t, encoder.Encode(&rpc.Request{ServiceMethod: updateMethod, Seq: 3}))
	items := make([]*gobItem, n)
	for i := range items {
		items[i] = &gobItem{"e", fmt.Sprint("m", i), float64(i), 60, "GAUGE", "a=b", 1700000000}
	}
	require.NoError(t, encoder.Encode(items))
	return stream.Bytes()
}

// readStream gives a codec the bytes of a stream in pieces and returns the points.
func readStream(newCodec func(*client) codec, stream []byte, piece int) ([]metric.Point, string, error) {
	s := new(store)
	c := newClient(newPort(testLimits(), s, testCounts()), nil, 0)
	codec := newCodec(&c)
	for from, to := 0, 0; ; {
		used, err := codec.next(stream[from:to])
		from += used
		if err != nil || used == 0 && to == len(stream) {
			return s.all(), string(c.out), err
		}
		if used == 0 {
			to = min(to+piece, len(stream))
		}
	}
}

// FuzzGobRequests reads streams of hostile clients, whole and in pieces.
func FuzzGobRequests(f *testing.F) {
	f.Add(stockRequest(f, 0))
	f.Add(stockRequest(f, 2))
	f.Add(append(stockRequest(f, 1), stockRequest(f, 1)...))
	var other bytes.Buffer
	encoder := gob.NewEncoder(&other)
	for _, argument := range []any{
		[]gobItem{{Value: "x"}, {Value: int64(1)}, {Value: []string{"a"}}},
		[]struct {
			Value uint
			Tags  map[string][2]any
			Step  complex128
		}{{Value: 1, Tags: map[string][2]any{"a": {1, "b"}}, Step: 1}},
	} {
		require.NoError(f, encoder.Encode(&rpc.Request{ServiceMethod: updateMethod}))
		require.NoError(f, encoder.Encode(argument))
	}
	require.NoError(f, encoder.Encode(&rpc.Request{ServiceMethod: pingMethod, Seq: 1}))
	require.NoError(f, encoder.Encode(7))
	f.Add(other.Bytes())
	f.Add(splitStream(f))
	f.Fuzz(func(t *testing.T, stream []byte) {
		newCodec := func(c *client) codec { return newGobCodec(c) }
		points, _, err := readStream(newCodec, stream, len(stream)+1)
		again, _, errAgain := readStream(newCodec, stream, 1)
		require.Equal(t, points, again)
		require.Equal(t, err == nil, errAgain == nil)
	})
}

// FuzzGobPoints holds the decoder to a stock encoder.
func FuzzGobPoints(f *testing.F) {
	f.Add("e", "m", "a=b", "GAUGE", 1.5, "1e3", uint8(0), int64(60), int64(1700000000))
	f.Add("", "\xff", "\n", "COUNTER", math.Inf(1), "NaN", uint8(1), int64(-1), int64(0))
	f.Add("é", "m/x", "", "DERIVE", math.Copysign(0, -1), "", uint8(2), int64(math.MinInt64), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, endpoint, name, tags, counterType string, number float64, text string, kind uint8, step, timestamp int64) {
		values := []any{number, text, step, nil, float32(number), uint64(timestamp), true, []byte(text)}
		value := values[int(kind)%len(values)]
		want := metric.Point{Endpoint: endpoint, Metric: name, RawTags: tags, Type: metric.ParseCounterType(counterType), Step: step, Timestamp: timestamp}
		switch v := value.(type) {
		case float64, float32, int64, uint64:
			want.Value, want.Refused = metric.ParseValue(fmt.Sprint(v))
		case string:
			want.Value, want.Refused = metric.ParseValue(v)
		default:
			want.Refused = metric.BadValue
		}
		if v, ok := value.(float32); ok && want.Refused == metric.Accepted {
			want.Value = float64(v)
		}
		var stream bytes.Buffer
		encoder := gob.NewEncoder(&stream)
		require.NoError(t, encoder.Encode(&rpc.Request{ServiceMethod: updateMethod}))
		require.NoError(t, encoder.Encode([]*gobItem{{endpoint, name, value, step, counterType, tags, timestamp}}))
		points, _, err := readStream(func(c *client) codec { return newGobCodec(c) }, stream.Bytes(), stream.Len())
		require.NoError(t, err)
		if want.Type == metric.NoType && want.Refused == metric.Accepted {
			want.Refused = metric.BadType // as the store has it
		}
		if want.Refused != metric.Accepted {
			require.NotEqual(t, metric.Accepted, points[0].Refused)
			return
		}
		require.Equal(t, []metric.Point{want}, points)
	})
}
