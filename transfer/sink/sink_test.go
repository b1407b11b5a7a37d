package sink

import (
	"net"
	"net/rpc"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// start starts a recording stand-in that ends with the test.
func start(t *testing.T, kind string) *Sink {
	t.Helper()
	s, err := New(kind, "127.0.0.1:0", Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// dial connects a stock gob client.
func dial(t *testing.T, s *Sink) *rpc.Client {
	t.Helper()
	c, err := rpc.Dial("tcp", s.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// eventually waits until ok.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, patience, time.Millisecond)
}

// settled waits until every point received was applied or discarded.
func settled(t *testing.T, s *Sink, received uint64) Counts {
	t.Helper()
	eventually(t, func() bool {
		c := s.Counts()
		return c.Received == received && c.Received == c.Applied+c.Discarded+c.Overflow
	})
	return s.Counts()
}

func judgeItems(timestamps ...int64) []*JudgeItem {
	var items []*JudgeItem
	for _, ts := range timestamps {
		items = append(items, &JudgeItem{"host", "load", 1, ts, "GAUGE", map[string]string{"b": "2", "a": "1"}})
	}
	return items
}

func TestJudgeDiscardsWhatIsNotNewer(t *testing.T) {
	s := start(t, "judge")
	c := dial(t, s)
	var reply SimpleRpcResponse
	require.NoError(t, c.Call("Judge.Send", judgeItems(60, 120, 120, 90, 180, 60), &reply))
	other := judgeItems(60)
	other[0].Tags = map[string]string{}
	require.NoError(t, c.Call("Judge.Send", other, &reply))
	require.NoError(t, c.Call("Judge.Ping", NullRpcRequest{}, &reply))

	n := s.Counts()
	require.Equal(t, Counts{
		Name: "judge", Kind: "judge", Address: s.Addr(), Fault: "ok", Calls: 2, Pings: 1,
		Received: 7, Applied: 4, Discarded: 3, Late: 1, Repeated: 2, Series: 2, Connections: 1, Accepted: 1,
	}, n)
	shown, more := s.Series("host/load/", 10)
	require.False(t, more)
	require.Len(t, shown, 1)
	require.Equal(t, "host/load/a=1,b=2", shown[0].Key)
	require.Equal(t, int64(180), shown[0].Last.Timestamp)
	require.Equal(t, uint64(6), shown[0].Received)

	points := s.Points()
	require.Len(t, points, 7)
	require.Equal(t, Point{
		Endpoint: "host", Metric: "load", Tags: map[string]string{"a": "1", "b": "2"},
		Value: 1, Timestamp: 60, Type: "GAUGE",
	}, points[0])
}

func TestGraphAppliesAfterItsReply(t *testing.T) {
	s := start(t, "graph")
	c := dial(t, s)
	item := GraphItem{"host", "net", map[string]string{}, 2.5, 0, "DERIVE", 60, 120, "0", "U"}
	const calls = 200
	for ts := range int64(calls) {
		item.Timestamp = 60 * (ts + 1)
		require.NoError(t, c.Call("Graph.Send", []*GraphItem{&item}, &SimpleRpcResponse{}))
	}
	n := settled(t, s, calls)
	require.Zero(t, n.Late, "they arrived in order")
	require.Positive(t, n.Discarded, "calls sent right after each reply overtake one another")
	require.Equal(t, Point{
		Endpoint: "host", Metric: "net", Tags: map[string]string{}, Value: 2.5, Timestamp: 60,
		Type: "DERIVE", Step: 60, Heartbeat: 120, Min: "0", Max: "U",
	}, s.Points()[0])
	shown, _ := s.Series("", 1)
	require.Equal(t, int64(60*calls), shown[0].Last.Timestamp)
}

func TestP8sRelayTakesAll(t *testing.T) {
	s := start(t, "p8s_relay")
	c := dial(t, s)
	item := P8sItem{"host", "net", map[string]string{"k": "v"}, 2.5, 60, "GAUGE", 30}
	for range 2 {
		require.NoError(t, c.Call("P8sRelay.Send", []*P8sItem{&item}, &SimpleRpcResponse{}))
	}
	require.NoError(t, c.Call("P8sRelay.Ping", NullRpcRequest{}, &SimpleRpcResponse{}))
	n := s.Counts()
	require.Equal(t, uint64(2), n.Applied)
	require.Equal(t, uint64(1), n.Repeated)
	require.Equal(t, Point{
		Endpoint: "host", Metric: "net", Tags: map[string]string{"k": "v"}, Value: 2.5, Timestamp: 60, Type: "GAUGE", Step: 30,
	}, s.Points()[0])
}

func TestSeriesOverTheLimitAreCounted(t *testing.T) {
	s, err := NewJudge("127.0.0.1:0", Options{MaxSeries: 2})
	require.NoError(t, err)
	defer s.Close()
	items := judgeItems(60, 60, 60, 120)
	items[1].Metric, items[2].Metric = "two", "three"
	require.NoError(t, dial(t, s).Call("Judge.Send", items, &SimpleRpcResponse{}))
	n := s.Counts()
	require.Equal(t, uint64(4), n.Received)
	require.Equal(t, uint64(3), n.Applied)
	require.Equal(t, uint64(1), n.Overflow)
	require.Equal(t, 2, n.Series)
	require.Nil(t, s.Points())
}

func TestGarbageCostsOnlyItsConnection(t *testing.T) {
	for _, kind := range Kinds() {
		t.Run(kind, func(t *testing.T) {
			s := start(t, kind)
			c, err := net.Dial("tcp", s.Addr())
			require.NoError(t, err)
			_, err = c.Write([]byte("\x03garbage\x00\xff{[\r\n\r\n"))
			require.NoError(t, err)
			_ = c.Close()
			eventually(t, func() bool { n := s.Counts(); return n.Accepted == 1 && n.Connections == 0 })
			require.Zero(t, s.Counts().Received)
		})
	}
}

func TestNewRefuses(t *testing.T) {
	_, err := New("redis", "127.0.0.1:0", Options{})
	require.ErrorContains(t, err, "choose one of")
	s := start(t, "judge")
	_, err = NewGraph(s.Addr(), Options{})
	require.ErrorContains(t, err, "cannot start stand-in graph")
}

func TestCloseTwice(t *testing.T) {
	s := start(t, "graph")
	s.Close()
	s.Close()
	require.ErrorContains(t, s.SetFault(Fault{Mode: Hang}), "is closed")
	_, err := net.Dial("tcp", s.Addr())
	require.Error(t, err)
}
