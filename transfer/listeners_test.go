package main

import (
	"fmt"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A listener that moves takes points at its new place, its counters go on, and the
// connections of the other ones are not touched.
func TestListenersMove(t *testing.T) {
	r := startLive(t)
	old := r.listeners.address(listenerRPC)
	agent := dialRPC(t, old)
	require.NoError(t, agent.push("one"))
	lines, err := net.Dial("tcp", r.listeners.address(listenerSocket))
	require.NoError(t, err)
	defer func() { _ = lines.Close() }()

	moved := freePort(t)
	r.cfg["rpc"] = listenOn(moved)
	require.Equal(t, []string{"rpc.listen: " + old + " -> " + moved}, r.reload(t))
	require.True(t, closed(t, agent), "its listener is gone")
	_, err = net.Dial("tcp", old)
	require.Error(t, err)
	require.NoError(t, dialRPC(t, moved).push("two"))
	_, err = fmt.Fprintf(lines, "update three m 1700000000 1 GAUGE 60\n")
	require.NoError(t, err)
	r.arrived(t, "one", "two", "three")
	require.EqualValues(t, 2, r.listeners.receivers()[0].Accepted.Load())
	require.EqualValues(t, 1, r.listeners.receivers()[0].Open.Load())
}

// A request in flight is answered by the listener that it came to.
func TestListenerThatGoesAnswersFirst(t *testing.T) {
	r := startLive(t)
	web := r.listeners.address(listenerHTTP)
	c, err := net.Dial("tcp", web)
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	body := `[{"endpoint":"e","metric":"m","value":1,"step":60,"counterType":"GAUGE"}]`
	_, err = fmt.Fprintf(c, "POST /api/push HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	require.NoError(t, err)
	expectText(t, c, "HTTP/1.1 100 Continue\r\n\r\n") // it is in flight

	moved := freePort(t)
	r.cfg["http"] = listenOn(moved)
	r.reload(t)
	code, _ := get(t, moved, "/ready")
	require.Equal(t, nethttp.StatusOK, code)
	_, err = c.Write([]byte(body))
	require.NoError(t, err)
	expectText(t, c, "HTTP/1.1 200 OK\r\n")
	r.arrived(t, "e")
}

// The reload that moves the admin server is answered at the old place.
func TestReloadThatMovesTheAdminServer(t *testing.T) {
	r := startLive(t)
	old, moved := r.listeners.address(listenerHTTP), freePort(t)
	r.cfg["http"] = listenOn(moved)
	r.write(t)
	code, body := get(t, old, "/config/reload")
	require.Equal(t, nethttp.StatusOK, code, body)
	require.Contains(t, body, moved)
	code, body = get(t, moved, "/metrics")
	require.Equal(t, nethttp.StatusOK, code)
	require.Contains(t, body, `transfer_reloads_total{result="applied"} 1`)
	_, err := net.Dial("tcp", old)
	require.Error(t, err)

	r.cfg["http"] = section{"enabled": false}
	r.write(t)
	code, body = get(t, moved, "/config/reload")
	require.Equal(t, nethttp.StatusOK, code, body)
	require.Contains(t, body, "http: disabled")
	require.Eventually(t, func() bool {
		_, err := net.Dial("tcp", moved)
		return err != nil
	}, 10*time.Second, time.Millisecond)
	r.cfg["http"] = listenOn(moved)
	require.Equal(t, []string{"http: enabled"}, r.reload(t))
	code, _ = get(t, moved, "/ready")
	require.Equal(t, nethttp.StatusOK, code)
}

// Two listeners change places: each port stays bound, and clients that dial meanwhile
// are served.
func TestListenersChangePlaces(t *testing.T) {
	r := startLive(t)
	rpc, socket, http := r.listeners.address(listenerRPC), r.listeners.address(listenerSocket), r.listeners.address(listenerHTTP)
	end := make(chan struct{})
	var dialling sync.WaitGroup
	dialling.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
			}
			c, err := net.Dial("tcp", rpc)
			if err != nil {
				t.Errorf("refused: %v", err)
				return
			}
			_ = c.Close()
		}
	})
	for round := range 20 {
		places := []string{socket, http, rpc}
		if round%2 == 1 {
			places = []string{rpc, socket, http}
		}
		r.cfg["rpc"], r.cfg["socket"], r.cfg["http"] = listenOn(places[0]), listenOn(places[1]), listenOn(places[2])
		require.Len(t, r.reload(t), 3)
		require.NoError(t, dialRPC(t, places[0]).push(fmt.Sprint("e", round)))
		code, _ := get(t, places[2], "/ready")
		require.Equal(t, nethttp.StatusOK, code)
	}
	close(end)
	dialling.Wait()
}

// Other limits hold for the next connections; no connection is closed for them.
func TestLimitsChange(t *testing.T) {
	r := startLive(t)
	rpc, web := r.listeners.address(listenerRPC), r.listeners.address(listenerHTTP)
	agent := dialRPC(t, rpc)
	require.NoError(t, agent.push("one"))
	r.cfg["rpc"] = section{"enabled": true, "listen": rpc, "connections": 1}
	require.Equal(t, []string{"rpc.connections: 16384 -> 1"}, r.reload(t))
	require.NoError(t, agent.push("two"), "it is open and stays so")
	require.True(t, closed(t, dialRPC(t, rpc)), "one over the limit")

	code, _ := get(t, web, "/debug/pprof/cmdline")
	require.Equal(t, nethttp.StatusNotFound, code)
	r.cfg["debug"] = true
	require.Equal(t, []string{"debug: false -> true"}, r.reload(t))
	code, _ = get(t, web, "/debug/pprof/cmdline")
	require.Equal(t, nethttp.StatusOK, code)
	r.cfg["http"] = section{"enabled": true, "listen": web, "requestBytes": 1024}
	require.Len(t, r.reload(t), 1)
	client := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
	reply, err := client.Post("http://"+web+"/api/push", "application/json", strings.NewReader("["+strings.Repeat(" ", 2000)+"]"))
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, nethttp.StatusRequestEntityTooLarge, reply.StatusCode)
	require.NoError(t, agent.push("three"))
	r.arrived(t, "one", "two", "three")
}

// A port that cannot be had is named, and nothing has changed.
func TestPortThatIsTaken(t *testing.T) {
	r := startLive(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	rpc, socket := r.listeners.address(listenerRPC), r.listeners.address(listenerSocket)
	agent := dialRPC(t, rpc)
	free := freePort(t)
	for key, address := range map[string]string{"socket": taken.Addr().String(), "rpc": socket} { // rpc: socket keeps it
		before := r.cfg[key]
		r.cfg[key] = listenOn(address)
		r.cfg["http"] = listenOn(free)
		r.write(t)
		_, err = r.Reload(false)
		require.ErrorContains(t, err, key+".listen: cannot bind the port")
		r.cfg[key] = before
		_, err = net.Dial("tcp", free)
		require.Error(t, err, "what was bound for it is free again")
	}
	require.NoError(t, agent.push("one"))
	require.Equal(t, rpc, r.listeners.address(listenerRPC))
	require.Contains(t, (&view{r.Service}).Loaded().Failed, "cannot bind the port")
}
