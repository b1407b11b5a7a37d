package bench

import (
	"bytes"
	"net"
	"strconv"
)

// newTransferSink returns what stands in for a next transfer: it counts the points
// of each call of a JSON-RPC connection and answers with their number. A call ends
// with a line end, which stands in no JSON string as it is.
func newTransferSink(t *tally) func(net.Conn) error {
	return func(c net.Conn) error {
		in := newInbox(c, sinkBytes)
		var reply []byte
		for {
			request, err := in.line()
			if err != nil {
				return err
			}
			// Each point is an object, and so is the call. No string of the load holds a
			// brace, and one byte is found ten times as fast as a key.
			count := bytes.Count(request, []byte{'{'}) - 1
			t.took(count, request)
			reply = append(append(reply[:0], `{"id":`...), requestID(request)...)
			reply = append(reply, `,"result":{"Message":"ok","Total":`...)
			reply = strconv.AppendInt(reply, int64(count), 10)
			reply = append(reply, `,"Invalid":0,"Latency":0},"error":null}`+"\n"...)
			if _, err := c.Write(reply); err != nil {
				return err
			}
		}
	}
}

// requestID returns the id of a call, which is the last of its members.
func requestID(request []byte) []byte {
	key := []byte(`"id":`)
	at := bytes.LastIndex(request, key)
	if at < 0 {
		return []byte("null")
	}
	return bytes.TrimRight(request[at+len(key):], "}\r\n")
}
