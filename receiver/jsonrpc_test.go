package receiver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/rpc/jsonrpc"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

const onePoint = `{"endpoint":"e","metric":"m","value":1,"step":60,"counterType":"GAUGE","tags":"","timestamp":1700000000}`

// latency is the one part of a reply that no test can know.
func latency() *regexp.Regexp { return regexp.MustCompile(`"Latency":\d+`) }

func summary(id string, total, invalid int) string {
	return fmt.Sprintf(`{"id":%s,"result":{"Message":"ok","Total":%d,"Invalid":%d,"Latency":0},"error":null}`+"\n", id, total, invalid)
}

func fault(id, text string) string {
	return fmt.Sprintf(`{"id":%s,"result":null,"error":%q}`+"\n", id, text)
}

func TestJSONRPCReplies(t *testing.T) {
	d := open(t, ListenRPC, testLimits(), new(store))
	for request, want := range map[string]string{
		`{"method":"Transfer.Update","params":[[` + onePoint + `]],"id":7}`:                           summary("7", 1, 0),
		`{"id":"a\u00e9","params":[[` + onePoint + `,null,{}]],"method":"Transfer.Update"}`:           summary(`"a\u00e9"`, 3, 2),
		` {"ID":null , "Params":[ [ ] , 5 ],"METHOD" :"Transfer.Update","x":{"y":[1e400]}} ` + "\r\n": summary("null", 0, 0),
		`{"method":"Transfer.Update","params":[]}`:                                                    summary("null", 0, 0),
		`{"method":"Transfer.Update","params":[null],"id":12345678901234567890}`:                      summary("12345678901234567890", 0, 0),
		`{"method":"Transfer.Update","params":[[1,2,3]],"params":[[1]],"id":1e5}`:                     summary("1e5", 1, 1),
		`{"method":"Transfer.Ping","params":[{}],"id":1}`:                                             `{"id":1,"result":{"code":0},"error":null}` + "\n",
		`{"id":"\ud800\u0041","method":"Transfer.Ping","params":[{}]}`:                                `{"id":"\ud800\u0041","result":{"code":0},"error":null}` + "\n",
		`{"x":"\udead","ID":"` + "\xff\xfe" + `","method":"Transfer.Update","params":[]}`:             summary("\"\xff\xfe\"", 0, 0),
		`{"method":"Transfer.Nope","params":[{}],"id":1}`:                                             fault("1", "rpc: can't find method Transfer.Nope"),
		`{"method":"Nope.Update","params":[[]],"id":1}`:                                               fault("1", "rpc: can't find service Nope.Update"),
		`{"method":"Nope\"\u0000","params":[[]],"id":1}`:                                              `{"id":1,"result":null,"error":"rpc: service/method request ill-formed: Nope\"\u0000"}` + "\n",
		`{"method":7,"params":[[]],"id":{}}`:                                                          fault("null", "rpc: service/method request ill-formed: "),
		`{"method":"Transfer.Update","params":[{}],"id":1}`:                                           fault("1", "params[0] is no array of points"),
		`{"method":"Transfer.Update","params":["x"],"id":1}`:                                          fault("1", "params[0] is no array of points"),
		`{"method":"Transfer.Update","params":{},"id":1}`:                                             fault("1", "params is no array"),
		`{"method":"Transfer.Update","params":null,"id":1}`:                                           fault("1", "jsonrpc: request body missing params"),
		`{"method":"Transfer.Update","id":1}`:                                                         fault("1", "jsonrpc: request body missing params"),
	} {
		ping := `{"method":"Transfer.Ping","params":[{}],"id":0}`
		got := latency().ReplaceAllString(d.talk(t, request+ping), `"Latency":0`)
		require.Equal(t, want+`{"id":0,"result":{"code":0},"error":null}`+"\n", got, request)
	}
}

func TestJSONRPCBrokenRequestClosesWithoutReply(t *testing.T) {
	d := open(t, ListenRPC, testLimits(), new(store))
	broken := []string{`{]`, `{"method":}`, `{"method":"Transfer.Ping","params":[{}],"id":1`, ` [1]`, `{"a":1]`, `{` + strings.Repeat("[", 100_000)}
	for i, text := range broken {
		c := d.dial(t)
		write(t, c, `{"method":"Transfer.Ping","params":[{}],"id":1}`+text)
		if i == 2 {
			require.NoError(t, c.CloseWrite())
		}
		require.Equal(t, `{"id":1,"result":{"code":0},"error":null}`+"\n", rest(t, c), text)
	}
	d.trouble(t, "malformed", uint64(len(broken)))
}

