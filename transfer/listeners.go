package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"transfer/g"
	"transfer/g/stat"
)

// listeners are all that the relay reads from, one for each enabled section. Changes
// come one at a time; any goroutine may look.
type listeners struct {
	ports ports
	rooms *rooms
	log   *slog.Logger

	mu        sync.Mutex
	reading   bool                      // a receiver that is opened reads at once
	answering bool                      // an admin server that is opened answers at once
	open      map[string]*listener      // by name
	counts    map[string]*stat.Receiver // likewise, of all that were ever open
	ending    sync.WaitGroup            // of what was replaced
}

func newListeners(ports ports, rooms *rooms, log *slog.Logger) *listeners {
	return &listeners{ports: ports, rooms: rooms, log: log,
		open: make(map[string]*listener), counts: make(map[string]*stat.Receiver)}
}

// startAdmin lets the admin server answer, also one that is opened later.
func (l *listeners) startAdmin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answering = true
	if web := l.open[listenerHTTP]; web != nil {
		web.admin.Start()
	}
}

// startReceivers lets all receivers read, also those that are opened later.
func (l *listeners) startReceivers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reading = true
	for _, one := range l.open {
		one.points.Start()
	}
}

// stopReceivers lets all receivers finish at the same time. The admin server goes on.
func (l *listeners) stopReceivers() {
	var receivers sync.WaitGroup
	for _, one := range l.open {
		if one.admin == nil {
			l.free(one.port)
		}
		receivers.Go(func() { l.stop(one.points, answerWithin) })
	}
	receivers.Wait()
}

// stopAdmin ends the admin server, and waits for those that it has replaced.
func (l *listeners) stopAdmin() {
	if web := l.open[listenerHTTP]; web != nil {
		l.free(web.port)
		l.stop(web.admin, adminWithin)
	}
	l.ending.Wait()
}

// address returns where the listener called name is bound, empty when it is not.
func (l *listeners) address(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one := l.open[name]; one != nil {
		return one.port.Addr().String()
	}
	return ""
}

// receivers returns the counters of all receivers that were ever open.
func (l *listeners) receivers() (all []*stat.Receiver) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range listenerNames() {
		if counts := l.counts[name]; counts != nil {
			all = append(all, counts)
		}
	}
	return all
}

// units returns the listeners that are open.
func (l *listeners) units() (all []stat.Unit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range listenerNames() {
		if one := l.open[name]; one != nil {
			all = append(all, one.unit())
		}
	}
	return all
}

// adapt makes the listener as cfg has it, if that takes no other one.
func (l *listeners) adapt(was *listener, cfg *g.Config, port *boundPort) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return was.adapt(cfg, port)
}

// retire stops the listeners. used says which ports stay bound. The receivers have
// stopped when the group is done.
func (l *listeners) retire(old []*listener, used func(*boundPort) bool) *sync.WaitGroup {
	receivers := new(sync.WaitGroup)
	for _, was := range old {
		l.mu.Lock()
		delete(l.open, was.name)
		l.mu.Unlock()
		if !used(was.port) {
			l.free(was.port)
		}
		if was.admin == nil {
			receivers.Go(func() { l.stop(was.points, answerWithin) })
			continue
		}
		l.ending.Go(func() { l.stop(was.admin, answerWithin) })
	}
	return receivers
}

// build opens a listener.
func (l *listeners) build(name string, cfg *g.Config, port *boundPort) {
	l.mu.Lock()
	counts := l.counts[name]
	if counts == nil {
		counts = newCounts(name)
		l.counts[name] = counts
	}
	l.mu.Unlock()
	built := l.rooms.newListener(name, cfg, port, counts)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[name] = built
	if l.reading {
		built.points.Start()
	}
	if l.answering && built.admin != nil {
		built.admin.Start()
	}
}

// stop stops a door; what it has in flight is answered within that time.
func (l *listeners) stop(d door, within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := d.Stop(ctx); err != nil {
		l.log.Warn("requests in flight were cut off", "error", err)
	}
}

func (l *listeners) free(port *boundPort) {
	if err := port.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		l.log.Warn("cannot close a port", "address", port.Addr(), "error", err)
	}
}
