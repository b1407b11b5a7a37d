package receiver

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

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

func TestPanicOfTheListenerCostsNoConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	faulty := &faultyListener{Listener: ln}
	faulty.faults.Store(2)
	taken := new(store)
	counts := testCounts()
	server := ListenSocket(faulty, testLimits(), taken, counts, slog.New(slog.DiscardHandler))
	address := ln.Addr().String()
	require.Equal(t, stat.Unit{ID: "listener/test", Kind: stat.KindListener, Address: address, State: stat.UnitStarting}, server.Unit())

	d := door{server, taken, counts}
	early := d.dial(t) // the port is bound: it waits for the first Accept that does not panic
	write(t, early, "update 1700000000 1 e m GAUGE 60\n")
	server.Start()
	taken.waitFor(t, 1)
	unit := server.Unit()
	require.Equal(t, stat.UnitUp, unit.State)
	require.Equal(t, uint64(2), unit.Restarts)
	require.Equal(t, "panicked: made to", unit.Error)
	require.False(t, unit.Since.IsZero())

	require.NoError(t, server.Stop(context.Background()))
	require.Equal(t, stat.UnitStopped, server.Unit().State)
}

func TestStopDuringTheRestart(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	faulty := &faultyListener{Listener: ln}
	faulty.faults.Store(1000)
	server := ListenRPC(faulty, testLimits(), new(store), testCounts(), slog.New(slog.DiscardHandler))
	server.Start()
	require.NoError(t, server.Stop(context.Background()))
	require.Equal(t, stat.UnitStopped, server.Unit().State)
	_, err = net.Dial("tcp", ln.Addr().String())
	require.Error(t, err, "the port is free")
}
