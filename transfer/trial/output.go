package trial

import (
	"bytes"
	"sync"
)

// output keeps the first and the last of what a process prints.
type output struct {
	mu   sync.Mutex
	head bytes.Buffer
	tail []byte
}

const kept = 16 << 10 // bytes of the first, and of the last

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(len(p), kept-o.head.Len())
	o.head.Write(p[:n])
	o.tail = append(o.tail, p[n:]...)
	if len(o.tail) > 2*kept {
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-kept:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.head.String() + string(o.tail)
}
