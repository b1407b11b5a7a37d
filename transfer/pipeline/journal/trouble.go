package journal

import (
	"fmt"
	"time"

	"transfer/g/segment"
)

// tryAgain is how long after an error the disk is tried again.
const tryAgain = time.Second

// trouble is why the journal does not hold all that was accepted. It is guarded by
// the journal's mu.
type trouble struct {
	written error // of the last write; nil: it went well
	next    time.Time
	synced  error // of the last sync behind the writers' backs; likewise
	// exposed is the highest number of a point that was accepted and that the journal
	// does not hold, or not for sure. Up to safe the targets or their spools have all.
	exposed, safe uint64
}

// refusal returns the error of the last write until it is time to try again; then one
// caller goes on.
func (t *trouble) refusal(now func() time.Time) error {
	if t.written == nil {
		return nil
	}
	if at := now(); at.Before(t.next) {
		return t.written
	} else {
		t.next = at.Add(tryAgain)
	}
	return nil
}

// Trouble returns nil if every point that was accepted is in the journal, or with its
// targets or in their spools; otherwise why that cannot be promised.
func (j *Journal) Trouble() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch t := j.trouble; {
	case t.written != nil:
		return t.written
	case t.synced != nil:
		return t.synced
	case t.exposed > t.safe:
		return fmt.Errorf("the journal works again, but %d points that it does not hold are still in memory only", t.exposed-t.safe)
	}
	return nil
}

// Exposed returns up to which sequence number the spools should take points at once,
// since the journal does not hold all of them; 0: there are none.
func (j *Journal) Exposed() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.trouble.exposed > j.trouble.safe {
		return j.trouble.exposed
	}
	return 0
}

// settle notes how the write of the group ended, and closes its requests if it failed.
func (j *Journal) settle(group []*Record, err error) {
	j.mu.Lock()
	was := j.trouble.written
	j.trouble.written = err
	if err != nil {
		j.trouble.next = j.options.Now().Add(tryAgain)
		for _, r := range group {
			j.opened.done(r.first)
		}
	}
	j.mu.Unlock()
	switch {
	case err != nil && was == nil:
		j.options.Log.Error("journal: cannot be written", "error", err)
	case err == nil && was != nil:
		j.options.Log.Info("journal: is written again")
	}
}

// drop notes that a segment was given up for the sake of the cap.
func (j *Journal) drop(s segment.Segment) {
	j.mu.Lock()
	last := max(s.Next, 1) - 1
	lost := last > j.trouble.safe
	if lost {
		j.trouble.exposed = max(j.trouble.exposed, last)
	}
	j.mu.Unlock()
	if lost {
		j.options.Log.Error("journal: it is full and has dropped its oldest segment: points in memory would be lost in a crash",
			"cap", j.options.Cap, "points", s.Points())
	}
}
