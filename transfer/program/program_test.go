package program

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shell starts a shell with a script.
func shell(t *testing.T, script string) *Program {
	t.Helper()
	p, err := Start(filepath.Join(t.TempDir(), "log"), "/bin/sh", "-c", script)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.StopIn(0) })
	return p
}

// says waits until the program has printed the word.
func says(t *testing.T, p *Program, word string) {
	t.Helper()
	require.NoError(t, p.Await(func() bool { return strings.Contains(p.LastWords(), word) }))
}

func TestProgramStops(t *testing.T) {
	p := shell(t, `trap 'echo bye; exit 0' TERM; pwd; echo hello; while :; do sleep 0.01; done`)
	says(t, p, "hello")
	require.Contains(t, p.LastWords(), filepath.Dir(p.Log()))
	require.NoError(t, p.Stop())
	state, err := p.Wait()
	require.NoError(t, err)
	require.Equal(t, p.PID(), state.Pid())
	require.Contains(t, p.LastWords(), "bye")
	require.NoError(t, p.Stop(), "a second stop does nothing")

	deaf := shell(t, `trap '' TERM; echo hello; while :; do sleep 0.01; done`)
	says(t, deaf, "hello")
	require.False(t, deaf.HasEnded())
	require.ErrorContains(t, deaf.StopIn(10*time.Millisecond), "it was killed")
	require.True(t, deaf.HasEnded())
}

func TestProgramDoesNotStart(t *testing.T) {
	_, err := Start(filepath.Join(t.TempDir(), "log"), "/no/such/program")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Start("/no/such/folder/log", "/bin/sh")
	require.ErrorContains(t, err, "cannot keep the log")

	p := shell(t, `echo 'no luck today'; exit 3`)
	err = p.Await(func() bool { return false })
	require.ErrorContains(t, err, "no luck today")
	require.ErrorContains(t, err, "exit status 3")
}

func TestAwaitPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := shell(t, `exec sleep 60`)
	require.NoError(t, p.AwaitPort(l.Addr().String()))
	require.NoError(t, p.Stop())
	require.NoError(t, l.Close())
	require.Error(t, p.AwaitPort(l.Addr().String()))
}
