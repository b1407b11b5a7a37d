package sender

import (
	"encoding/gob"
	"errors"
	"fmt"
	"net/rpc"
	"reflect"

	"transfer/sender/queue"
)

// gobConn is a connection to a net/rpc server with one call at a time.
type gobConn struct {
	*tcp
	service *gobService
	replies *gobMessages
	decoder *gob.Decoder
	seq     uint64 // of the next call
	head    []byte
}

func newGobConn(service *gobService, c *tcp) *gobConn {
	replies := newGobMessages(c.TCPConn)
	return &gobConn{tcp: c, service: service, replies: replies, decoder: gob.NewDecoder(replies)}
}

// Send writes the Block as one request; the types go before the first.
func (c *gobConn) Send(b *queue.Block) error {
	c.head = c.head[:0]
	if c.seq == 0 {
		c.head = append(c.head, c.service.descriptors...)
	}
	c.head = c.service.appendRequest(c.head, c.seq, b.Len(), len(b.Payload))
	c.seq++
	return c.call(c.head, b.Payload, nil)
}

// Confirm waits for the reply to the call under way. The value in it is skipped:
// the Code of Open-Falcon's services means nothing.
func (c *gobConn) Confirm() (Receipt, error) {
	c.replies.allow(maxReply)
	var response rpc.Response
	if err := c.decoder.Decode(&response); err != nil {
		return Receipt{}, c.failed("read the reply of", err)
	}
	if response.Seq != c.seq-1 {
		return Receipt{}, c.failed("use the reply of",
			fmt.Errorf("it answers call %d instead of %d", response.Seq, c.seq-1))
	}
	if err := c.decoder.DecodeValue(reflect.Value{}); err != nil {
		return Receipt{}, c.failed("read the reply of", err)
	}
	if response.Error != "" {
		return Receipt{}, rpcRefusal(response.Error)
	}
	return Receipt{Blocks: 1}, nil
}

// Check makes sure that the server neither closed the connection nor talks out of
// turn.
func (c *gobConn) Check() error {
	var buf [1]byte
	n, err := c.peek(buf[:])
	if err == nil && n+c.replies.unread() > 0 {
		err = errors.New("it sent what nobody asked for")
	}
	if err != nil {
		return c.failed("go on using the connection to", err)
	}
	return nil
}
