package overflow

import (
	"context"
	"fmt"

	"transfer/g/remote"
)

// PolicyError says that Redis deletes by itself when it is full.
type PolicyError struct{ Policy string }

// Error implements error.
func (e *PolicyError) Error() string {
	return fmt.Sprintf("cannot keep points in Redis: its maxmemory-policy is %s, which may delete them unread; CONFIG SET maxmemory-policy %s", e.Policy, remote.NoEviction)
}

// Look asks Redis how it is, and returns Trouble. Run does it all the time; before Run it
// tells whether the relay can start with this Redis.
func (s *Store) Look(ctx context.Context) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	appended := s.since.Load() // what comes now may or may not be in what Redis says
	facts, err := remote.Memory(ctx, s.client)
	if err == nil {
		// A write that takes no memory: a replica refuses it, and one that has no disk.
		err = s.client.Persist(ctx, s.registry()).Err()
	}
	if err != nil {
		return s.failed(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts, s.full = facts, false
	s.since.Add(-appended)
	if facts.Policy != remote.NoEviction {
		s.setTrouble(&PolicyError{Policy: facts.Policy})
	} else {
		s.setTrouble(nil)
	}
	return s.trouble
}

// hasRoom reports whether a stream that takes so many bytes may take more, as of the last
// look and what was appended since.
func (s *Store) hasRoom(stream, more int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := float64(s.facts.Max)
	return s.trouble == nil && !s.full &&
		float64(stream+more) <= s.options.StreamShare*most &&
		float64(s.facts.Used+s.since.Load()+more) <= s.options.Share*most
}
