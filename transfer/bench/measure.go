package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// meter measures rows.
type meter struct {
	subjects map[string]subject
	profiles string        // folder for CPU profiles; empty: none
	points   int           // of a run at full speed, for a subject of the relay's speed
	paced    time.Duration // the measured part of a run at a rate
	// Before what is measured comes a warm-up, in which each series is played at
	// least once: so many points at full speed, so long at a rate.
	warmPoints int
	warmTime   time.Duration
}

// measured is a Run with what only its progress line tells.
type measured struct {
	Run
	requests, late int // of a row with a rate: all that went out, and those too late
}

// run measures a row once: with a process of its own, whose files are gone
// afterwards.
func (m *meter) run(ctx context.Context, row Row) (r measured, err error) {
	dir, err := os.MkdirTemp("", "transfer-bench-")
	if err != nil {
		return r, fmt.Errorf("cannot create a folder for a run: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	behind, err := openSite(row)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, behind.close()) }()
	p, address, err := m.subjects[row.Subject].launch(dir, row, behind)
	if err != nil {
		return r, err
	}
	defer func() {
		if err != nil && p.HasEnded() {
			err = fmt.Errorf("%w; the process has ended: %s", err, p.LastWords())
		}
		err = errors.Join(err, p.Stop())
	}()
	b, err := newBand(row, address, behind)
	if err != nil {
		return r, err
	}
	defer b.close()
	runtime.GC() // what the load before this one left behind
	if err := m.warmUp(ctx, row, b); err != nil {
		return r, err
	}
	endProfile := m.profile(row, p)
	r, err = m.measure(ctx, row, b, p)
	return r, errors.Join(err, endProfile())
}

// warmUp plays until each series was seen and the process has its connections and
// buffers.
func (m *meter) warmUp(ctx context.Context, row Row, b *band) error {
	var pace pace
	if row.Rate == 0 {
		rounds := max(1, (m.warmPoints+row.Series-1)/row.Series)
		pace = wholeRounds{window{b}, rounds}
	} else {
		turns := b.turns(row, m.warmTime)
		for _, p := range b.players {
			turns = max(turns, p.stream.requests())
		}
		pace = newEvenly(len(b.players), turns, interval(row))
	}
	if err := b.play(ctx, pace); err != nil {
		return err
	}
	if _, err := b.settle(ctx); err != nil {
		return err
	}
	if missing := b.accepted.Load() - b.site.delivered(); missing > 0 {
		return fmt.Errorf("cannot measure: %d points of the warm-up never arrived", missing)
	}
	return nil
}

// measure plays the part that counts.
func (m *meter) measure(ctx context.Context, row Row, b *band, p *process) (r measured, err error) {
	b.forget()
	accepted, delivered := b.accepted.Load(), b.site.delivered()
	before, err := p.cpu()
	if err != nil {
		return r, err
	}
	start := time.Now()
	if row.Rate == 0 {
		pace := &fullSpeed{window: window{b}}
		pace.left.Store(int64(b.requests(pointsFor(row, m.points))))
		err = b.play(ctx, pace)
	} else {
		pace := newEvenly(len(b.players), b.turns(row, m.paced), interval(row))
		err = b.play(ctx, pace)
		r.requests, r.late = pace.counts()
	}
	if err != nil {
		return r, err
	}
	end, err := b.settle(ctx)
	if err != nil {
		return r, err
	}
	after, err := p.cpu()
	if err != nil {
		return r, err
	}
	r.Points = int(b.accepted.Load() - accepted)
	if r.Points == 0 {
		return r, errors.New("not one point was taken")
	}
	r.Took, r.CPU = end.Sub(start), after-before
	r.Share = float64(b.site.delivered()-delivered) / float64(r.Points)
	r.Ack, r.Arrival = newLatency(b.acks()), newLatency(b.site.arrivals())
	r.Memory, err = p.peakMemory()
	return r, err
}

// interval is the time between two requests of a row with a rate.
func interval(row Row) time.Duration {
	return time.Duration(agentSeries) * time.Second / time.Duration(row.Rate)
}
