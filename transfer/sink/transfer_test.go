package sink

import (
	"bufio"
	"io"
	"net"
	"net/rpc/jsonrpc"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTransferOverJSON(t *testing.T) {
	s := start(t, "transfer")
	c, err := jsonrpc.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	var reply UpdateReply
	require.NoError(t, c.Call("Transfer.Update", []*UpdateItem{
		{Endpoint: "host", Metric: "m", Value: 1.5, Step: 60, CounterType: "GAUGE", Tags: "b=2, a=1", Timestamp: 60},
		nil,
		{Endpoint: "host", Metric: "m", Value: "2.5", Timestamp: 120},
		{Endpoint: "host", Metric: "m", Value: "x", Timestamp: 120},
		{Endpoint: "host", Metric: "m", Value: true, Timestamp: 120},
		{Metric: "m", Value: 1},
	}, &reply))
	require.Equal(t, "ok", reply.Message)
	require.Equal(t, 6, reply.Total)
	require.Equal(t, 4, reply.Invalid)
	var pong PingReply
	require.NoError(t, c.Call("Transfer.Ping", struct{}{}, &pong))

	n := s.Counts()
	require.Equal(t, uint64(2), n.Applied)
	require.Equal(t, uint64(4), n.Invalid)
	require.Equal(t, uint64(1), n.Pings)
	require.Equal(t, []Point{
		{
			Endpoint: "host", Metric: "m", Tags: map[string]string{"a": "1", "b": "2"},
			Value: 1.5, Timestamp: 60, Type: "GAUGE", Step: 60,
		},
		{Endpoint: "host", Metric: "m", Tags: map[string]string{}, Value: 2.5, Timestamp: 120},
	}, s.Points())
}

func TestTransferRepliesAsTheOriginal(t *testing.T) {
	s := start(t, "transfer")
	c, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = io.WriteString(c, `{"method":"Transfer.Ping","params":[{}],"id":7}`)
	require.NoError(t, err)
	line, err := bufio.NewReader(c).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, `{"id":7,"result":{"code":0},"error":null}`+"\n", line)
}
