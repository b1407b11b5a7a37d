package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/time/rate"
)

// Feed yields points: a Source, or one point from flags.
type Feed interface {
	// Next returns the next point; its errors are those of Source.Next.
	Next() (*Point, error)
	// Ready reports whether Next returns without waiting.
	Ready() bool
}

// single is the Feed of one point, repeated.
type single struct {
	point *Point
	left  int // how many times it is to come; below 0: without end
}

// Next returns the point, as often as it is to come.
func (s *single) Next() (*Point, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	s.left--
	return s.point, nil
}

// Ready says yes.
func (s *single) Ready() bool { return true }

// Summary counts what became of the points of a push.
type Summary struct {
	Sent     int // handed to the relay
	Accepted int // of these, those that it took; over the socket those that were written
	Invalid  int // of these, those that it refused
	Failed   int // of these, those whose fate is unknown: the call failed
	Unread   int // input that was no point, and was not sent
	Took     time.Duration
}

// clean reports whether every point was accepted.
func (s *Summary) clean() bool { return s.Invalid+s.Failed+s.Unread == 0 }

// String returns the summary as the command prints it.
func (s *Summary) String() string {
	text := fmt.Sprintf("points: %d sent, %d accepted, %d invalid, %d failed; %.2f seconds",
		s.Sent, s.Accepted, s.Invalid, s.Failed, s.Took.Seconds())
	if s.Unread > 0 {
		text += fmt.Sprintf("; %d could not be read", s.Unread)
	}
	return text
}

// pump moves the points of Feeds to a Pusher.
type pump struct {
	to       Pusher
	batch    int
	limit    *rate.Limiter // nil: as fast as the relay answers
	sum      Summary
	progress func(*Summary)            // called after each batch
	complain func(*Summary, *BadPoint) // called for each point that could not be read
}

// newPump returns a pump that pushes batches of at most batch points, at most
// perSecond points a second (0: no limit). A slow rate makes smaller batches, so
// that points leave at least once a second.
func newPump(to Pusher, batch int, perSecond float64) *pump {
	p := &pump{to: to, batch: batch, progress: func(*Summary) {}, complain: func(*Summary, *BadPoint) {}}
	if perSecond > 0 {
		p.batch = max(1, int(min(float64(batch), perSecond)))
		p.limit = rate.NewLimiter(rate.Limit(perSecond), p.batch)
	}
	return p
}

// run pushes all points of a feed. It ends with the first call that fails, since
// points sent behind it could overtake a retry, and with ctx.
func (p *pump) run(ctx context.Context, feed Feed) error {
	start := time.Now()
	defer func() { p.sum.Took += time.Since(start) }()
	points := make([]*Point, 0, p.batch)
	for ctx.Err() == nil {
		point, end := feed.Next()
		var bad *BadPoint
		switch {
		case end == nil:
			points = append(points, point)
		case errors.As(end, &bad):
			p.sum.Unread++
			p.complain(&p.sum, bad)
			end = nil
		}
		if len(points) == p.batch || end != nil || !feed.Ready() {
			if err := p.push(ctx, points); err != nil {
				return err
			}
			points = points[:0]
		}
		if end != nil {
			return cmp.Or(ignoreEOF(end), ctx.Err())
		}
	}
	return ctx.Err()
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// push sends one batch, none if there are no points.
func (p *pump) push(ctx context.Context, points []*Point) error {
	if len(points) == 0 {
		return nil
	}
	if p.limit != nil {
		if err := p.limit.WaitN(ctx, len(points)); err != nil {
			return err
		}
	}
	p.sum.Sent += len(points)
	reply, err := p.to.Push(points)
	if err != nil {
		p.sum.Failed += len(points)
		return fmt.Errorf("cannot push %d points: %w", len(points), err)
	}
	p.sum.Invalid += reply.Invalid
	p.sum.Accepted += len(points) - reply.Invalid
	p.progress(&p.sum)
	return nil
}
