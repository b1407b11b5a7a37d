package receiver

import (
	"bytes"
	"encoding/gob"
	"log/slog"
	"math/big"
	"net/netip"
	"net/rpc"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// Types that no client has told before it sends a value of one in an interface.
type (
	gobInner  struct{ Deep map[string]any }
	gobOuter  struct{ Inner []gobInner }
	gobSecond struct{ N int }
)

// newTypes registers the types with the clients' encoder.
func newTypes() {
	gob.Register(gobOuter{})
	gob.Register(gobSecond{})
}

// splitItems are points with good values before and behind those of new types, for
// each of which a stock encoder breaks the message off.
func splitItems() []gobItem {
	point := gobItem{"e", "m", 1.0, 60, "GAUGE", "a=b", 1}
	var items []gobItem
	for _, value := range []any{
		1, gobOuter{[]gobInner{{map[string]any{"x": gobSecond{7}, "y": nil}}, {}}}, "2.5", []int{1, 2}, 3.5,
		gobOuter{[]gobInner{{map[string]any{"z": "s"}}}}, int64(4), []string{"5"}, uint8(5),
	} {
		point.Value = value
		items = append(items, point)
	}
	return items
}

// TestGobRPCValueOfNewType: encoding/gob defines a type in the middle of the value
// that needs it and goes on in another message. That costs the point, not its
// request or its connection.
func TestGobRPCValueOfNewType(t *testing.T) {
	newTypes()
	limits := testLimits()
	limits.PointsPerRequest = 20
	for name, first := range map[string]struct {
		method   string
		argument any
		fault    string
	}{
		"points":          {updateMethod, splitItems(), ""},
		"unknown fields":  {updateMethod, []struct{ More []any }{{[]any{gobSecond{1}, gobOuter{}, 5}}}, ""},
		"no slice":        {updateMethod, splitItems()[1], "argument is no slice of points"},
		"too many points": {updateMethod, append(splitItems(), make([]gobItem, 20)...), "too many points: at most 20 in one request"},
		"ping":            {pingMethod, splitItems(), ""},
		"unknown method":  {"Transfer.Nope", splitItems(), "rpc: can't find method Transfer.Nope"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, ListenRPC, limits, new(store))
			client, err := rpc.Dial("tcp", d.Addr().String())
			require.NoError(t, err)
			defer func() { _ = client.Close() }()
			if err := client.Call(first.method, first.argument, &struct {
				Message string
				Code    int
			}{}); first.fault != "" {
				require.EqualError(t, err, first.fault)
			} else {
				require.NoError(t, err)
			}
			before := len(d.all())
			var reply gobReply
			require.NoError(t, client.Call(updateMethod, splitItems(), &reply))
			require.Equal(t, gobReply{"ok", 9, 4, reply.Latency}, reply)
			var values []float64
			for _, p := range d.all()[before:] {
				if p.Refused == metric.Accepted {
					values = append(values, p.Value)
				} else {
					require.Equal(t, metric.BadValue, p.Refused)
				}
				require.Equal(t, "a=b", p.RawTags)
			}
			require.Equal(t, []float64{1, 2.5, 3.5, 4, 5}, values)
		})
	}
}

// TestGobRPCFieldsThatEncodeThemselves: the three ways in which a type may do so.
func TestGobRPCFieldsThatEncodeThemselves(t *testing.T) {
	newTypes()
	d := open(t, ListenRPC, testLimits(), new(store))
	client, err := rpc.Dial("tcp", d.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	type item struct {
		Timestamp              int64
		Gob                    *big.Int
		Binary                 netip.Addr
		Text                   slog.Level
		Time                   map[string]time.Time
		Array                  [3]complex128
		Any                    []any
		Endpoint, Metric, Type string
		Value                  any
		Step                   int64
	}
	var reply gobReply
	require.NoError(t, client.Call(updateMethod, []item{{
		1, big.NewInt(5), netip.MustParseAddr("::1"), slog.LevelWarn, map[string]time.Time{"x": time.Unix(1, 0)},
		[3]complex128{1, 2i}, []any{gobSecond{}, "x", nil}, "e", "m", "GAUGE", 1.5, 60,
	}}, &reply))
	require.Equal(t, gobReply{"ok", 1, 0, reply.Latency}, reply)
	require.Equal(t, []metric.Point{{Endpoint: "e", Metric: "m", Type: metric.Gauge, Value: 1.5, Step: 60, Timestamp: 1}}, d.all())
}

// splitStream is what a stock client sends that calls with splitItems twice.
func splitStream(t testing.TB) []byte {
	newTypes()
	var stream bytes.Buffer
	encoder := gob.NewEncoder(&stream)
	for range 2 {
		require.NoError(t, encoder.Encode(&rpc.Request{ServiceMethod: updateMethod, Seq: 1}))
		require.NoError(t, encoder.Encode(splitItems()))
	}
	return stream.Bytes()
}

func TestGobRPCValueOfNewTypeInPieces(t *testing.T) {
	stream := splitStream(t)
	newCodec := func(c *client) codec { return newGobCodec(c) }
	for _, piece := range []int{1, 7, len(stream)} {
		points, _, err := readStream(newCodec, stream, piece)
		require.NoError(t, err)
		require.Len(t, points, 18)
	}
	// Cut off anywhere it waits for the rest.
	for n := range stream {
		_, _, err := readStream(newCodec, stream[:n], n+1)
		require.NoError(t, err)
	}
}

func TestGobRPCSplitValueIsBounded(t *testing.T) {
	types := gobTypes{byID: map[gobID]gobType{}}
	part := "\x03\x01\x02\xff\x80\x00\x00\x00" // a struct without fields
	r := gobReader{behind: []byte(strings.Repeat("\x08"+part, 100))}
	for n := 0; r.err == nil; n++ {
		require.LessOrEqual(t, n, maxGobParts)
		r.resume()
		r.data = nil
	}
	require.ErrorIs(t, r.err, errGob)

	inInterface := gobReader{data: bytes.Repeat([]byte("\x01x\x10\x00\x00"), 1_000_000)} // an interface in an interface in ...
	types.skip(gobInterface, &inInterface, 0)
	require.ErrorIs(t, inInterface.err, errGob)
}
