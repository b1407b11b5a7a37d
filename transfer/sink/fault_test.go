package sink

import (
	"errors"
	"net"
	"net/rpc"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"ok": {}, "refuse": {Mode: Refuse}, "hang": {Mode: Hang}, "freeze": {Mode: Freeze}, "error": {Mode: Error},
		"reset": {Mode: Reset}, "cut": {Mode: Cut}, "slow:200ms": {Mode: Slow, Delay: 200 * time.Millisecond},
	} {
		f, err := ParseFault(text)
		require.NoError(t, err)
		require.Equal(t, want, f)
		require.Equal(t, text, f.String())
	}
	f, err := ParseFault("slow")
	require.NoError(t, err)
	require.Equal(t, time.Second, f.Delay)
	for _, text := range []string{"", "slow:", "slow:-1s", "slow:x", "hang:1s", "burn"} {
		_, err := ParseFault(text)
		require.ErrorContains(t, err, "cannot use fault", text)
	}
}

// send begins a call with one point of the timestamp given.
func send(c *rpc.Client, ts int64) *rpc.Call {
	return c.Go("Judge.Send", judgeItems(ts), &SimpleRpcResponse{}, make(chan *rpc.Call, 1))
}

// answered waits for the call's answer.
func answered(t *testing.T, call *rpc.Call) error {
	t.Helper()
	select {
	case <-call.Done:
		return call.Error
	case <-time.After(patience):
		t.Fatal("no answer")
		return nil
	}
}

// unanswered checks that no answer comes for a while.
func unanswered(t *testing.T, call *rpc.Call) {
	t.Helper()
	select {
	case <-call.Done:
		t.Fatalf("answered: %v", call.Error)
	case <-time.After(30 * time.Millisecond):
	}
}

func TestRefuse(t *testing.T) {
	s := start(t, "judge")
	for range 3 {
		c := dial(t, s)
		require.NoError(t, answered(t, send(c, 60)))
		require.NoError(t, s.SetFault(Fault{Mode: Refuse}))
		require.NoError(t, s.SetFault(Fault{Mode: Refuse}), "twice is once")
		eventually(t, func() bool { return errors.Is(answered(t, send(c, 120)), rpc.ErrShutdown) })
		for range 20 {
			_, err := net.Dial("tcp", s.Addr())
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
		}
		_, err := net.Listen("tcp", s.Addr())
		require.ErrorIs(t, err, syscall.EADDRINUSE, "the port stays ours")
		require.NoError(t, s.SetFault(Fault{}))
		require.NoError(t, answered(t, send(dial(t, s), 180)))
	}
	require.Equal(t, uint64(6), s.Counts().Received)
}

func TestCloseWhileRefusing(t *testing.T) {
	s := start(t, "judge")
	require.NoError(t, s.SetFault(Fault{Mode: Refuse}))
	s.Close()
}

func TestHangHoldsCallsBack(t *testing.T) {
	for _, mode := range []Mode{Hang, Freeze} {
		s := start(t, "judge")
		c := dial(t, s)
		require.NoError(t, answered(t, send(c, 60)))
		require.NoError(t, s.SetFault(Fault{Mode: mode}))
		known, fresh := send(c, 120), send(dial(t, s), 180)
		unanswered(t, known)
		unanswered(t, fresh)
		require.Equal(t, uint64(1), s.Counts().Received)
		if mode == Hang {
			eventually(t, func() bool { return s.Counts().Calls == 3 })
		} else {
			require.Equal(t, uint64(1), s.Counts().Calls, "nothing is read")
		}
		require.NoError(t, s.SetFault(Fault{}))
		require.NoError(t, answered(t, known))
		require.NoError(t, answered(t, fresh))
		require.Equal(t, uint64(3), s.Counts().Received)
	}
}

func TestCloseAbandonsHungCalls(t *testing.T) {
	for _, mode := range []Mode{Hang, Freeze, Slow} {
		s := start(t, "judge")
		require.NoError(t, s.SetFault(Fault{Mode: mode, Delay: time.Hour}))
		call := send(dial(t, s), 60)
		if mode != Freeze {
			eventually(t, func() bool { return s.Counts().Calls == 1 })
		}
		s.Close()
		require.Error(t, answered(t, call))
		require.Zero(t, s.Counts().Received)
	}
}

