// Package plain is a relay for judge and graph written the usual way: the stock
// JSON-RPC codec, maps, encoding/gob, and lists of interface values. It has the
// shape of Open-Falcon's own transfer, which it stands for in the benchmark, where
// it shows on the same machine in the same minute what the usual way costs. It is
// no relay to be used: it holds on to nothing through an outage.
package plain

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"sync"
	"time"
)

// Relay takes points by JSON-RPC and sends them to judge and graph.
type Relay struct {
	listener net.Listener
	server   *rpc.Server
	judge    *backend
	graph    *backend

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// New listens on address, host:port, for points to judge and graph, given as the
// addresses of their nodes by name, at least one each. Run serves.
func New(address string, judge, graph map[string]string) (*Relay, error) {
	if len(judge) == 0 || len(graph) == 0 {
		return nil, fmt.Errorf("cannot relay without nodes: name at least one judge and one graph")
	}
	r := &Relay{
		server: rpc.NewServer(),
		judge:  newBackend(service{"Judge.Send", newJudgeItem, judgeItems}, judge),
		graph:  newBackend(service{"Graph.Send", newGraphItem, graphItems}, graph),
		conns:  make(map[net.Conn]bool),
	}
	if err := r.server.RegisterName("Transfer", &Transfer{relay: r}); err != nil {
		return nil, fmt.Errorf("cannot serve Transfer.Update: %w", err)
	}
	var err error
	if r.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("cannot listen for points: %w", err)
	}
	return r, nil
}

// Address returns where the relay listens, host:port.
func (r *Relay) Address() string { return r.listener.Addr().String() }

// Run serves until ctx ends, and returns when all connections are closed. What is
// queued by then is lost.
func (r *Relay) Run(ctx context.Context) {
	var work sync.WaitGroup
	r.judge.start(ctx, &work)
	r.graph.start(ctx, &work)
	stop := context.AfterFunc(ctx, r.close)
	defer stop()
	for {
		conn, err := r.listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			break
		}
		if err != nil {
			log.Printf("cannot accept a connection: %v", err)
			sleep(ctx, 10*time.Millisecond)
			continue
		}
		work.Add(1)
		go func() {
			defer work.Done()
			r.serve(ctx, conn)
		}()
	}
	work.Wait()
}

// serve answers the requests of one connection.
func (r *Relay) serve(ctx context.Context, conn net.Conn) {
	r.mu.Lock()
	r.conns[conn] = true
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.conns, conn)
		r.mu.Unlock()
		_ = conn.Close()
	}()
	if ctx.Err() == nil { // else close may have come before this connection
		r.server.ServeCodec(jsonrpc.NewServerCodec(conn))
	}
}

// close ends the listener and every connection.
func (r *Relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		_ = conn.Close()
	}
}

// Transfer is what the relay serves over net/rpc.
type Transfer struct {
	relay *Relay
}

// TransferResp is the reply of Transfer.Update.
type TransferResp struct {
	Message string
	Total   int   // points of the request
	Invalid int   // of these, points that were refused
	Latency int64 // milliseconds
}

// Update takes the points of one request.
func (t *Transfer) Update(args []*MetricValue, reply *TransferResp) error {
	start := time.Now()
	points := make([]*point, 0, len(args))
	for _, v := range args {
		p, err := newPoint(v, start.Unix())
		if err != nil {
			reply.Invalid++
			continue
		}
		points = append(points, p)
	}
	t.relay.judge.push(points)
	t.relay.graph.push(points)
	reply.Message = "ok"
	reply.Total = len(args)
	reply.Latency = time.Since(start).Milliseconds()
	return nil
}