func TestJSONRPCCaptureInPieces(t *testing.T) {
	capture, err := os.ReadFile("testdata/agent.jsonrpc")
	require.NoError(t, err)
	for _, size := range []int{1, 7, 4096} {
		d := open(t, ListenRPC, testLimits(), new(store))
		c := d.dial(t)
		replies := make(chan string, 1)
		go func() { replies <- rest(t, c) }()
		for from := 0; from < len(capture); from += size {
			write(t, c, string(capture[from:min(from+size, len(capture))]))
		}
		require.NoError(t, c.CloseWrite())
		require.Equal(t, strings.Count(string(capture), `"id":`), strings.Count(<-replies, `"Message":"ok"`))
		require.Equal(t, plainCapture(t, capture), d.all(), "pieces of %d", size)
	}
}

// plainCapture reads the points of a capture with encoding/json.
func plainCapture(t *testing.T, capture []byte) (points []metric.Point) {
	decoder := json.NewDecoder(strings.NewReader(string(capture)))
	for decoder.More() {
		var request struct {
			Params [][]struct {
				Endpoint, Metric, CounterType, Tags string
				Value                               any
				Step, Timestamp                     int64
			}
		}
		require.NoError(t, decoder.Decode(&request))
		for _, p := range request.Params[0] {
			value, fault := metric.ParseValue(fmt.Sprint(p.Value))
			require.Equal(t, metric.Accepted, fault)
			points = append(points, metric.Point{
				Endpoint: p.Endpoint, Metric: p.Metric, RawTags: p.Tags, Value: value,
				Timestamp: p.Timestamp, Step: p.Step, Type: metric.ParseCounterType(p.CounterType),
			})
		}
	}
	return points
}

// However often more of a request comes, the work is bounded: it is scanned anew a few
// times, and from then on each byte is looked at once.
func TestJSONRPCRequestInManyPieces(t *testing.T) {
	c := newClient(newPort(testLimits(), new(store), testCounts()), nil, 0)
	j, request := newJSONCodec(&c), usualRequest(20)
	for n := range len(request) {
		used, err := j.next(request[:n])
		require.NoError(t, err)
		require.Zero(t, used)
		require.Equal(t, n > 0, j.stage() == inBody)
		require.Equal(t, min(n, maxCutsVain), j.cut.all)
		if n > maxCutsVain {
			require.Equal(t, n, j.scanned)
		}
	}
	used, err := j.next(request)
	require.NoError(t, err)
	require.Equal(t, len(request), used)
	require.Equal(t, idle, j.stage())
	require.Equal(t, summary("1234", 20, 0), latency().ReplaceAllString(string(c.out), `"Latency":0`))
}

// Pieces that bring points are not read twice, and still not scanned without end.
func TestJSONRPCRequestInPiecesWithPoints(t *testing.T) {
	c := newClient(newPort(testLimits(), new(store), testCounts()), nil, 0)
	j, request := newJSONCodec(&c), usualRequest(400)
	require.Greater(t, len(request), 2*idleBytes)
	scans := 0
	for n := idleBytes + 1; n < len(request); n += 200 { // more than a point
		used, err := j.next(request[:n])
		require.NoError(t, err)
		require.Zero(t, used)
		scans++
		require.Equal(t, min(scans, maxCuts), j.cut.all)
		require.Zero(t, j.cut.vain)
		require.Equal(t, scans > maxCuts, j.scanned > 0)
	}
	require.Greater(t, scans, maxCuts)
	used, err := j.next(request)
	require.NoError(t, err)
	require.Equal(t, len(request), used)
	require.Equal(t, cuts{}, j.cut)
	require.Equal(t, summary("1234", 400, 0), latency().ReplaceAllString(string(c.out), `"Latency":0`))
}

// What is broken is known as soon as it comes, also in a request that began well.
func TestJSONRPCBrokenLater(t *testing.T) {
	for _, pieces := range []int{2, 10} {
		c := newClient(newPort(testLimits(), new(store), testCounts()), nil, 0)
		j, begun := newJSONCodec(&c), usualRequest(20)
		begun = begun[:bytes.LastIndex(begun[:1000], []byte(`},{`))+2]
		for i := range pieces {
			used, err := j.next(begun[:500+i])
			require.NoError(t, err)
			require.Zero(t, used)
		}
		_, err := j.next(append(begun, ',')) // a second one
		require.Error(t, err)
	}
}

func TestJSONRPCPipelined(t *testing.T) {
	const requests = 1000
	d := open(t, ListenRPC, testLimits(), new(store))
	var text strings.Builder
	for id := range requests {
		fmt.Fprintf(&text, `{"method":"Transfer.Update","params":[[%s%s]],"id":%d}`, onePoint, strings.Repeat(","+onePoint, id%3), id)
	}
	replies := bufio.NewScanner(strings.NewReader(d.talk(t, text.String())))
	for id := range requests {
		require.True(t, replies.Scan())
		require.Equal(t, summary(fmt.Sprint(id), id%3+1, 0), latency().ReplaceAllString(replies.Text(), `"Latency":0`)+"\n")
	}
	require.False(t, replies.Scan())
	require.EqualValues(t, requests, d.counts.Requests.Load())
}