func TestSlow(t *testing.T) {
	s := start(t, "judge")
	c := dial(t, s)
	const delay = 50 * time.Millisecond
	require.NoError(t, s.SetFault(Fault{Mode: Slow, Delay: delay}))
	begin := time.Now()
	require.NoError(t, answered(t, send(c, 60)))
	require.GreaterOrEqual(t, time.Since(begin), delay)

	require.NoError(t, s.SetFault(Fault{Mode: Slow, Delay: time.Hour}))
	call := send(c, 120)
	unanswered(t, call)
	require.NoError(t, s.SetFault(Fault{}))
	require.NoError(t, answered(t, call))
}

func TestErrorIsAnApplicationError(t *testing.T) {
	s := start(t, "judge")
	c := dial(t, s)
	require.NoError(t, s.SetFault(Fault{Mode: Error}))
	var told rpc.ServerError
	require.ErrorAs(t, answered(t, send(c, 60)), &told)
	require.NoError(t, s.SetFault(Fault{}))
	require.NoError(t, answered(t, send(c, 60)), "the connection is still good")
	n := s.Counts()
	require.Equal(t, uint64(1), n.Received)
	require.Equal(t, uint64(1), n.Failed)
}

func TestResetLosesTheCall(t *testing.T) {
	s := start(t, "judge")
	c := dial(t, s)
	require.NoError(t, s.SetFault(Fault{Mode: Reset}))
	require.Error(t, answered(t, c.Go("Judge.Send", judgeItems(make([]int64, 1000)...), &SimpleRpcResponse{}, nil)))
	eventually(t, func() bool { return s.Counts().Connections == 0 })
	require.Zero(t, s.Counts().Received)
	require.NoError(t, s.SetFault(Fault{}))
	require.NoError(t, answered(t, send(dial(t, s), 60)))
}

func TestCutTakesThePointsAndLosesTheReply(t *testing.T) {
	s := start(t, "judge")
	c := dial(t, s)
	require.NoError(t, s.SetFault(Fault{Mode: Cut}))
	err := answered(t, send(c, 60))
	require.Error(t, err)
	require.False(t, errors.As(err, new(rpc.ServerError)))
	require.NoError(t, s.SetFault(Fault{}))
	require.NoError(t, answered(t, send(dial(t, s), 60)))
	n := s.Counts()
	require.Equal(t, uint64(2), n.Received)
	require.Equal(t, uint64(1), n.Repeated)
	require.Equal(t, uint64(1), n.Discarded)
}

// TestFaultsUnderTraffic switches faults while clients send, each point again
// until it is answered, as a relay does: then each arrives, and in order.
func TestFaultsUnderTraffic(t *testing.T) {
	s := start(t, "graph")
	stop := make(chan struct{})
	const clients = 4
	sent := make(chan int64, clients)
	for client := range clients {
		go func() {
			item := &GraphItem{Endpoint: string(rune('a' + client)), Metric: "m", Timestamp: 1}
			for {
				select {
				case <-stop:
					sent <- item.Timestamp - 1
					return
				default:
				}
				if callOnce(s.Addr(), item) == nil {
					item.Timestamp++
				}
			}
		}()
	}
	modes := []Mode{Refuse, Error, Reset, Cut, Hang, Freeze, Slow}
	for i := range 5 * len(modes) {
		require.NoError(t, s.SetFault(Fault{Mode: modes[i%len(modes)], Delay: time.Millisecond}))
		time.Sleep(2 * time.Millisecond) // the fault has to last a while
		require.NoError(t, s.SetFault(Fault{}))
		before := s.Counts().Received
		eventually(t, func() bool { return s.Counts().Received > before })
	}
	close(stop)
	var answered int64
	for range clients {
		answered += <-sent
	}
	s.Close() // and with it the calls whose clients have gone
	n := s.Counts()
	require.Equal(t, n.Received, n.Applied+n.Discarded)
	require.Len(t, s.Points(), int(n.Received))
	require.Zero(t, n.Late)
	require.GreaterOrEqual(t, int64(n.Received-n.Repeated), answered)
	require.Equal(t, clients, n.Series)
}

// callOnce dials, sends one item and waits for the reply.
func callOnce(addr string, item *GraphItem) error {
	c, err := rpc.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.Call("Graph.Send", []*GraphItem{item}, &SimpleRpcResponse{})
}
