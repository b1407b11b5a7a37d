package bench

import (
	"context"
	"fmt"
	"net"
	"time"
)

// player plays the requests of one connection, each after the answer to the one
// before.
type player struct {
	stream *stream
	answer func(in *inbox) (invalid int, err error) // nil: nothing is answered
	conn   net.Conn
	in     *inbox

	acks []time.Duration // of the phase: request sent to reply read
}

// play sends requests until the pace ends.
func (p *player) play(ctx context.Context, pace pace, b *band) error {
	for pace.next(ctx, p.stream) {
		r, turn := p.stream.next()
		if r.probe != 0 {
			b.site.each(func(probes *probes) { probes.sent(p.stream.conn, turn) })
		}
		invalid, err := p.send(r)
		if err != nil {
			return fmt.Errorf("cannot play: %w", err)
		}
		b.accepted.Add(int64(r.points() - invalid))
	}
	return nil
}

// send sends one request and waits for its answer. It returns how many points were
// refused.
func (p *player) send(r *request) (invalid int, err error) {
	sent := time.Now()
	if _, err := p.conn.Write(r.bytes); err != nil || p.answer == nil {
		return 0, err
	}
	if invalid, err = p.answer(p.in); err != nil {
		return 0, err
	}
	p.acks = append(p.acks, time.Since(sent))
	return invalid, nil
}
