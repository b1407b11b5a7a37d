package main

import (
	"context"
	"log/slog"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/http"
	"transfer/receiver"
)

// The listeners, each with a section of its name, in the order in which they are shown.
const (
	listenerRPC    = "rpc"
	listenerHTTP   = "http"
	listenerSocket = "socket"
)

func listenerNames() []string { return []string{listenerRPC, listenerHTTP, listenerSocket} }

// listenerSection returns the section of the listener called name.
func listenerSection(cfg *g.Config, name string) g.Listener {
	switch name {
	case listenerRPC:
		return cfg.RPC
	case listenerHTTP:
		return cfg.HTTP
	}
	return cfg.Socket
}

// listener is an enabled section with its port and what reads there.
type listener struct {
	name    string
	section g.Listener
	debug   bool // as http shows it
	port    *boundPort
	points  door // takes points in
	admin   door // of http: the server that points is mounted on
	unit    func() stat.Unit
}

// door is what points or operators come in by.
type door interface {
	Start()
	Stop(ctx context.Context) error
}

// rooms is what lies behind the listeners.
type rooms struct {
	acceptor func(*stat.Receiver) receiver.Acceptor // takes the points that a receiver has parsed
	relay    http.Relay
	log      *slog.Logger
}

// newListener returns a listener that reads in port's next turn, once its doors are
// started.
func (r *rooms) newListener(name string, cfg *g.Config, port *boundPort, counts *stat.Receiver) *listener {
	section := listenerSection(cfg, name)
	l := &listener{name: name, section: section, debug: cfg.Debug, port: port}
	ln, in := port.turn(), r.acceptor(counts)
	switch name {
	case listenerHTTP:
		push := receiver.NewPush(section.Limits, in, counts)
		front := receiver.NewFront(ln, push, r.log)
		admin := &web{front, http.New(front, section, cfg.Debug, r.relay, push, r.log)}
		l.points, l.admin, l.unit = push, admin, admin.unit
	case listenerRPC:
		server := receiver.ListenRPC(ln, section.Limits, in, counts, r.log)
		l.points, l.unit = server, server.Unit
	case listenerSocket:
		server := receiver.ListenSocket(ln, section.Limits, in, counts, r.log)
		l.points, l.unit = server, server.Unit
	}
	return l
}

// limited is a door whose limits can change.
type limited interface{ SetLimits(limits g.Limits) }

// adapt makes the listener as cfg has it, without a connection being closed, and
// reports whether that was possible.
func (l *listener) adapt(cfg *g.Config, port *boundPort) bool {
	section := listenerSection(cfg, l.name)
	if l.port != port {
		return false
	}
	if section.Limits == l.section.Limits && (l.admin == nil || l.debug == cfg.Debug) {
		l.section = section
		return true
	}
	door, ok := l.points.(limited)
	if ok {
		door.SetLimits(section.Limits)
		l.section = section
	}
	return ok
}

// newCounts returns the counters of the receiver called name.
func newCounts(name string) *stat.Receiver { return stat.NewReceiver(name, metric.Reasons()) }
