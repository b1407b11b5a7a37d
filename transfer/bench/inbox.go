package bench

import (
	"bytes"
	"errors"
	"io"
)

// inbox reads a connection in large pieces.
type inbox struct {
	from     io.Reader
	buf      []byte
	at, end  int // buf[at:end] is unread
	searched int // of the unread bytes no more need be searched for a line end
}

const (
	sinkBytes  = 256 << 10 // of a stand-in's connection
	replyBytes = 4 << 10   // of a player's connection
	maxInbox   = 8 << 20   // no request is longer: the relay bounds a call to 1 MiB
)

var errRequestTooLong = errors.New("the request is too long")

// newInbox returns an inbox with room for size bytes, which grows as needed.
func newInbox(from io.Reader, size int) *inbox {
	return &inbox{from: from, buf: make([]byte, size)}
}

func (in *inbox) unread() []byte { return in.buf[in.at:in.end] }

// use takes n bytes off what is unread.
func (in *inbox) use(n int) {
	in.at += n
	in.searched = 0
}

// fill reads more, with room for want unread bytes in all.
func (in *inbox) fill(want int) error {
	if want > maxInbox {
		return errRequestTooLong
	}
	if in.at == in.end {
		in.at, in.end = 0, 0
	}
	// A quarter of the room is enough for a read; else what is unread makes way.
	if in.at > 0 && len(in.buf)-in.end < len(in.buf)/4 {
		in.at, in.end = 0, copy(in.buf, in.unread())
	}
	if in.at+want > len(in.buf) {
		from := in.unread()
		if want > len(in.buf) {
			in.buf = make([]byte, max(want, 2*len(in.buf)))
		}
		in.at, in.end = 0, copy(in.buf, from)
	}
	n, err := in.from.Read(in.buf[in.end:])
	in.end += n
	if n > 0 {
		return nil
	}
	return err
}

// line returns the next line with its end, valid until the next call.
func (in *inbox) line() ([]byte, error) {
	for {
		data := in.unread()
		if at := bytes.IndexByte(data[in.searched:], '\n'); at >= 0 {
			line := data[:in.searched+at+1]
			in.use(len(line))
			return line, nil
		}
		in.searched = len(data)
		if err := in.fill(len(data) + 1); err != nil {
			return nil, err
		}
	}
}

// lines returns all whole lines that are there, at least one, valid until the next
// call.
func (in *inbox) lines() ([]byte, error) {
	for {
		if err := in.fill(len(in.unread()) + 1); err != nil {
			return nil, err
		}
		data := in.unread()
		if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
			in.use(end)
			return data[:end], nil
		}
	}
}
