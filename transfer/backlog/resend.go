package backlog

import (
	"context"
	"fmt"
	"slices"

	"transfer/g/segment"
	"transfer/g/stat"
	"transfer/sender/dead"
)

// resendBytes is up to how many bytes of items are resent at a time.
const resendBytes = 256 << 10

// Resend hands the target's letters up to the number until to put, the oldest first and
// some at a time, and removes them once that returns nil; 0: all that there are now. It
// returns how many went: after an error the others are as they were.
//
// Letters whose items have another encoding than the given one, which the target gets,
// stay. The others go, then errors.Is with stat.ErrOtherEncoding.
func (s Letters) Resend(ctx context.Context, target string, until uint64, encoding string, put func(context.Context, []dead.Letter) error) (points uint64, err error) {
	b, err := s.box(target)
	if err != nil {
		return 0, err
	}
	if last := b.End.Next - 1; until == 0 || until > last {
		until = last
	}
	stay := uint64(0)
	for from := (segment.Position{}); ; {
		p, err := s.portion(target, from, until, encoding)
		stay += p.strange
		if err != nil {
			return points, err
		}
		if len(p.letters) == 0 {
			break
		}
		if err := put(ctx, p.letters); err != nil {
			return points, err
		}
		if err := s.Store.Remove(target, p.from, p.behind); err != nil {
			return points, err
		}
		points += uint64(len(p.letters))
		from = p.behind
	}
	if stay > 0 {
		return points, fmt.Errorf("cannot resend %d letters of %s: %w than %q, which the target gets now; configure it as it was, or purge them", stay, target, stat.ErrOtherEncoding, encoding)
	}
	return points, nil
}

// portion is some letters of one encoding, one after another.
type portion struct {
	letters      []dead.Letter
	from, behind segment.Position // of the letters
	strange      uint64           // letters of other encodings before them
}

// portion returns the target's oldest letters of the encoding behind the position and up to
// the number until.
func (s Letters) portion(target string, from segment.Position, until uint64, encoding string) (p portion, err error) {
	p.from = from
	bytes := 0
	_, err = s.read(target, from, func(l dead.Letter, position segment.Position) bool {
		switch {
		case position.Next-1 > until || bytes > 0 && bytes+len(l.Item) > resendBytes:
			return false
		case l.Encoding != encoding && len(p.letters) > 0:
			return false
		case l.Encoding != encoding:
			p.strange++
			p.from = position
			return true
		}
		l.Item = slices.Clone(l.Item)
		p.letters, p.behind = append(p.letters, l), position
		bytes += len(l.Item)
		return true
	})
	return p, err
}
