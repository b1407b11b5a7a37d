package receiver

import "sync"

// conns is the set of a server's open connections.
type conns struct {
	mu       sync.Mutex
	open     map[*conn]struct{}
	stopping bool
}

// add reports whether the connection may be served: not once interrupt was called.
func (s *conns) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.open[c] = struct{}{}
	}
	return !s.stopping
}

func (s *conns) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// interrupt ends the reads of all connections.
func (s *conns) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return
	}
	s.stopping = true
	for c := range s.open {
		c.interrupt()
	}
}

// close closes all connections and returns how many they were.
func (s *conns) close() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close() // whoever serves it meets the error
	}
	return len(s.open)
}
