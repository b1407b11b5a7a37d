package sender

import (
	"errors"
	"io"
	"time"

	"transfer/g/segment"
	"transfer/sender/overflow"
	"transfer/sender/queue"
)

// holdPause is how often a lane looks whether its relay holds the stream again.
const holdPause = 200 * time.Millisecond

// stream returns what the lane has in Redis, nil if there is no such thing.
func (l *lane) stream() *overflow.Stream {
	if stream := l.inherited.Load(); stream != nil || l.target.spooler == nil {
		return stream
	}
	return l.target.spooler.streams.of(l.index)
}

// redisBytes returns about how much of Redis' memory the target's streams take.
func (t *target) redisBytes() (sum int64) {
	for _, l := range t.lanes {
		if stream := l.stream(); stream != nil {
			sum += stream.Bytes()
		}
	}
	return sum
}

// unheld returns how long the lane has to wait before it goes on with what lies in its
// stream, of which another relay may send the same: Forever if it is to end, 0 if it need
// not wait. What lies on disk is newer, and waits too.
func (l *lane) unheld(draining bool) time.Duration {
	stream := l.stream()
	switch {
	case stream == nil || !l.blocks.SendsStream():
		return 0
	case stream.Held() && l.blocks.Reconcile(foundIn(stream)):
		return 0
	}
	l.blocks.Expire(l.now) // what is too old waits for nothing
	if draining {
		return queue.Forever
	}
	return holdPause
}

// loadStream reads the lane's next Block from its stream, at from, into the queue. It
// returns how long to wait before it is tried again, 0 on success. What is missing between
// two Blocks, or at the end, Redis has lost.
func (l *lane) loadStream(from segment.Position) time.Duration {
	stream := l.stream()
	if stream == nil || !stream.Held() || !l.blocks.Reconcile(foundIn(stream)) {
		return holdPause
	}
	b := l.blocks.Blank()
	_, end, err := stream.Next(b, from.Next)
	switch behind := (segment.Position{Next: end}); {
	case err == nil:
		l.blocks.Load(b, queue.InStream, from, behind, 0)
	case errors.Is(err, io.EOF):
		l.blocks.Missing(queue.InStream, from, behind, 0)
	default: // Redis is away, or the stream another's: the store says so
		return holdPause
	}
	return 0
}
