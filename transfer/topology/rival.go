package topology

import (
	"fmt"

	"transfer/g/stat"
)

// rival is another process with this relay's id, such as one whose data directory is a
// copy of this one's. Two relays of one id take each other's streams away.
type rival struct {
	peer  stat.Peer
	times int // in a row that it was heard of between two beats of this relay
}

// rivalTimes is after how many of its beats a rival is one: the process before this one is
// heard of once.
const rivalTimes = 3

// noteRival looks at the beat that was there before this relay's own; nil: there was none.
func (f *Follower) noteRival(before *stat.Peer) {
	same := before == nil || before.PID == f.Self.PID && before.Host == f.Self.Host && before.Started.Equal(f.Self.Started)
	if same {
		f.rival = rival{}
		return
	}
	f.rival.peer = *before
	if f.rival.times++; f.rival.times == rivalTimes {
		f.Log.Error(f.rival.trouble(f.Self.Relay))
	}
}

// trouble says that there is a rival; nothing if there is none.
func (r *rival) trouble(id string) string {
	if r.times < rivalTimes {
		return ""
	}
	return fmt.Sprintf("another relay, process %d at %s, has the id of this one, %s: give one of them another redis.relay, or delete the relay.id in its data directory, and restart it",
		r.peer.PID, r.peer.Host, id)
}
