package sender

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// gobMessages hands a gob.Decoder one whole message at a time. It reads a message
// only when its length fits what the reply may take, since a Decoder takes any
// length at its word.
type gobMessages struct {
	from    *bufio.Reader
	left    int    // bytes that the reply may still take
	buf     []byte // the message under way
	message []byte // what of it is unread
}

func newGobMessages(from io.Reader) *gobMessages {
	return &gobMessages{from: bufio.NewReaderSize(from, 512)}
}

// allow gives the next reply n bytes.
func (m *gobMessages) allow(n int) { m.left = n }

// unread returns how many bytes were received and not asked for.
func (m *gobMessages) unread() int { return len(m.message) + m.from.Buffered() }

// skip takes the next message off if it is the wanted one, its length included.
func (m *gobMessages) skip(wanted []byte) (bool, error) {
	if err := m.fill(); err != nil {
		return false, err
	}
	if !bytes.Equal(m.message, wanted) {
		return false, nil
	}
	m.message = nil
	return true, nil
}

// last returns the message read last, its length included. It lasts until the next
// one is read.
func (m *gobMessages) last() []byte { return m.buf }

// Read implements io.Reader.
func (m *gobMessages) Read(p []byte) (int, error) {
	if err := m.fill(); err != nil {
		return 0, err
	}
	n := copy(p, m.message)
	m.message = m.message[n:]
	return n, nil
}

// ReadByte implements io.ByteReader: with it the Decoder needs no buffer of its
// own.
func (m *gobMessages) ReadByte() (byte, error) {
	if err := m.fill(); err != nil {
		return 0, err
	}
	b := m.message[0]
	m.message = m.message[1:]
	return b, nil
}

// fill reads the next message, its length included, once the last one is used up.
func (m *gobMessages) fill() error {
	if len(m.message) > 0 {
		return nil
	}
	first, err := m.from.ReadByte()
	if err != nil {
		return err
	}
	m.buf = append(m.buf[:0], first)
	if first > 0x7f {
		// A length of over 4 bytes fails below as too long, whatever it is.
		if err := m.read(min(-int(int8(first)), 4)); err != nil {
			return err
		}
	}
	length, n := readGobUint(m.buf)
	if n == 0 || length > uint64(m.left) || len(m.buf)+int(length) > m.left {
		return errReplyTooLong()
	}
	if err := m.read(int(length)); err != nil {
		return err
	}
	m.left -= len(m.buf)
	m.message = m.buf
	return nil
}

// read appends the next n bytes to buf.
func (m *gobMessages) read(n int) error {
	from := len(m.buf)
	m.buf = append(m.buf, make([]byte, n)...)
	_, err := io.ReadFull(m.from, m.buf[from:])
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
