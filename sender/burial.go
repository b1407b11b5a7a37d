package sender

import (
	"context"
	"errors"
	"fmt"

	"transfer/g/segment"
	"transfer/sender/dead"
	"transfer/sender/queue"
)

// errUnburied says that the disk does not take a dead letter. The Blocks that were
// judged stay in flight until it does.
var errUnburied = errors.New("points wait behind a dead letter that is not on disk yet")

// bury makes dead letters of the guilty points and ends the judgement. It may be called
// again after an error, errUnburied.
func (l *lane) bury() error {
	if err := l.poison.parting.bury(l.keep); err != nil {
		return fmt.Errorf("%w: %w", errUnburied, err)
	}
	if points := l.poison.parting.buried(); points > 0 {
		l.blocks.Bury(points)
		l.target.health.log.Warn("backend refuses points for good while it takes others: they are dead letters",
			"points", points, "kept", l.shared.storage.Dead != nil)
	}
	l.written = l.blocks.InFlight()
	l.confirmed(Receipt{Blocks: l.written})
	return nil
}

// keep writes one dead letter. One that no disk would take is lost, since all behind it
// would wait for ever.
func (l *lane) keep(b *queue.Block, item int, reason string) error {
	if l.shared.storage.Dead == nil {
		return nil
	}
	err := l.shared.storage.Dead.Add(l.target.id, dead.Letter{
		Address: l.address(), Reason: reason, Hash: b.Items[item].Hash,
		First: b.First, Last: b.Last, Encoding: l.target.encoding, Item: b.Item(item),
	})
	var tooLarge *segment.TooLargeError
	if errors.As(err, &tooLarge) {
		l.target.health.log.Error("a dead letter is lost: it is too large to be kept", "error", err)
		return nil
	}
	return err
}

// awaitBurial tries again to bury until the disk takes all letters. What was judged stays
// in flight meanwhile: to send it again would give the backend twice what it has taken.
// It returns false when the lane is to end or has another role, after a last attempt.
func (l *lane) awaitBurial(ctx context.Context, drain <-chan struct{}, err error) bool {
	l.target.health.log.Error("the disk takes no dead letter: what is behind it waits", "lane", l.index, "error", err)
	defer l.unburied.Store(nil)
	for err != nil {
		text := err.Error()
		l.unburied.Store(&text)
		l.target.health.count(err, !l.failing, l.now)
		l.failing = true
		if isClosed(drain) || l.isTurned() {
			return false
		}
		l.sleep(ctx, drain, nil, l.pause.NextBackOff())
		if ctx.Err() != nil {
			return false
		}
		err = l.bury()
	}
	return true
}

// trouble returns what of the target the disk does not take at present, nil if it takes
// all.
func (t *target) trouble() error {
	var errs []error
	if t.spooler != nil {
		errs = append(errs, t.spooler.Trouble())
	}
	for _, l := range t.lanes {
		if text := l.unburied.Load(); text != nil {
			errs = append(errs, errors.New(*text))
		}
	}
	return errors.Join(errs...)
}
