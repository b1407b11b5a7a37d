package http

import (
	"context"
	"net"
	nethttp "net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// faultyListener panics at its first Accepts.
type faultyListener struct {
	net.Listener
	faults atomic.Int32 // to come
}

func (l *faultyListener) Accept() (net.Conn, error) {
	if l.faults.Add(-1) >= 0 {
		panic("made to")
	}
	return l.Listener.Accept()
}

func TestPanicOfTheServerKeepsItsPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	faulty := &faultyListener{Listener: listener}
	faulty.faults.Store(2)
	s := New(faulty, testSection(), false, newFakeRelay(), echo(), quiet())
	address := listener.Addr().String()
	require.Equal(t, stat.Unit{ID: "listener/http", Kind: stat.KindListener, Address: address, State: stat.UnitStarting}, s.Unit())
	s.Start()
	defer nethttp.DefaultClient.CloseIdleConnections()

	reply, _ := ask(t, "GET", "http://"+address+"/health", "") // refused if the port were not bound
	require.Equal(t, 200, reply.StatusCode)
	unit := s.Unit()
	require.Equal(t, stat.UnitUp, unit.State)
	require.Equal(t, uint64(2), unit.Restarts)
	require.Equal(t, "panicked: made to", unit.Error)

	nethttp.DefaultClient.CloseIdleConnections()
	require.NoError(t, s.Stop(context.WithoutCancel(t.Context())))
	require.Equal(t, stat.UnitStopped, s.Unit().State)
	_, err = net.Dial("tcp", address)
	require.Error(t, err, "the port is free")
}

func TestAServerThatEndsSaysSo(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	s := New(listener, testSection(), false, newFakeRelay(), echo(), quiet())
	s.Start()
	require.Eventually(t, func() bool { return s.Unit().State == stat.UnitStopped }, 10*time.Second, time.Millisecond)
	require.Contains(t, s.Unit().Error, "closed")
	require.NoError(t, s.Stop(t.Context()))
}
