package sender

import (
	"context"
	"time"
)

// link is a lane's connection to one address, if there is one.
type link struct {
	conn    Conn
	dialled time.Time
	unwatch func() bool // ends the watch that closes conn at the hard stop
}

// connect makes sure of a connection. One that is idle is looked at before it is
// trusted with a Block: the peer may have closed it long ago.
func (l *lane) connect(ctx context.Context) error {
	if l.conn != nil && l.written == 0 && l.conn.Check() != nil {
		l.disconnect()
	}
	if l.conn != nil {
		return nil
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	conn, err := l.role.backend.Dial(ctx, l.address())
	if err != nil {
		return err
	}
	l.conn, l.written, l.dialled = conn, 0, l.shared.now()
	l.unwatch = context.AfterFunc(ctx, func() { _ = conn.Close() })
	l.target.health.dials.Add(1)
	l.target.health.open.Add(1)
	return nil
}

// disconnect closes the connection, if there is one.
func (l *lane) disconnect() {
	if l.conn == nil {
		return
	}
	l.unwatch()
	_ = l.conn.Close() // whatever it says, nothing more is sent on it
	l.conn, l.written = nil, 0
	l.target.health.open.Add(-1)
}

func (l *lane) address() string { return l.role.addresses[l.hop] }
