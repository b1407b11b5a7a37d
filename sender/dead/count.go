package dead

// Counts returns how many letters each target has, without those that have none. Only
// the first call looks on the disk; what it cannot read it leaves out, and says so in
// the log.
func (s *Store) Counts() map[string]uint64 {
	s.counting.Do(func() {
		if _, err := s.Boxes(); err != nil {
			s.o.Log.Warn("dead letters: not all are counted", "error", err)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]uint64)
	for target, b := range s.boxes {
		if letters := b.describe().Letters; letters > 0 {
			counts[target] = letters
		}
	}
	return counts
}
