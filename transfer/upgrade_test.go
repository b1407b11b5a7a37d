package main

import (
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/stat"
	"transfer/transfer/handover"
	"transfer/transfer/sink"
)

// An upgrade is asked for once at a time, and what came of it is told.
func TestUpgradeState(t *testing.T) {
	u, err := newUpgrade()
	require.NoError(t, err)
	require.Equal(t, stat.Upgrade{Process: os.Getpid()}, u.State())
	for attempt := range 2 {
		state, err := u.Start()
		require.NoError(t, err)
		require.Equal(t, attempt+1, state.Attempts)
		require.True(t, state.Running)
		_, err = u.Start()
		require.ErrorIs(t, err, errUpgrading)
		<-u.asked
		u.ended(errors.New("no"))
		require.Equal(t, stat.Upgrade{Process: os.Getpid(), Attempts: attempt + 1, Error: "no"}, u.State())
	}
}

func TestProgramPath(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "transfer-1")
	require.NoError(t, os.WriteFile(file, nil, 0o700))
	link := filepath.Join(dir, "transfer")
	require.NoError(t, os.Symlink(file, link))
	t.Setenv("PATH", dir)
	t.Chdir(dir)
	self, err := os.Executable()
	require.NoError(t, err)
	for name, want := range map[string]string{"transfer": link, "./transfer": link, link: link, "-nonsense": self} {
		path, err := programPath(name)
		require.NoError(t, err)
		require.Equal(t, want, path, name)
	}
}

// Listeners that were kept are handed out by their address, in their order, and what is
// open can be copied.
func TestHeldPorts(t *testing.T) {
	const any = "127.0.0.1:0"
	p := &heldPorts{}
	first, err := p.Listen(any)
	require.NoError(t, err)
	second, err := p.Listen(any)
	require.NoError(t, err)
	held, err := p.copyOpen()
	require.NoError(t, err)
	defer held.close()
	require.Equal(t, []string{any, any}, held.addresses)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	require.Empty(t, p.open)

	early, err := net.Dial("tcp", first.Addr().String())
	require.NoError(t, err, "the copy holds the port")
	defer func() { require.NoError(t, early.Close()) }()

	again, err := held.listeners()
	require.NoError(t, err)
	p.keep(again)
	one, err := p.Listen(any)
	require.NoError(t, err)
	require.Equal(t, first.Addr(), one.Addr())
	c, err := one.Accept()
	require.NoError(t, err)
	require.NoError(t, c.Close())
	other, err := p.Listen("127.0.0.2:0")
	require.NoError(t, err)
	require.NotEqual(t, second.Addr(), other.Addr())
	p.dropKept()
	require.NoError(t, one.Close())
	require.NoError(t, other.Close())
	held.close()
	for _, ln := range []net.Listener{first, second} {
		_, err := net.Dial("tcp", ln.Addr().String())
		require.Error(t, err)
	}
}

// What is handed over waits on disk, and another Service goes on with it on the same
// ports.
func TestServiceIsHandedOver(t *testing.T) {
	defer goleak.VerifyNone(t)
	graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	defer graph.Close()
	require.NoError(t, graph.SetFault(sink.Fault{Mode: sink.Freeze}))

	s := newTestService(t, graph.Addr())
	p := &heldPorts{}
	s.abandon()
	cfg := s.config()
	s, err = NewService(cfg, s.log, p)
	require.NoError(t, err)
	s.Start()
	push(t, s, 0, 10)
	at := s.listeners.address(listenerHTTP)
	held, err := p.copyOpen()
	require.NoError(t, err)
	require.Len(t, held.files, 3)
	s.HandOver()
	require.Empty(t, p.open)

	answer := make(chan error, 1)
	go func() {
		client := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
		reply, err := client.Get("http://" + at + "/ready")
		if err == nil && reply.StatusCode != nethttp.StatusOK {
			err = fmt.Errorf("status %d", reply.StatusCode)
		}
		if err == nil {
			err = reply.Body.Close()
		}
		answer <- err
	}()
	listeners, err := held.listeners()
	require.NoError(t, err)
	p.keep(listeners)
	require.NoError(t, graph.SetFault(sink.Fault{}))
	s, err = NewService(cfg, s.log, p)
	require.NoError(t, err)
	require.Empty(t, p.kept)
	s.Continue()
	require.NoError(t, <-answer, "who asked in between is answered, and not that the relay starts")
	require.Equal(t, at, s.listeners.address(listenerHTTP))
	push(t, s, 10, 10)
	// The call that was cut off may have arrived, and comes again.
	different := func() uint64 { c := graph.Counts(); return c.Received - c.Repeated }
	require.Eventually(t, func() bool { return different() == 20 }, 10*time.Second, 10*time.Millisecond)
	require.Zero(t, graph.Counts().Late)
	s.Stop()
	held.close()
	_, err = net.Dial("tcp", at)
	require.Error(t, err)
}

func TestProcessOneStays(t *testing.T) {
	require.ErrorContains(t, mayEnd(1), "container")
	require.NoError(t, mayEnd(2))
}

// What cannot be taken over is refused before anything is taken.
func TestValidateOfASuccessor(t *testing.T) {
	s := newTestService(t, "127.0.0.1:1")
	defer s.abandon()
	estate, err := estateOf(s.config())
	require.NoError(t, err)
	p := &process{ports: &heldPorts{}}
	defer p.ports.dropKept()
	require.NoError(t, p.validate(estate, s.config()))
	require.Len(t, p.ports.kept, 3)

	require.ErrorContains(t, p.validate(handover.Estate{DataDir: "/other"}, s.config()), "dataDir: cannot change from /other to")
	require.ErrorContains(t, p.validate(handover.Estate{DataDir: estate.DataDir, Memory: true}, s.config()), "durability: cannot change")
}

// The supervisor is told, and the pid file names who runs the relay.
func TestProcessIsAnnounced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer func() { require.NoError(t, socket.Close()) }()
	t.Setenv(notifyVariable, path)
	pids := pidFile(filepath.Join(dir, "pid"))
	require.NoError(t, pids.write())
	(&process{}).isMain(os.Getpid())
	b := make([]byte, 100)
	n, err := socket.Read(b)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("READY=1\nMAINPID=%d", os.Getpid()), string(b[:n]))
	id, err := pids.read()
	require.NoError(t, err)
	require.Equal(t, os.Getpid(), id)

	require.NoError(t, os.WriteFile(string(pids), []byte("12345\n"), 0o600))
	pids.remove()
	id, err = pids.read()
	require.NoError(t, err)
	require.Equal(t, 12345, id, "another process's file stays")
	require.NoError(t, pids.write())
	pids.remove()
	require.NoFileExists(t, string(pids))

	for _, text := range []string{"", "x", "0", "1", "-7"} {
		require.NoError(t, os.WriteFile(string(pids), []byte(text), 0o600))
		_, err := pids.read()
		require.ErrorContains(t, err, "is no process id", text)
	}
	require.NoError(t, pidFile("").write())
	require.ErrorContains(t, pidFile(filepath.Join(dir, "none", "pid")).write(), "--pid-file")
	t.Setenv(notifyVariable, filepath.Join(dir, "none"))
	require.ErrorContains(t, notify("READY=1"), "cannot tell the supervisor")
	t.Setenv(notifyVariable, "")
	require.NoError(t, notify("READY=1"))
}
