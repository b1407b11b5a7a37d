package bench

import (
	"bytes"
	"io"
	"net"
	"net/rpc"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbes(3)
		p.sent(2, 19)
		p.sent(1, 4)
		time.Sleep(3 * time.Millisecond)
		p.look([]byte("...Zprobe-002-19..Zprobe-001-05.Zprobe-009-01.Zprobe-002-20.Zprobe-0"))
		time.Sleep(2 * time.Millisecond)
		p.look([]byte("Zprobe-002-19, again, and Zprobe-001-04"))
		require.Equal(t, []time.Duration{3 * time.Millisecond, 5 * time.Millisecond}, p.taken())

		p.reset()
		require.Empty(t, p.taken())
		p.sent(0, 0)
		time.Sleep(time.Second)
		p.sent(0, 0)
		require.Equal(t, []time.Duration{time.Second}, p.taken(), "one that did not come in time counts with the time so far")
	})
}

// Probes are found by the stand-ins of both kinds, also where reads cut them.
func TestProbesArrive(t *testing.T) {
	s := standIns(t, "judge", "tsdb")
	s.each(func(p *probes) { p.sent(3, 7) })
	c, err := rpc.Dial("tcp", s.addresses("judge")[1])
	require.NoError(t, err)
	require.NoError(t, c.Call("Judge.Send", items(1, "Zprobe-003-07"), new(SimpleRPCResponse)))
	require.NoError(t, c.Close())
	require.Len(t, s.arrivals(), 1)

	lines, err := net.Dial("tcp", s.addresses("tsdb")[0])
	require.NoError(t, err)
	for _, part := range []string{"put probe.sent 1 1 endpoint=Zpro", "be-003-07\n"} {
		_, err := io.WriteString(lines, part)
		require.NoError(t, err)
	}
	require.NoError(t, lines.Close())
	arrived(t, s, 1)
	require.Len(t, s.arrivals(), 2)
}

func FuzzProbes(f *testing.F) {
	f.Add([]byte("Zprobe-001-04Zprobe-000-00Zprobe-Zprobe-999-99"))
	f.Add([]byte("Zprobe-00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := newProbes(2)
		p.sent(0, 0)
		p.look(data)
		if !bytes.Contains(data, []byte("Zprobe-000")) {
			require.Empty(t, p.taken())
		}
	})
}
