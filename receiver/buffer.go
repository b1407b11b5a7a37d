package receiver

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// The sizes of a buffer, in bytes.
const (
	readBytes = 64 << 10 // what is read at once
	idleBytes = 4 << 10  // up to which what is unread moves to a buffer of its size while more is waited for
)

var (
	errFull       = errors.New("buffer full")
	errOverloaded = errors.New("too many large requests at once")
)

// memory is where the buffers of one receiver come from.
type memory struct {
	pool   sync.Pool // of *[readBytes]byte
	budget *budget   // for what is larger
}

// get returns size bytes, nil when there are none to be had. Up to readBytes cost
// nothing: they come from the pool.
func (m *memory) get(size int) []byte {
	switch {
	case size > readBytes && !m.budget.take(size):
		return nil
	case size > readBytes:
		return make([]byte, size)
	}
	block, ok := m.pool.Get().(*[readBytes]byte)
	if !ok {
		block = new([readBytes]byte)
	}
	return block[:size]
}

// put takes back what get returned.
func (m *memory) put(data []byte) {
	switch {
	case cap(data) > readBytes:
		m.budget.give(len(data))
	case cap(data) == readBytes:
		m.pool.Put((*[readBytes]byte)(data[:readBytes]))
	}
}

// buffer holds what was read of a connection and not yet used. The zero data holds
// no memory.
type buffer struct {
	memory   *memory
	max      int // bytes that it may hold
	data     []byte
	from, to int // data[from:to] is not yet used
}

// unread returns what is not yet used; it is good until the next fill.
func (b *buffer) unread() []byte { return b.data[b.from:b.to] }

// use takes n bytes off the front of unread.
func (b *buffer) use(n int) {
	if b.from += n; b.from == b.to {
		b.from, b.to = 0, 0
	}
}

// fill reads once from r. It returns errFull when max bytes are unused already,
// errOverloaded when there is no memory for a larger buffer.
func (b *buffer) fill(r io.Reader) error {
	room, err := b.room()
	if err != nil {
		return err
	}
	n, err := r.Read(room)
	b.took(n)
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// room returns where the next bytes are to be read to. Its errors are those of fill.
func (b *buffer) room() ([]byte, error) {
	if err := b.makeRoom(); err != nil {
		return nil, err
	}
	return b.data[b.to:], nil
}

// took says that so many bytes were read into the room.
func (b *buffer) took(n int) { b.to += n }

// makeRoom sees to free space behind what is not yet used. A little of that moves to
// the front first: the end of a line must not make the next read a small one.
func (b *buffer) makeRoom() error {
	size, unread := len(b.data), b.to-b.from
	switch {
	case unread == 0 || size < readBytes:
		size = readBytes
	case b.from > 0 && unread <= idleBytes:
	case b.to < size:
		return nil
	case b.from == 0:
		size *= 2
	}
	size = min(size, b.max)
	if size == len(b.data) && b.from == 0 {
		if unread == size {
			return errFull
		}
		return nil
	}
	return b.move(size)
}

// shrink gives back the memory that what is not yet used has no need of.
func (b *buffer) shrink() {
	switch unread := b.unread(); {
	case len(unread) == 0:
		b.release()
	case len(unread) <= idleBytes && cap(b.data) >= readBytes:
		few := bytes.Clone(unread)
		b.release()
		b.data, b.to = few, len(few)
	}
}

// move brings what is not yet used to the start of a buffer of the given size.
func (b *buffer) move(size int) error {
	data := b.data
	if size != len(data) {
		if data = b.memory.get(size); data == nil {
			return errOverloaded
		}
	}
	n := copy(data, b.unread())
	if size != len(b.data) {
		b.memory.put(b.data)
	}
	b.data, b.from, b.to = data, 0, n
	return nil
}

// release gives the memory back, with what is not yet used.
func (b *buffer) release() {
	b.memory.put(b.data)
	*b = buffer{memory: b.memory, max: b.max}
}
