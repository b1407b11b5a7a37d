package plain

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/rpc"
	"sync/atomic"
	"time"
)

const (
	batchSize   = 200 // items of a call at most
	tries       = 3   // of a call
	dialTimeout = time.Second
	callTimeout = 5 * time.Second
	emptyPause  = 50 * time.Millisecond // before an empty queue is looked at again
	retryPause  = 10 * time.Millisecond
)

// SimpleRpcResponse is the reply of judge and graph, by Open-Falcon's name for it.
type SimpleRpcResponse struct {
	Code int
}

// node sends what its queue holds to one address.
type node struct {
	service service
	address string
	queue   *queue
	client  *rpc.Client  // nil: not connected
	failed  atomic.Int64 // points of calls that failed for good
}

// run sends until ctx ends.
func (n *node) run(ctx context.Context) {
	defer n.hangUp()
	for ctx.Err() == nil {
		items := n.queue.pop(batchSize)
		if len(items) == 0 {
			sleep(ctx, emptyPause)
			continue
		}
		n.send(ctx, items)
	}
}

// send calls the node with items, and gives them up after some tries.
func (n *node) send(ctx context.Context, items []interface{}) {
	args := n.service.args(items)
	var err error
	for i := 0; i < tries; i++ {
		if err = n.call(args); err == nil {
			return
		}
		n.hangUp()
		sleep(ctx, retryPause)
	}
	n.failed.Add(int64(len(items)))
	log.Printf("cannot send %d points to %s: %v", len(items), n.address, err)
}

func (n *node) call(args interface{}) error {
	if n.client == nil {
		conn, err := net.DialTimeout("tcp", n.address, dialTimeout)
		if err != nil {
			return err
		}
		n.client = rpc.NewClient(conn)
	}
	call := n.client.Go(n.service.method, args, &SimpleRpcResponse{}, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-time.After(callTimeout):
		return fmt.Errorf("no reply within %s", callTimeout)
	}
}

func (n *node) hangUp() {
	if n.client != nil {
		_ = n.client.Close()
		n.client = nil
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
