package backlog

import (
	"context"
	"slices"

	"transfer/g/segment"
	"transfer/sender/dead"
)

// resendBytes is up to how many bytes of items are resent at a time.
const resendBytes = 256 << 10

// Resend hands the target's letters up to the number until to put, the oldest first and
// some at a time, and removes them once that returns nil; 0: all that there are now. It
// returns how many went: after an error the others are as they were.
func (s Letters) Resend(ctx context.Context, target string, until uint64, put func(context.Context, []dead.Letter) error) (points uint64, err error) {
	b, err := s.box(target)
	if err != nil {
		return 0, err
	}
	if last := b.End.Next - 1; until == 0 || until > last {
		until = last
	}
	for {
		letters, behind, err := s.some(target, until)
		if err != nil || len(letters) == 0 {
			return points, err
		}
		if err := put(ctx, letters); err != nil {
			return points, err
		}
		if err := s.Store.Remove(target, behind); err != nil {
			return points, err
		}
		points += uint64(len(letters))
	}
}

// some returns the target's oldest letters up to the number until, and the position
// behind them.
func (s Letters) some(target string, until uint64) (letters []dead.Letter, behind segment.Position, err error) {
	bytes := 0
	_, err = s.read(target, segment.Position{}, func(l dead.Letter, position segment.Position) bool {
		if position.Next-1 > until || bytes > 0 && bytes+len(l.Item) > resendBytes {
			return false
		}
		l.Item = slices.Clone(l.Item)
		letters, behind = append(letters, l), position
		bytes += len(l.Item)
		return true
	})
	return letters, behind, err
}
