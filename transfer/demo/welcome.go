package demo

import (
	"fmt"
	"io"
	"net"
	"time"
)

// welcome is what a newcomer is told.
type welcome struct {
	relay    addresses
	sinks    string // the stand-ins' API
	host     string
	interval time.Duration
}

// welcomeText takes the HTTP server, the line socket as nc wants it, the RPC
// receiver, the stand-ins' API, the host's name and the interval.
const welcomeText = `
A relay runs here, with stand-ins behind it: 2 judges, 3 nodes of graph, a TSDB and
a next transfer. This machine's own figures go in every %[6]s, as an agent sends them,
by JSON-RPC to %[3]s.

  watch it          open http://%[1]s/ in a browser
  push a point      curl -d '[{"endpoint":"me","metric":"hello","value":1,"step":1,"counterType":"GAUGE","tags":"by=curl","timestamp":0}]' http://%[1]s/api/push
  push a line       printf 'update me hello/by=nc 0 42 GAUGE 1\n' | nc -q1 %[2]s
  see them arrive   curl 'http://%[4]s/series?prefix=me/'
  see the figures   curl 'http://%[4]s/series?prefix=%[5]s/cpu.idle'
  break a graph     curl -X POST 'http://%[4]s/fault?sink=graph-01&fault=refuse'
  mend it           curl -X POST 'http://%[4]s/fault?sink=graph-01&fault=ok'

Ctrl-C stops everything.

`

func printWelcome(out io.Writer, w welcome) {
	host, port, _ := net.SplitHostPort(w.relay.socket) // it was listened on
	fmt.Fprintf(out, welcomeText, w.relay.http, host+" "+port, w.relay.rpc, w.sinks, w.host, w.interval)
}
