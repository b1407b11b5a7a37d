package sender

import (
	"bytes"
	"encoding/gob"
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

	// What good replies on this connection are made of, once the decoder has read some.
	replyID []byte // type id of rpc.Response
	value   []byte // the message that follows it
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
//
// A good reply is known by its bytes, which are those of the last one but for the
// call's number. Any other one goes to the decoder, which takes 1 to 3 us for it.
func (c *gobConn) Confirm() (Receipt, error) {
	c.replies.allow(maxReply)
	refusal, err := c.readHeader()
	if err != nil {
		return Receipt{}, err
	}
	if err := c.skipValue(); err != nil {
		return Receipt{}, c.failed("read the reply of", err)
	}
	if refusal != "" {
		return Receipt{}, rpcRefusal(refusal)
	}
	return Receipt{Blocks: 1}, nil
}

// readHeader reads the first half of the reply and returns the error in it, empty if
// there is none.
func (c *gobConn) readHeader() (refusal string, err error) {
	if c.replyID != nil {
		c.head = c.service.appendHeader(c.head[:0], c.replyID, c.seq-1)
		good, err := c.replies.skip(c.head)
		if err != nil {
			return "", c.failed("read the reply of", err)
		}
		if good {
			return "", nil
		}
	}
	var response rpc.Response
	if err := c.decoder.Decode(&response); err != nil {
		return "", c.failed("read the reply of", err)
	}
	if response.Seq != c.seq-1 {
		return "", c.failed("use the reply of",
			fmt.Errorf("it answers call %d instead of %d", response.Seq, c.seq-1))
	}
	c.learn(&response)
	return response.Error, nil
}

// learn takes the type id of replies from the one just decoded, if that is a good
// one written as encoding/gob does. The reply to call 0 does not show how the number
// is written.
func (c *gobConn) learn(response *rpc.Response) {
	if response.ServiceMethod != c.service.method || response.Seq == 0 || response.Error != "" {
		return
	}
	message := c.replies.last()
	_, n := readGobUint(message)
	_, size := readGobUint(message[n:])
	id := message[n : n+size]
	if c.head = c.service.appendHeader(c.head[:0], id, response.Seq); bytes.Equal(c.head, message) {
		c.replyID = bytes.Clone(id)
	}
}

// skipValue reads the second half of the reply.
func (c *gobConn) skipValue() error {
	if c.value != nil {
		if same, err := c.replies.skip(c.value); same || err != nil {
			return err
		}
	}
	if err := c.decoder.DecodeValue(reflect.Value{}); err != nil {
		return err
	}
	c.value = append(c.value[:0], c.replies.last()...)
	return nil
}

// Check makes sure that the server neither closed the connection nor talks out of
// turn.
func (c *gobConn) Check() error { return c.checkQuiet(c.replies.unread()) }
