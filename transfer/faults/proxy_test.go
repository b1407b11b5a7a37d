package faults

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// way is what a proxy does with the replies of a backend. Requests always reach it.
type way int32

const (
	through  way = iota
	garbage      // each reply becomes as many random bytes
	endless      // the first reply becomes the begin of 1 GiB
	halfShut     // in place of the first reply the sending side is closed
	mute         // replies are swallowed
)

// proxy stands between the relay and a stand-in and spoils the replies.
type proxy struct {
	listener net.Listener
	to       string
	way      atomic.Int32
	work     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil: closed
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", suite.FreeAddress())
	require.NoError(t, err)
	p := &proxy{listener: l, to: to, conns: make(map[net.Conn]struct{})}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.Close()
		}
		p.conns = nil
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

func (p *proxy) set(w way) { p.way.Store(int32(w)) }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client, server) {
			return
		}
		p.work.Go(func() { // requests
			_, _ = io.Copy(server, client)
			p.drop(client, server)
		})
		p.work.Go(func() { // replies
			p.replies(client.(*net.TCPConn), server)
			p.drop(client, server)
		})
	}
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.conns == nil {
			_ = c.Close()
			continue
		}
		p.conns[c] = struct{}{}
	}
	return p.conns != nil
}

func (p *proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// replies passes on what the server says, spoilt.
func (p *proxy) replies(client *net.TCPConn, server net.Conn) {
	b := make([]byte, 64<<10)
	for {
		n, err := server.Read(b)
		if err != nil {
			return
		}
		switch way(p.way.Load()) {
		case garbage:
			for i := range n {
				b[i] = byte(rand.Int())
			}
		case endless:
			p.pour(client, b)
			return
		case halfShut:
			_ = client.CloseWrite()
			_, _ = io.Copy(io.Discard, server) // the connection lives on
			return
		case mute:
			continue
		}
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}

// pour writes a message of gob that says to be 1 GiB long, or as much of it as the
// client takes.
func (p *proxy) pour(client net.Conn, b []byte) {
	clear(b)
	left := 1 << 30
	if _, err := client.Write([]byte{0xfc, 0x40, 0, 0, 0}); err != nil {
		return
	}
	for left > 0 {
		n, err := client.Write(b)
		if err != nil {
			return
		}
		left -= n
	}
}
