package faults

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

// standIn plays one address of a backend.
type standIn interface {
	Addr() string
	// Points returns what came, in order.
	Points() []sink.Point
	// discards returns how many points it discarded when they came, as not newer than
	// the last of their series. What graph discards depends on the machine's pace, too:
	// it counts none; see strict.
	discards() int
}

// sinkIn is a stand-in of package sink, with faults of its own.
type sinkIn struct{ *sink.Sink }

func newSink(t *testing.T, kind, address string) sinkIn {
	t.Helper()
	// Timestamps are remembered for good: what was discarded must be told from what
	// was sent again.
	s, err := sink.New(kind, address, sink.Options{Record: true, Remember: 1 << 30})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return sinkIn{s}
}

func (s sinkIn) discards() int {
	if s.Kind() == "graph" {
		return 0
	}
	return int(s.Counts().Discarded)
}

// fail switches the fault, which sink.Fault{} ends.
func (s sinkIn) fail(t *testing.T, f sink.Fault) {
	t.Helper()
	require.NoError(t, s.SetFault(f))
}

// standInVariable makes a process of this test binary a stand-in of the kind that it
// holds.
const standInVariable = "FAULTS_STANDIN"

// playStandIn is the whole of that process: it says its address, and when its input
// ends what came.
func playStandIn(kind string) (code int) {
	s, err := sink.New(kind, freeAddress(), sink.Options{Record: true, Remember: 1 << 30})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Close()
	if err := gob.NewEncoder(os.Stdout).Encode(arrived{s.Points(), sinkIn{s}.discards()}); err != nil {
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

// processIn is a stand-in that is a process of its own, to be stopped by SIGSTOP.
type processIn struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	in      io.Closer
	out     *bufio.Reader
	came    *arrived // nil until it was asked
}

func newProcess(t *testing.T, kind string) *processIn {
	t.Helper()
	p := &processIn{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), standInVariable+"="+kind)
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	p.in, p.out = in, bufio.NewReader(out)
	address, err := p.out.ReadString('\n')
	require.NoError(t, err)
	p.address = strings.TrimSpace(address)
	return p
}

func (p *processIn) Addr() string { return p.address }

// end ends the process, once, and returns what came.
func (p *processIn) end() *arrived {
	p.t.Helper()
	if p.came == nil {
		p.came = &arrived{}
		require.NoError(p.t, p.in.Close())
		require.NoError(p.t, gob.NewDecoder(p.out).Decode(p.came))
	}
	return p.came
}

func (p *processIn) Points() []sink.Point { return p.end().Points }

func (p *processIn) discards() int { return p.end().Discarded }
