package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"transfer/transfer/client"
)

// agent pushes this machine's figures at each multiple of its step, as
// Open-Falcon's agent does.
type agent struct {
	machine  *machine
	endpoint string // the host's name
	relay    string // host:port of the relay's RPC receiver
	step     time.Duration
	out      io.Writer // told what goes wrong
	now      func() time.Time

	to     client.Pusher // nil before the first push and after a failed one
	unread string        // what could not be read last time: told once
}

// pushTimeout bounds a connection attempt and a push.
const pushTimeout = 5 * time.Second

// run pushes until ctx ends. No timestamp comes twice, whatever the clock does.
func (a *agent) run(ctx context.Context) {
	defer a.hangUp()
	next := a.now().Truncate(a.step).Add(a.step)
	for {
		wait := time.NewTimer(next.Sub(a.now()))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		if err := a.push(next.Unix()); err != nil {
			fmt.Fprintf(a.out, "agent: %v\n", err)
			a.hangUp()
		}
		next = next.Add(a.step)
		if now := a.now(); now.After(next) { // the push took long: some are left out
			next = now.Truncate(a.step).Add(a.step)
		}
	}
}

// push sends one reading with the timestamp given.
func (a *agent) push(timestamp int64) error {
	figures, err := a.machine.read()
	a.tellOnce(err)
	points := make([]*client.Point, len(figures))
	for i := range figures {
		points[i] = figures[i].point(a.endpoint, int64(a.step/time.Second), timestamp)
	}
	if a.to == nil {
		if a.to, err = client.Dial("rpc", a.relay, pushTimeout); err != nil {
			a.to = nil
			return err
		}
	}
	reply, err := a.to.Push(points)
	if err != nil {
		return fmt.Errorf("cannot push %d points: %w", len(points), err)
	}
	if reply.Invalid > 0 {
		return fmt.Errorf("the relay refused %d of %d points", reply.Invalid, reply.Total)
	}
	return nil
}

// tellOnce prints what could not be read, when it is news.
func (a *agent) tellOnce(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != a.unread && text != "" {
		fmt.Fprintf(a.out, "agent: %s\n", text)
	}
	a.unread = text
}

// hangUp closes the connection; the next push dials again.
func (a *agent) hangUp() {
	if a.to != nil {
		_ = a.to.Close()
		a.to = nil
	}
}
