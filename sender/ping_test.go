package sender

import (
	"context"
	"errors"
	"io"
	"net"
	"net/rpc"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Pinged is a service that answers Ping as Open-Falcon's do, or fails.
type Pinged struct{ fail error }

// NullRPCRequest is what they take.
type NullRPCRequest struct{}

// Ping takes one call.
func (p *Pinged) Ping(_ NullRPCRequest, reply *SimpleRPCResponse) error {
	reply.Code = 1
	return p.fail
}

// Pingless is a service without Ping.
type Pingless struct{}

// Send takes one call.
func (Pingless) Send(_ []int, _ *SimpleRPCResponse) error { return nil }

func TestPing(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	services := map[string]struct {
		service string
		codec   func(*rpc.Server, io.ReadWriteCloser)
		asks    bool
	}{
		"judge":     {"Judge", gobCodec, true},
		"graph":     {"Graph", gobCodec, true},
		"transfer":  {"Transfer", jsonCodec, true},
		"p8s_relay": {"P8sRelay", gobCodec, false},
	}
	answers := map[string]struct {
		service any
		want    string
	}{
		"answers":     {new(Pinged), ""},
		"knows none":  {Pingless{}, ""},
		"is short":    {&Pinged{fail: errors.New("retry: full")}, "retry: full"},
		"is in doubt": {&Pinged{fail: errors.New("no disk")}, "no disk"},
	}
	for name, s := range services {
		for what, a := range answers {
			t.Run(name+" "+what, func(t *testing.T) {
				address := serveRPC(t, s.service, a.service, s.codec)
				dialled := 0
				b := build(t, name, section(name, address), 30).Backend
				err := askAddress(context.Background(), b, address, func() { dialled++ })
				require.Equal(t, 1, dialled)
				if a.want == "" || !s.asks {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, a.want)
				}
			})
		}
	}
}

// A server that takes the connection and is silent is found out, and a stop does not
// wait for it.
func TestPingOfAHungServer(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	address := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, name := range []string{"judge", "graph", "transfer"} {
		s := section(name, address)
		s.CallTimeout = 50 * time.Millisecond
		err := askAddress(context.Background(), build(t, name, s, 30).Backend, address, func() {})
		require.ErrorContains(t, err, "within callTimeout", name)

		s.CallTimeout = time.Hour
		ctx, cancel := context.WithCancel(context.Background())
		err = askAddress(ctx, build(t, name, s, 30).Backend, address, func() { time.AfterFunc(10*time.Millisecond, cancel) })
		require.ErrorIs(t, err, net.ErrClosed, name)
	}
}

// Backends without such a call are alive when they take a connection.
func TestProbeByDial(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	address := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for name, url := range map[string]string{"tsdb": "", "influxdb": "http://"} {
		s := section(name, url+address)
		b := build(t, name, s, 30)
		require.NoError(t, askAddress(context.Background(), b.Backend, b.group[0], func() {}), name)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	dialled := false
	err = askAddress(context.Background(), build(t, "tsdb", section("tsdb", free.Addr().String()), 30).Backend,
		free.Addr().String(), func() { dialled = true })
	require.ErrorContains(t, err, "cannot connect to")
	require.True(t, dialled, "the gate is left after a failed dial too")
}
