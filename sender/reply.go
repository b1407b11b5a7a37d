package sender

import (
	"fmt"
	"io"
)

// maxReply bounds a backend's reply in bytes. The real ones take below 200.
const maxReply = 64 << 10

// errReplyTooLong is the error for a reply over maxReply.
func errReplyTooLong() error { return fmt.Errorf("the reply is over %d bytes", maxReply) }

// boundedReader reads up to left bytes and keeps the error it met.
type boundedReader struct {
	from io.Reader
	left int
	err  error
}

// Read implements io.Reader.
func (r *boundedReader) Read(p []byte) (n int, err error) {
	if r.left <= 0 {
		r.err = errReplyTooLong()
		return 0, r.err
	}
	n, err = r.from.Read(p[:min(len(p), r.left)])
	r.left -= n
	if err != nil {
		r.err = err
	}
	return n, err
}
