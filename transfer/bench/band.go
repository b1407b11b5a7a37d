package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// band is all players of a run.
type band struct {
	players  []*player
	site     *site
	accepted atomic.Int64 // points, since the connections stand
}

// newBand connects to the process under measurement, one connection a stream.
func newBand(row Row, address string, s *site) (b *band, err error) {
	w, err := wayOf(row)
	if err != nil {
		return nil, err
	}
	l, err := newLoad(row)
	if err != nil {
		return nil, err
	}
	b = &band{site: s}
	for _, stream := range l.streams {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.close()
			return nil, fmt.Errorf("cannot connect to %s: %w", row.Subject, err)
		}
		b.players = append(b.players, &player{stream: stream, answer: w.answer, conn: c, in: newInbox(c, replyBytes)})
	}
	return b, nil
}

func (b *band) close() {
	for _, p := range b.players {
		_ = p.conn.Close()
	}
}

// forget drops what was measured so far.
func (b *band) forget() {
	for _, p := range b.players {
		p.acks = p.acks[:0]
	}
	b.site.each((*probes).reset)
}

// acks returns how long the answers took since forget.
func (b *band) acks() (all []time.Duration) {
	for _, p := range b.players {
		all = append(all, p.acks...)
	}
	return all
}

// requests returns how many requests have so many points.
func (b *band) requests(points int) int {
	requests, series := 0, 0
	for _, p := range b.players {
		requests += p.stream.requests()
		for _, r := range p.stream.rounds[0] {
			series += r.points()
		}
	}
	return max(1, points*requests/series)
}

// turns returns how many turns of each stream take so long at a row's rate.
func (b *band) turns(row Row, took time.Duration) int {
	return max(1, int(took/interval(row))/len(b.players))
}

// pace says when the next request of a stream may go out: it waits for that, and
// returns false when no more is to be sent or ctx ends. It is called for all streams
// at the same time.
type pace interface {
	next(ctx context.Context, s *stream) bool
}

// errStalled ends a phase in which nothing was taken or delivered for a while.
var errStalled = fmt.Errorf("cannot play on: no point was taken or delivered for %s", patience)

// patience is how long points may stand still.
const patience = 10 * time.Second

// play lets all players play until the pace ends. When points stand still because
// deliveries are missing, it just ends: that shows in the share. Once it has ended
// before its pace, the connections are of no more use.
func (b *band) play(ctx context.Context, pace pace) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A player that waits for the process under measurement is woken as well.
	defer context.AfterFunc(ctx, func() {
		for _, p := range b.players {
			_ = p.conn.SetDeadline(time.Unix(1, 0))
		}
	})()
	var watching, playing sync.WaitGroup
	played := make(chan struct{})
	watching.Go(func() { b.watch(played, cancel) })
	var failed atomic.Bool
	for _, p := range b.players {
		playing.Go(func() {
			if err := p.play(ctx, pace, b); err != nil {
				failed.Store(true)
				cancel(err) // the first cause counts
			}
		})
	}
	playing.Wait()
	close(played)
	watching.Wait()
	err := context.Cause(ctx)
	if errors.Is(err, errStalled) && !failed.Load() {
		return nil
	}
	return err
}

// watch cancels when points stand still.
func (b *band) watch(played <-chan struct{}, cancel context.CancelCauseFunc) {
	const every = 200 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	still := time.Duration(0)
	for last := int64(-1); ; {
		select {
		case <-played:
			return
		case <-tick.C:
		}
		if now := b.accepted.Load() + b.site.delivered(); now != last {
			last, still = now, 0
		} else if still += every; still > patience {
			cancel(errStalled)
			return
		}
	}
}

// settle waits until all that was accepted is delivered, or stands still, and
// returns when the last point came.
func (b *band) settle(ctx context.Context) (time.Time, error) {
	const every = time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, delivered := time.Now(), b.site.delivered()
	for delivered < b.accepted.Load() && time.Since(last) < patience {
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-tick.C:
		}
		if now := b.site.delivered(); now != delivered {
			last, delivered = time.Now(), now
		}
	}
	return last, nil
}
