package sender

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	jsoniter "github.com/json-iterator/go"

	"transfer/sender/queue"
)

// rpcConn is a connection to a server of net/rpc/jsonrpc with one call at a time,
// whose argument is a list of JSON objects.
type rpcConn struct {
	*tcp
	method  string
	replies *boundedReader
	decoder *jsoniter.Decoder
	id      uint64 // of the call under way, or the last one
	sent    int    // its points
	head    []byte
	tail    []byte
}

// rpcReply is what a transfer answers to Transfer.Update.
type rpcReply struct {
	ID     *uint64 `json:"id"`
	Result *struct {
		Invalid int
	} `json:"result"`
	Error jsoniter.RawMessage `json:"error"`
}

func newRPCConn(c *tcp, method string) *rpcConn {
	replies := &boundedReader{from: c.TCPConn}
	decoder := jsoniter.ConfigCompatibleWithStandardLibrary.NewDecoder(replies)
	return &rpcConn{tcp: c, method: method, replies: replies, decoder: decoder}
}

// Send writes the Block as one request.
func (c *rpcConn) Send(b *queue.Block) error {
	c.id++
	c.sent = b.Len()
	c.head = append(append(c.head[:0], `{"method":"`...), c.method...)
	c.head = append(c.head, `","params":[[`...)
	c.tail = strconv.AppendUint(append(c.tail[:0], `]],"id":`...), c.id, 10)
	c.tail = append(c.tail, '}', '\n') // the line end is the stock client's
	return c.call(c.head, jsonList(b.Payload), c.tail)
}

// Confirm waits for the reply to the call under way.
func (c *rpcConn) Confirm() (Receipt, error) {
	c.replies.left = maxReply
	var reply rpcReply
	if err := c.decoder.Decode(&reply); err != nil {
		if c.replies.err != nil {
			err = c.replies.err // what the Decoder makes of it is no help
		}
		return Receipt{}, c.failed("read the reply of", err)
	}
	text, failed := reply.failure()
	switch {
	case reply.ID == nil || *reply.ID != c.id:
		return Receipt{}, c.failed("use the reply of", fmt.Errorf("it does not answer call %d", c.id))
	case failed:
		return Receipt{}, rpcRefusal(text)
	case reply.Result == nil:
		return Receipt{}, c.failed("use the reply of", errors.New("it holds neither result nor error"))
	}
	return Receipt{Blocks: 1, Rejected: min(max(reply.Result.Invalid, 0), c.sent)}, nil
}

// failure returns the text of the reply's error, if there is one.
func (r *rpcReply) failure() (text string, failed bool) {
	if len(r.Error) == 0 || string(r.Error) == "null" {
		return "", false
	}
	if err := jsoniter.Unmarshal(r.Error, &text); err != nil {
		return string(r.Error), true // not net/rpc's string, but an error all the same
	}
	return text, true
}

// Check makes sure that the server neither closed the connection nor talks out of
// turn. White space is no talk: a reply ends with a line end that may come late.
func (c *rpcConn) Check() error {
	if !c.isIdle() {
		return nil
	}
	unread, err := io.ReadAll(c.decoder.Buffered())
	if err == nil {
		var buf [64]byte
		var n int
		n, err = c.peek(buf[:])
		unread = append(unread, buf[:n]...)
	}
	if err == nil && len(bytes.TrimSpace(unread)) > 0 {
		err = errors.New("it sent what nobody asked for")
	}
	if err != nil {
		return c.failed("go on using the connection to", err)
	}
	return nil
}
