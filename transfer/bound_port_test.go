package main

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// bindPort binds a free port, which is given free when the test ends.
func bindPort(t *testing.T) *boundPort {
	t.Helper()
	ln, err := plainPorts{}.Listen("127.0.0.1:0")
	require.NoError(t, err)
	p, err := newBoundPort(ln)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// No connection is lost or refused while one turn follows another, and each is
// accepted once.
func TestTurnsLoseNoConnection(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := bindPort(t)
	const clients, each, turns = 4, 50, 200
	var accepted atomic.Int64
	var dialling, serving sync.WaitGroup
	for range clients {
		dialling.Go(func() {
			for range each {
				c, err := net.Dial("tcp", p.Addr().String())
				if err != nil {
					t.Errorf("cannot connect: %v", err)
					return
				}
				_, err = c.Read(make([]byte, 1)) // answered by whose turn it is
				if err != nil {
					t.Errorf("not served: %v", err)
				}
				_ = c.Close()
			}
		})
	}
	serve := func(ln net.Listener) {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_, _ = c.Write([]byte("x"))
			_ = c.Close()
		}
	}
	for range turns {
		ln := p.turn()
		serving.Go(func() { serve(ln) })
		require.NoError(t, ln.Close())
		require.NoError(t, ln.Close())
	}
	last := p.turn()
	serving.Go(func() { serve(last) })
	dialling.Wait()
	require.EqualValues(t, clients*each, accepted.Load())
	require.NoError(t, last.Close())
	serving.Wait()
}

// A turn waits for the end of the one before; a port that is closed ends both.
func TestTurnAfterTurn(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := bindPort(t)
	first := p.turn()
	failed := make(chan error, 1)
	go func() {
		_, err := first.Accept()
		failed <- err
	}()
	second := make(chan net.Listener, 1)
	go func() { second <- p.turn() }()
	select {
	case <-second:
		t.Fatal("two turns at once")
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	require.ErrorIs(t, <-failed, net.ErrClosed)
	_, err := first.Accept()
	require.ErrorIs(t, err, net.ErrClosed)

	ln := <-second
	c, err := net.Dial("tcp", p.Addr().String())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	p.addLate(c) // as one that came when a turn was just over
	got, err := ln.Accept()
	require.NoError(t, err)
	require.Same(t, c, got)
	require.NoError(t, p.Close())
	_, err = ln.Accept() // the connection that was accepted by the kernel is gone too
	require.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, ln.Close())
}

// plainListener has no deadline.
type plainListener struct{ net.Listener }

func TestBoundPortNeedsADeadline(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, err = newBoundPort(plainListener{ln})
	require.ErrorContains(t, err, "it is no TCP port")
	require.ErrorIs(t, ln.Close(), net.ErrClosed, "it was closed")
}
