package demo

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"transfer/transfer/client"
	"transfer/transfer/program"
)

// balancer sends made-up points to several relays, as agents do behind a TCP balancer:
// each of its senders keeps to one relay while that answers.
type balancer struct {
	relays []string // host:port of their RPC receivers
	rate   int      // points of all senders together, each pause
	pause  time.Duration

	taken, failed atomic.Int64 // points acknowledged; pushes that were not
}

// homing is for how many pauses a sender stays away from its own relay, until it looks
// whether that is back.
const homing = 5

// run sends until ctx ends. Each relay has two senders.
func (b *balancer) run(ctx context.Context) {
	var work sync.WaitGroup
	senders := 2 * len(b.relays)
	for i := range senders {
		s := loadSender{balancer: b, endpoint: fmt.Sprintf("load-%d", i+1), home: i % len(b.relays), at: i % len(b.relays)}
		s.series = max(1, (b.rate+i)/senders)
		work.Go(func() { s.run(ctx) })
	}
	work.Wait()
}

// loadSender is one endpoint of the made-up load.
type loadSender struct {
	*balancer
	endpoint string
	series   int
	home, at int // relays: its own, and the one that it sends to

	to     client.Pusher // nil: there is no connection
	looked time.Time     // when it was last at home, or tried to be
}

// run pushes each series once a pause.
func (s *loadSender) run(ctx context.Context) {
	defer s.hangUp()
	tick := time.NewTicker(s.pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.goHome(now)
			s.send(ctx, s.points(now))
		}
	}
}

// points returns the points of a time, one of each series.
func (s *loadSender) points(now time.Time) []*client.Point {
	points := make([]*client.Point, s.series)
	for i := range points {
		points[i] = &client.Point{
			Endpoint: s.endpoint, Metric: "load", Tags: fmt.Sprintf("series=%d", i), Type: "GAUGE",
			Step: 1, Timestamp: now.Unix(), Value: float64(now.Unix() % 1000),
		}
	}
	return points
}

// send pushes points to the first relay that takes them, and stays with it.
func (s *loadSender) send(ctx context.Context, points []*client.Point) {
	for range s.relays {
		if ctx.Err() != nil {
			return
		}
		if s.push(points) == nil {
			s.taken.Add(int64(len(points)))
			return
		}
		s.failed.Add(1)
		s.hangUp()
		s.at = (s.at + 1) % len(s.relays)
	}
}

func (s *loadSender) push(points []*client.Point) (err error) {
	if s.to == nil {
		if s.to, err = client.Dial("rpc", s.relays[s.at], pushTimeout); err != nil {
			s.to = nil
			return err
		}
	}
	_, err = s.to.Push(points)
	return err
}

// goHome goes back to the sender's own relay now and then, if somebody listens there.
func (s *loadSender) goHome(now time.Time) {
	if s.at == s.home || now.Sub(s.looked) < homing*s.pause {
		return
	}
	s.looked = now
	if program.Answers(s.relays[s.home]) {
		s.hangUp()
		s.at = s.home
	}
}

func (s *loadSender) hangUp() {
	if s.to != nil {
		_ = s.to.Close()
		s.to = nil
	}
}
