package faults

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// bomb is what a hostile or broken client writes, as fast as it can, until the relay
// ends the connection or all is written.
type bomb struct {
	name  string
	port  func(p *trial.Ports) string
	begin string
	fill  string // again and again
	bytes int    // in all, about
	reads bool   // whether the client reads replies
	skips bool   // the relay may read it all and answer nothing
}

func bombs() []bomb {
	rpc := func(p *trial.Ports) string { return p.RPC }
	socket := func(p *trial.Ports) string { return p.Socket }
	const update = `{"method":"Transfer.Update","id":1,"params":[`
	long := either(64<<20, 1<<30)
	return []bomb{
		{name: "deep JSON", port: rpc, begin: update, fill: "[", bytes: 100_000, reads: true},
		{name: "a JSON string without an end", port: rpc, begin: update + `[{"endpoint":"`, fill: "xxxxxxxxxxxxxxxx", bytes: long, reads: true},
		{name: "an array of 10 million", port: rpc, begin: update + "[0", fill: ",0", bytes: 20_000_000, reads: true},
		{name: "a gob message of 1 GiB", port: rpc, begin: "\xfc\x40\x00\x00\x00", fill: "\x00\x00\x00\x00", bytes: long, reads: true},
		{name: "garbage", port: rpc, begin: "xyz", fill: "\xff\x00xyz", bytes: 1 << 20, reads: true},
		{name: "a line without an end", port: socket, fill: "update host ", bytes: long, reads: true, skips: true},
		{name: "replies that are never read", port: rpc, fill: `{"method":"Transfer.Ping","params":[{}],"id":1}`, bytes: either(16<<20, 256<<20)},
	}
}

// P10, P15: bombs cost themselves only, in bounded time and memory.
func TestBombs(t *testing.T) {
	t.Parallel()
	site, _, _ := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "bombs", Injected: "deep JSON, endless strings, lines and arrays, gob and gzip bombs, replies never read, all at once",
		Expected: "refused in bounded time and memory, points flow"}, site, trial.Section{
		"rpc": trial.Section{"enabled": true, "listen": "127.0.0.1:0", "headerTimeout": "2s", "requestTimeout": "5s", "idleTimeout": "5s"},
	})
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	var thrown sync.WaitGroup
	for _, b := range bombs() {
		thrown.Go(func() {
			if err := b.throw(s.Relay.Ports.Load()); err != nil {
				t.Errorf("%s: %v", b.name, err)
			}
		})
	}
	thrown.Go(func() {
		if err := gzipBomb(s.Relay.Ports.Load().HTTP); err != nil {
			t.Errorf("gzip bomb: %v", err)
		}
	})
	thrown.Wait()
	s.Flows()
	s.Note("%d bombs", len(bombs())+1)
	s.Finish()
}

// bombTime is how long a bomb may keep its connection.
const bombTime = 45 * time.Second

// throw writes the bomb. It is an error if the relay neither ends the connection nor
// reads it all.
func (b *bomb) throw(p *trial.Ports) error {
	conn, err := net.Dial("tcp", b.port(p))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(bombTime))
	ended := make(chan error, 1)
	if b.reads {
		go func() {
			_, err := io.Copy(io.Discard, conn)
			ended <- err
		}()
	}
	err = b.write(conn)
	switch {
	case isTimeout(err):
		return fmt.Errorf("the connection is still there after %s", bombTime)
	case err != nil, b.skips:
		return nil // the relay has ended it, or read it all
	case !b.reads:
		return fmt.Errorf("the relay took %d bytes of requests whose replies nobody reads", b.bytes)
	}
	if err := <-ended; isTimeout(err) {
		return fmt.Errorf("the connection is still there after %s", bombTime)
	}
	return nil
}

func (b *bomb) write(conn net.Conn) error {
	if _, err := io.WriteString(conn, b.begin); err != nil {
		return err
	}
	piece := []byte(strings.Repeat(b.fill, max(1, min(b.bytes, 64<<10)/len(b.fill))))
	for left := b.bytes; left > 0; left -= len(piece) {
		if _, err := conn.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

func isTimeout(err error) bool {
	var late net.Error
	return errors.As(err, &late) && late.Timeout()
}

// gzipBomb posts little that unpacks to much.
func gzipBomb(address string) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	blanks := bytes.Repeat([]byte{' '}, 1<<20)
	for range either(64, 512) {
		_, _ = z.Write(blanks) // into memory
	}
	_ = z.Close()
	request, err := http.NewRequest(http.MethodPost, "http://"+address+"/api/push", &packed)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Encoding", "gzip")
	client := http.Client{Timeout: bombTime}
	resp, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode < 400 || resp.StatusCode >= 500 {
		return fmt.Errorf("answer %s", resp.Status)
	}
	return nil
}

// P10, P15: thousands of requests that are never finished.
func TestHalfSentRequests(t *testing.T) {
	t.Parallel()
	site, _, _ := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "half-sent requests", Injected: "thousands of connections that send half a request and wait (5,000 in the full form)",
		Expected: "closed after the time limit, points flow"}, site, trial.Section{
		"rpc": trial.Section{"enabled": true, "listen": "127.0.0.1:0", "headerTimeout": "3s", "requestTimeout": "3s"},
	})
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	crowd := make([]net.Conn, either(500, 5000))
	for i := range crowd {
		conn, err := net.Dial("tcp", s.Relay.Ports.Load().RPC)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, `{"method":"Transfer.Update","params":[[{"endpoint":"slow`)
		require.NoError(t, err)
		crowd[i] = conn
	}
	s.Flows()
	deadline := time.Now().Add(40 * time.Second)
	for _, conn := range crowd {
		_ = conn.SetReadDeadline(deadline)
		_, err := io.Copy(io.Discard, conn)
		require.False(t, isTimeout(err), "a half-sent request still has its connection")
	}
	s.Flows()
	s.Note("%d connections", len(crowd))
	s.Finish()
}

// P15: with no descriptors left accepting waits, and goes on when there are some.
func TestNoDescriptorsLeft(t *testing.T) {
	t.Parallel()
	prlimit := program(t, "prlimit")
	site, _, _ := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "no descriptors left", Injected: "more clients than the process may have open files",
		Expected: "accepting waits without spinning, points of others flow, later all are served"}, site, nil)
	s.Relay.Under = []string{prlimit, "--nofile=128:128"}
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	s.Watch.Pause(true) // its requests may find no descriptor, and that is no fault
	var crowd []net.Conn
	leave := func() {
		for _, c := range crowd {
			_ = c.Close()
		}
	}
	defer leave()
	for range 300 {
		conn, err := net.DialTimeout("tcp", s.Relay.Ports.Load().RPC, time.Second)
		require.NoError(t, err)
		crowd = append(crowd, conn)
	}
	before := s.Relay.CPU()
	const full = 2 * time.Second
	time.Sleep(full)
	used := s.Relay.CPU() - before
	s.Flows()
	require.Less(t, used, full/2, "the relay spins")
	leave()
	s.Watch.Pause(false)
	s.Flows()
	late, err := net.Dial("tcp", s.Relay.Ports.Load().RPC)
	require.NoError(t, err)
	defer func() { _ = late.Close() }()
	_ = late.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = io.WriteString(late, `{"method":"Transfer.Ping","params":[{}],"id":1}`)
	require.NoError(t, err)
	_, err = late.Read(make([]byte, 1))
	require.NoError(t, err, "a client that comes afterwards is served")
	s.Note("%s of CPU in %s", used.Round(time.Millisecond), full)
	s.Finish()
}