func TestJSONRPCStockClient(t *testing.T) {
	d := open(t, ListenRPC, testLimits(), &store{refuse: 1})
	client, err := jsonrpc.Dial("tcp", d.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	points := []map[string]any{{"endpoint": "e", "metric": "m", "value": "1e3", "step": 60, "counterType": "GAUGE", "tags": "", "timestamp": 1}, nil}
	var reply struct {
		Message        string
		Total, Invalid int
		Latency        int64
	}
	require.EqualError(t, client.Call("Transfer.Update", points, &reply), "retry: later")
	require.NoError(t, client.Call("Transfer.Update", points, &reply))
	require.Equal(t, 2, reply.Total)
	require.Equal(t, 1, reply.Invalid)
	require.EqualValues(t, 1000, d.all()[0].Value)
	d.trouble(t, "not_ready", 1)
}

func TestJSONRPCLimits(t *testing.T) {
	limits := testLimits()
	limits.RequestBytes, limits.PointsPerRequest = 8<<10, 2
	d := open(t, ListenRPC, limits, new(store))
	got := d.talk(t, `{"params":[[1,2,3]],"method":"Transfer.Update","id":1}{"params":[[1,2]],"method":"Transfer.Update","id":2}`)
	require.Equal(t, fault("1", "too many points: at most 2 in one request")+summary("2", 2, 2), latency().ReplaceAllString(got, `"Latency":0`))
	d.trouble(t, "too_many_points", 1)

	head, tail := `{"x":"`, `","method":"Transfer.Ping","params":[],"id":3}`
	fits := head + strings.Repeat("x", 8<<10-len(head)-len(tail)) + tail
	require.Contains(t, d.talk(t, fits+fits), `{"code":0}`)
	c := d.dial(t)
	write(t, c, head+strings.Repeat("x", 8<<10))
	require.Empty(t, rest(t, c))
	d.trouble(t, "too_large", 1)
}

func TestRPCTimeouts(t *testing.T) {
	for name, sent := range map[string]string{
		"idle": "", "idle after white space": " \n", "half a request": `{"method":`, "gob header": "xyz",
	} {
		t.Run(name, func(t *testing.T) {
			const short = 50 * time.Millisecond
			limits := testLimits()
			switch name {
			case "half a request":
				limits.RequestTimeout = short
			case "gob header":
				limits.HeaderTimeout = short
			default:
				limits.IdleTimeout = short
			}
			d := open(t, ListenRPC, limits, new(store))
			conn := d.dial(t)
			write(t, conn, sent)
			require.Empty(t, rest(t, conn))
			d.trouble(t, "timed_out", 1)
		})
	}
}

func TestRPCSlowReaderIsClosed(t *testing.T) {
	limits := testLimits()
	limits.RequestTimeout = 200 * time.Millisecond
	d := open(t, ListenRPC, limits, new(store))
	c := d.dial(t)
	request := []byte(strings.Repeat(`{"method":"Transfer.Nope`+strings.Repeat("x", 1000)+`","params":[],"id":1}`, 100))
	for err := error(nil); err == nil; _, err = c.Write(request) {
	}
	d.trouble(t, "slow_reader", 1)
}

// FuzzJSONRequests reads streams of hostile clients, whole and in pieces; every
// reply must be JSON.
func FuzzJSONRequests(f *testing.F) {
	for _, seed := range []string{
		`{"method":"Transfer.Update","params":[[` + onePoint + `]],"id":0} {"method":"Transfer.Ping"}`,
		`{"id":"\ud83d` + "\xff" + `","method":"\udead","params":{"x":[1e400]}}`,
		`{"ID":true,"Params":[[null,{"tags":{"a":"b"}}],{}],"method":null,"id":[1]}`,
		`{"params":[{}],"params":[[{}]]}[`, `{"":{"":[[[[0.1e-999]]]]}}`, `{"params":[[{"step":00`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		newCodec := func(c *client) codec { return newJSONCodec(c) }
		points, replies, err := readStream(newCodec, stream, len(stream)+1)
		again, repliesAgain, errAgain := readStream(newCodec, stream, 1)
		require.Equal(t, points, again)
		require.Equal(t, err == nil, errAgain == nil)
		require.Equal(t, latency().ReplaceAllString(replies, ""), latency().ReplaceAllString(repliesAgain, ""))
		for line := range strings.Lines(replies) {
			require.True(t, json.Valid([]byte(line)), line)
		}
	})
}
