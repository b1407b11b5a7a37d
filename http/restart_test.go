package http

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	nethttp "net/http"
	"strings"
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

// endedListener has no more connections.
type endedListener struct {
	net.Listener
	err   error
	asked chan struct{} // closed by the first Accept
}

func (l endedListener) Accept() (net.Conn, error) {
	close(l.asked)
	return nil, l.err
}

func TestAServerThatEndsSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		state string
		said  string
	}{
		"of an error":           {errors.New("the port is broken"), stat.UnitStopped, "the port is broken"},
		"as its port is closed": {net.ErrClosed, stat.UnitUp, ""},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ended := endedListener{listener, c.err, make(chan struct{})}
			var log bytes.Buffer
			s := New(ended, testSection(), false, newFakeRelay(), echo(), slog.New(slog.NewTextHandler(&log, nil)))
			s.Start()
			<-ended.asked
			if c.said != "" {
				require.Eventually(t, func() bool { return s.Unit().State == c.state }, 10*time.Second, time.Millisecond)
			}
			require.Equal(t, c.state, s.Unit().State)
			require.Equal(t, c.said, s.Unit().Error)
			require.NoError(t, s.Stop(t.Context()))
			require.Equal(t, stat.UnitStopped, s.Unit().State)
			require.Equal(t, c.said != "", strings.Contains(log.String(), "admin server ended"))
		})
	}
}
