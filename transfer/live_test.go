package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/transfer/sink"
)

// section is a part of a configuration file; a nil one takes a key away.
type section = map[string]any

// liveRelay is a relay that runs from a file.
type liveRelay struct {
	*Service
	file  string
	cfg   section
	graph *sink.Sink
}

// startLive starts a relay with all listeners on free ports and a graph that takes all.
// When the test ends it is stopped, and no goroutine may be left.
func startLive(t *testing.T) *liveRelay {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) }) // after all else
	return launchLive(t, nil)
}

// launchLive is startLive for one of several relays, with more sections.
func launchLive(t *testing.T, more section) *liveRelay {
	t.Helper()
	graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(func() { graph.Close() })
	r := &liveRelay{file: filepath.Join(t.TempDir(), "cfg.json"), graph: graph, cfg: section{
		"dataDir": t.TempDir(),
		"http":    listenOn(freePort(t)),
		"rpc":     listenOn(freePort(t)),
		"socket":  listenOn(freePort(t)),
		"graph":   section{"enabled": true, "cluster": section{"graph-00": graph.Addr()}},
	}}
	maps.Copy(r.cfg, more)
	r.write(t)
	cfg, err := g.Load(r.file)
	require.NoError(t, err)
	r.Service, err = NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	r.Start()
	t.Cleanup(func() { r.Stop() }) // of the one that runs then
	return r
}

func listenOn(address string) section { return section{"enabled": true, "listen": address} }

// freePort returns an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

// write writes the file.
func (r *liveRelay) write(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(r.cfg)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(r.file, text, 0o600))
}

// reload writes the file and loads it; it must be taken.
func (r *liveRelay) reload(t *testing.T) (changed []string) {
	t.Helper()
	r.write(t)
	done, err := r.Reload(false)
	require.NoError(t, err)
	return done.Changed
}

// rpcClient is a connection to the RPC port.
type rpcClient struct {
	net.Conn
	replies *json.Decoder
}

// dialRPC connects to the RPC port at address.
func dialRPC(t *testing.T, address string) *rpcClient {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return &rpcClient{c, json.NewDecoder(c)}
}

// push sends one point and waits for the reply.
func (c *rpcClient) push(name string) error {
	_, err := fmt.Fprintf(c, `{"method":"Transfer.Update","params":[[{"endpoint":%q,"metric":"m","value":1,"step":60,"counterType":"GAUGE"}]],"id":1}`, name)
	if err != nil {
		return err
	}
	var reply struct {
		Result struct{ Invalid int }
		Error  any
	}
	if err := c.replies.Decode(&reply); err != nil {
		return err
	}
	if reply.Error != nil || reply.Result.Invalid != 0 {
		return fmt.Errorf("refused: %v", reply)
	}
	return nil
}

// expectText reads exactly text.
func expectText(t *testing.T, c net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

// get returns the reply of the admin server at address.
func get(t *testing.T, address, path string) (code int, body string) {
	t.Helper()
	client := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	reply, err := client.Get("http://" + address + path)
	require.NoError(t, err)
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	return reply.StatusCode, string(text)
}

// arrived waits until the graph has exactly these endpoints' points, in any order.
func (r *liveRelay) arrived(t *testing.T, endpoints ...string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.graph.Points()) >= len(endpoints) }, 10*time.Second, 5*time.Millisecond)
	var got []string
	for _, p := range r.graph.Points() {
		got = append(got, p.Endpoint)
	}
	require.ElementsMatch(t, endpoints, got)
}

// closed reports whether the relay closes the connection.
func closed(t *testing.T, c net.Conn) bool {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := c.Read(make([]byte, 1))
	return err != nil && !strings.Contains(err.Error(), "timeout")
}
