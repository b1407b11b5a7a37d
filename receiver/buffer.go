package receiver

import (
	"errors"
	"io"
	"sync"
)

// The sizes of a buffer, in bytes. An idle connection holds little: there may be
// thousands.
const (
	idleBytes = 4 << 10
	readBytes = 64 << 10
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

// get returns size bytes, nil when there are none to be had.
func (m *memory) get(size int) []byte {
	switch {
	case size > readBytes && !m.budget.take(size):
		return nil
	case size == readBytes:
		if block, ok := m.pool.Get().(*[readBytes]byte); ok {
			return block[:]
		}
	}
	return make([]byte, size)
}

// put takes back what get returned.
func (m *memory) put(data []byte) {
	switch {
	case len(data) > readBytes:
		m.budget.give(len(data))
	case len(data) == readBytes:
		m.pool.Put((*[readBytes]byte)(data))
	}
}

// buffer holds what was read of a connection and not yet used.
type buffer struct {
	memory   *memory
	max      int // bytes that it may hold
	data     []byte
	from, to int  // data[from:to] is not yet used
	filled   bool // the last read left no room: more is waiting
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
	if err := b.makeRoom(); err != nil {
		return err
	}
	n, err := r.Read(b.data[b.to:])
	b.to += n
	b.filled = b.to == len(b.data)
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// makeRoom sees to free space behind what is not yet used.
func (b *buffer) makeRoom() error {
	size := len(b.data)
	switch {
	case b.from == b.to && !b.filled:
		size = idleBytes
	case b.from == b.to:
		size = readBytes
	case b.to < size:
		return nil
	case size < readBytes:
		size = readBytes
	case b.from == 0:
		size *= 2
	}
	size = min(size, b.max)
	if size == len(b.data) && b.from == 0 {
		if b.to == size {
			return errFull
		}
		return nil
	}
	return b.move(size)
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

// release gives the memory back.
func (b *buffer) release() {
	b.memory.put(b.data)
	*b = buffer{memory: b.memory, max: b.max}
}
