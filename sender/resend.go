package sender

import (
	"context"
	"fmt"
	"time"

	"transfer/g/stat"
	"transfer/sender/dead"
	"transfer/sender/queue"
)

const (
	// resendPause is how often it is looked whether what is resent has a place.
	resendPause = 5 * time.Millisecond
	// resendShare is the part of a target's queueBytes up to which there is room for it.
	resendShare = 2
)

// Encoding returns the form of the items that the target gets. errors.Is with
// stat.ErrNoBacklog where it is not configured.
func (s *Sender) Encoding(target string) (string, error) {
	t := s.target(target)
	if t == nil {
		return "", fmt.Errorf("cannot resend to %s: no such target is configured: %w", target, stat.ErrNoBacklog)
	}
	return t.encoding, nil
}

// Resend puts letters of the target into the lanes of their series, as points newly
// accepted behind all that wait: after the sequence number that the journal gave last.
// It returns nil once all are delivered or lie in the spool, so that the letters may
// go; else they stay, and some may be sent nevertheless.
//
// errors.Is with stat.ErrNoBacklog where the target is not configured, with
// stat.ErrOtherEncoding where a letter is not of its Encoding, which changes nothing, and
// with the error of ctx, which bounds the wait.
func (s *Sender) Resend(ctx context.Context, target string, after uint64, letters []dead.Letter) error {
	t := s.target(target)
	if t == nil {
		return fmt.Errorf("cannot resend to %s: no such target is configured: %w", target, stat.ErrNoBacklog)
	}
	for _, l := range letters {
		if l.Encoding != t.encoding {
			return fmt.Errorf("cannot resend to %s: %w than %q: %q; try again", target, stat.ErrOtherEncoding, t.encoding, l.Encoding)
		}
	}
	room := func() bool { return t.queue.Account().Bytes <= int64(t.role.Load().section.QueueBytes)/resendShare }
	if err := t.await(ctx, room); err != nil {
		return fmt.Errorf("cannot resend to %s: its queue is full: %w", target, err)
	}
	now := s.shared.now()
	for lane, b := range t.blocksOf(letters) {
		if b.Len() == 0 {
			continue
		}
		// The number is one that no other point had before: as that of a Block in which
		// there are others too it changes nothing.
		b.First, b.Last, b.Accepted = after+1, after+1, now
		t.lanes[lane].blocks.PutAll(b)
	}
	if err := t.await(ctx, func() bool { return t.queue.IsSafe(now) }); err != nil {
		return fmt.Errorf("cannot say yet that what is resent to %s is safe: its letters stay, another resend would send them twice: %w", target, err)
	}
	return nil
}

// blocksOf returns the letters' items, by lane.
func (t *target) blocksOf(letters []dead.Letter) []*queue.Block {
	blocks := make([]*queue.Block, len(t.lanes))
	for i := range blocks {
		blocks[i] = new(queue.Block)
	}
	for _, l := range letters {
		b := blocks[queue.LaneOf(l.Hash, len(blocks))]
		b.Payload = append(b.Payload, l.Item...)
		b.Close(l.Hash)
	}
	return blocks
}

// await waits until so is true, and makes the target take to its spool what does not go
// out meanwhile.
func (t *target) await(ctx context.Context, so func() bool) error {
	ticker := time.NewTicker(resendPause)
	defer ticker.Stop()
	for !so() {
		t.queue.Ask()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
