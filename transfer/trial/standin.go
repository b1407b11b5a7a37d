package trial

import (
	"bufio"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// StandIn plays one address of a backend.
type StandIn interface {
	Addr() string
	// Points returns what came, in order.
	Points() []sink.Point
	// Discards returns how many points it discarded when they came, as not newer than
	// the last of their series. What graph discards depends on the machine's pace, too:
	// it counts none.
	Discards() int
}

// SinkIn is a stand-in of package sink, with faults of its own.
type SinkIn struct{ *sink.Sink }

// NewSink starts a stand-in of that kind, see sink.Kinds, at an address, until the test's
// end.
func NewSink(t *testing.T, kind, address string) SinkIn {
	t.Helper()
	// Timestamps are remembered for good: what was discarded must be told from what
	// was sent again.
	s, err := sink.New(kind, address, sink.Options{Record: true, Remember: 1 << 30})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return SinkIn{s}
}

// Discards is what StandIn says.
func (s SinkIn) Discards() int {
	if s.Kind() == "graph" {
		return 0
	}
	return int(s.Counts().Discarded)
}

// Hasty returns how many points came to a graph so soon after an earlier call that the
// real one might have discarded one of both; see sink.Counts.
func (s SinkIn) Hasty() int { return int(s.Counts().Hasty) }

// Fail switches the fault, which sink.Fault{} ends.
func (s SinkIn) Fail(t *testing.T, f sink.Fault) {
	t.Helper()
	require.NoError(t, s.SetFault(f))
}

// standInVariable names the variable that makes a process of the test binary a stand-in
// of the kind that it holds.
func (s *Suite) standInVariable() string { return s.name + "_STANDIN" }

// playStandIn is the whole of that process: it says its address, and when its input
// ends what came.
func (s *Suite) playStandIn(kind string) (code int) {
	in, err := sink.New(kind, s.FreeAddress(), sink.Options{Record: true, Remember: 1 << 30})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(in.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	in.Close()
	if err := gob.NewEncoder(os.Stdout).Encode(arrived{in.Points(), SinkIn{in}.Discards()}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// arrived is what a stand-in that is a process says in the end.
type arrived struct {
	Points    []sink.Point
	Discarded int
}

// ProcessIn is a stand-in that is a process of its own, to be stopped by SIGSTOP.
type ProcessIn struct {
	t       *testing.T
	Cmd     *exec.Cmd
	address string
	in      io.Closer
	out     *bufio.Reader
	came    *arrived // nil until it was asked
}

// NewProcess starts a stand-in of that kind as a process, until the test's end.
func (s *Suite) NewProcess(t *testing.T, kind string) *ProcessIn {
	t.Helper()
	p := &ProcessIn{t: t, Cmd: exec.Command(os.Args[0])}
	p.Cmd.Env = append(os.Environ(), s.standInVariable()+"="+kind)
	p.Cmd.Stderr = os.Stderr
	in, err := p.Cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.Cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Cmd.Start())
	t.Cleanup(func() {
		_ = p.Cmd.Process.Kill()
		_ = p.Cmd.Wait()
	})
	p.in, p.out = in, bufio.NewReader(out)
	address, err := p.out.ReadString('\n')
	require.NoError(t, err)
	p.address = strings.TrimSpace(address)
	return p
}

// Addr returns where it listens.
func (p *ProcessIn) Addr() string { return p.address }

// end ends the process, once, and returns what came.
func (p *ProcessIn) end() *arrived {
	p.t.Helper()
	if p.came == nil {
		p.came = &arrived{}
		require.NoError(p.t, p.in.Close())
		require.NoError(p.t, gob.NewDecoder(p.out).Decode(p.came))
	}
	return p.came
}

// Points ends the process and returns what came, in order.
func (p *ProcessIn) Points() []sink.Point { return p.end().Points }

// Discards ends the process and returns what StandIn says.
func (p *ProcessIn) Discards() int { return p.end().Discarded }
