package handover

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// scriptVariable makes the test binary a successor that does what it says.
const scriptVariable = "TEST_SUCCESSOR"

func TestMain(m *testing.M) {
	if script := os.Getenv(scriptVariable); script != "" {
		os.Exit(play(script))
	}
	goleak.VerifyTestMain(m)
}

// play is what the successor of the tests does.
func play(script string) int {
	p, err := Inherit()
	if err != nil || p == nil {
		fmt.Fprintln(os.Stderr, "nothing inherited:", err)
		return 3
	}
	switch script {
	case "fails":
		p.Failed(errors.New("first\nsecond"))
		return 1
	case "ends":
		return 7
	case "hangs":
		time.Sleep(time.Hour)
	}
	if err := p.Validated(context.Background()); err != nil {
		return 4
	}
	if script == "dies" {
		return 8
	}
	answers := make(chan error, len(p.Listeners))
	for _, ln := range p.Listeners {
		go func() {
			c, err := ln.Accept()
			if err == nil {
				_, err = fmt.Fprintf(c, "%s %s %v\n", ln.Address, p.Estate.DataDir, os.Getenv(variable) == "")
				_ = c.Close()
			}
			answers <- err
		}()
	}
	if err := p.Accepting(); err != nil {
		return 5
	}
	for range p.Listeners {
		if <-answers != nil {
			return 6
		}
	}
	return 0
}

// startTest starts a successor that plays the script, with listeners.
func startTest(t *testing.T, script string, listeners ...*net.TCPListener) *Successor {
	t.Helper()
	t.Setenv(scriptVariable, script)
	estate := Estate{DataDir: "/data"}
	var files []*os.File
	for i, ln := range listeners {
		file, err := Copy(ln)
		require.NoError(t, err)
		defer func() { require.NoError(t, file.Close()) }()
		files = append(files, file)
		estate.Listeners = append(estate.Listeners, fmt.Sprintf("port-%d", i))
	}
	s, err := Start(os.Args[0], nil, estate, files)
	require.NoError(t, err)
	t.Cleanup(s.Kill)
	return s
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// The successor gets each listener, and what is said of it, and whoever connected
// before it accepts.
func TestHandOver(t *testing.T) {
	first, second := listen(t), listen(t)
	s := startTest(t, "succeeds", first, second)
	require.NoError(t, s.Validated(soon(t)))
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	var early []net.Conn
	for _, ln := range []*net.TCPListener{first, second} {
		c, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err, "the port is kept open")
		early = append(early, c)
	}
	require.NoError(t, s.Release())
	require.NoError(t, s.Accepting(soon(t)))
	for i, c := range early {
		line, err := bufio.NewReader(c).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("port-%d /data true\n", i), line)
		require.NoError(t, c.Close())
	}
	<-s.ended
	require.NoError(t, s.exit)
	for _, ln := range []*net.TCPListener{first, second} {
		_, err := net.Dial("tcp", ln.Addr().String())
		require.Error(t, err, "nobody keeps the port any more")
	}
}

// A listener that was copied can still be closed while somebody waits on it.
func TestCopiedListenerCloses(t *testing.T) {
	ln := listen(t)
	s := startTest(t, "hangs", ln)
	accepted := make(chan error)
	go func() {
		_, err := ln.Accept()
		accepted <- err
	}()
	time.Sleep(10 * time.Millisecond)
	require.NoError(t, ln.Close())
	require.ErrorIs(t, <-accepted, net.ErrClosed)
	s.Kill()
	_, err := net.Dial("tcp", ln.Addr().String())
	require.Error(t, err)
}

func TestSuccessorFails(t *testing.T) {
	for script, says := range map[string]string{
		"fails": "first; second",
		"ends":  "it ended: exit status 7: its output says why",
	} {
		t.Run(script, func(t *testing.T) {
			s := startTest(t, script)
			require.EqualError(t, s.Validated(soon(t)), says)
		})
	}
	t.Run("hangs", func(t *testing.T) {
		s := startTest(t, "hangs")
		why := errors.New("too late")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, why)
		defer cancel()
		require.ErrorIs(t, s.Validated(ctx), why)
	})
	t.Run("dies with what it has", func(t *testing.T) {
		s := startTest(t, "dies")
		require.NoError(t, s.Validated(soon(t)))
		require.NoError(t, s.Release())
		require.EqualError(t, s.Accepting(soon(t)), "it ended: exit status 8: its output says why")
	})
	t.Run("no program", func(t *testing.T) {
		_, err := Start("/nowhere/transfer", nil, Estate{}, nil)
		require.ErrorContains(t, err, "cannot start the new program")
	})
}

// A successor whose predecessor goes away without a word does not take over.
func TestPredecessorGoes(t *testing.T) {
	s := startTest(t, "succeeds")
	require.NoError(t, s.Validated(soon(t)))
	require.NoError(t, s.talk.conn.Close())
	<-s.ended
	require.EqualError(t, s.exit, "exit status 4")
}

func TestNothingToInherit(t *testing.T) {
	p, err := Inherit()
	require.NoError(t, err)
	require.Nil(t, p)
}

func TestEstateOfAnotherKind(t *testing.T) {
	text, err := Estate{Version: version + 1}.encode()
	require.NoError(t, err)
	_, err = decodeEstate(text)
	require.ErrorContains(t, err, "a relay of another kind")
	_, err = decodeEstate("{")
	require.ErrorContains(t, err, "cannot understand")
	_, err = decodeEstate(fmt.Sprintf(`{"version":%d,"listeners":[%s""]}`, version, strings.Repeat(`"",`, maxListeners)))
	require.ErrorContains(t, err, "at most")
}

// What comes over the socket pair is read or refused; what is read is written the same.
func FuzzTalk(f *testing.F) {
	for _, seed := range []string{
		"validated\n", "failed no such file\n", "released", "accepting\n\n", "\n", "",
		`{"version":1,"process":7,"dataDir":"/data","journal":true,"listeners":[":8433","127.0.0.1:6060"]}` + "\n",
		strings.Repeat("x", maxLine+1),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = theirs.Write(data) // the reader may have had enough
			_ = theirs.Close()
		}()
		talk := newTalk(ours)
		line, err := talk.line(t.Context())
		_ = ours.Close()
		if err != nil {
			return
		}
		require.True(t, strings.HasPrefix(string(data), line+"\n"))
		require.Equal(t, line == validated, judge(line, validated) == nil)
		if estate, err := decodeEstate(line); err == nil && utf8.ValidString(line) {
			text, err := estate.encode()
			require.NoError(t, err)
			again, err := decodeEstate(text)
			require.NoError(t, err)
			require.Equal(t, estate, again)
		}
	})
}
