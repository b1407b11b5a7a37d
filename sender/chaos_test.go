package sender

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"transfer/g/metric"
	"transfer/sender/queue"
)

// chaos is a backend that misbehaves at random while it is ill. Each item is
// "SERIES NUMBER", the numbers of a series rising by one from 1.
type chaos struct {
	window  bool // confirms later, and then maybe a part
	applies bool // answers first and applies up to 5 ms later, as graph does

	mu      sync.Mutex
	random  *rand.Rand
	ill     bool
	newest  map[int]int     // by series
	got     map[[2]int]bool // series and number
	late    int             // first arrivals behind a newer one
	sent    uint64          // points of every Send
	repeats uint64          // points that came again
	open    map[string]int  // dials under way, by address
	crowd   bool            // two dials at a time to one address
}

func newChaos(random *rand.Rand) *chaos {
	return &chaos{
		random: random, ill: true, newest: map[int]int{}, got: map[[2]int]bool{},
		open: map[string]int{},
	}
}

func (c *chaos) Wants(*metric.Point) bool                         { return true }
func (c *chaos) AppendSeries(dst []byte, _ *metric.Point) []byte  { return dst }
func (c *chaos) AppendItem(dst, _ []byte, _ *metric.Point) []byte { return dst }

// chance is true once in n while the backend is ill.
func (c *chaos) chance(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ill && c.random.IntN(n) == 0
}

// pause sleeps for up to d, which a stop cuts short.
func (c *chaos) pause(d time.Duration, end <-chan struct{}) {
	c.mu.Lock()
	d = time.Duration(c.random.Int64N(int64(d)))
	c.mu.Unlock()
	select {
	case <-time.After(d):
	case <-end:
	}
}

func (c *chaos) Dial(ctx context.Context, address string) (Conn, error) {
	c.mu.Lock()
	c.open[address]++
	c.crowd = c.crowd || c.open[address] > 1
	c.mu.Unlock()
	c.pause(3*time.Millisecond, ctx.Done())
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open[address]--
	}()
	if c.chance(3) || ctx.Err() != nil {
		return nil, errors.New("refused")
	}
	return &chaosConn{chaos: c, closed: make(chan struct{})}, nil
}

// arrive takes the items of a Block.
func (c *chaos) arrive(items []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, item := range items {
		s, n, _ := strings.Cut(item, " ")
		series, _ := strconv.Atoi(s)
		number, _ := strconv.Atoi(n)
		if c.got[[2]int{series, number}] {
			c.repeats++
			continue
		}
		c.got[[2]int{series, number}] = true
		if number < c.newest[series] {
			c.late++
		}
		c.newest[series] = max(c.newest[series], number)
	}
}

type chaosConn struct {
	*chaos
	flight []*queue.Block
	once   sync.Once
	closed chan struct{}
}

func (c *chaosConn) Send(b *queue.Block) error {
	c.mu.Lock()
	c.sent += uint64(b.Len())
	c.mu.Unlock()
	if c.chance(20) {
		return errors.New("reset while sending")
	}
	c.flight = append(c.flight, b)
	return nil
}

func (c *chaosConn) Confirm() (Receipt, error) {
	c.pause(5*time.Millisecond, c.closed)
	if isClosed(c.closed) {
		return Receipt{}, errors.New("closed")
	}
	take := len(c.flight)
	if c.window && c.chance(2) {
		c.mu.Lock()
		take = c.random.IntN(take + 1)
		c.mu.Unlock()
	}
	switch {
	case c.chance(15): // nothing arrives
		return Receipt{}, errors.New("reset")
	case c.chance(15): // it arrives, but the reply does not
		c.deliver(len(c.flight))
		return Receipt{}, errors.New("reply lost")
	case c.chance(15):
		if !c.window { // what is left on the connection may still be taken
			c.flight = nil
		}
		return Receipt{}, &Refusal{Err: errors.New("retry: busy")}
	case c.window && c.chance(15): // both at once
		c.deliver(take)
		return Receipt{Blocks: take}, errors.New("reset")
	}
	c.deliver(take)
	return Receipt{Blocks: take}, nil
}

func (c *chaosConn) deliver(n int) {
	for _, b := range c.flight[:n] {
		items := make([]string, b.Len())
		for i := range items {
			items[i] = string(b.Item(i))
		}
		if c.applies {
			go func() {
				c.pause(5*time.Millisecond, nil)
				c.arrive(items)
			}()
			continue
		}
		c.arrive(items)
	}
	c.flight = c.flight[n:]
}

func (c *chaosConn) Check() error {
	if c.chance(10) {
		return errors.New("closed while idle")
	}
	return nil
}

func (c *chaosConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}
