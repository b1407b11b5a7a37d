package sender

import "transfer/g/segment"

// doubt is what a failed sync leaves of a lane's spool: what was written until then can
// still be read, but a power cut may cost it. So the journal has to keep it, and the
// mark stays where it was last stored, until all of it is delivered. Once synced
// without success, it never is again (segment.Log.Sync).
//
// Only the goroutine that stores the state uses it.
type doubt struct {
	mark  uint64           // as it was last stored
	until segment.Position // no doubt lies behind it; Next is 0 where there is none at all
}

// failed notes that a sync failed of what lies before end.
func (d *doubt) failed(end segment.Position) { d.until = end }

// limit returns the state of the lane with the mark that can be trusted.
func (d *doubt) limit(l LaneState) LaneState {
	if l.Read.Next >= d.until.Next {
		d.until = segment.Position{}
		return l
	}
	l.Mark = min(l.Mark, d.mark)
	return l
}

// stored notes that the state of the lane was stored.
func (d *doubt) stored(l LaneState) { d.mark = l.Mark }
