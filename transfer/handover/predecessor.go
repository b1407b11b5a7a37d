package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// The descriptors that a successor inherits.
const (
	talkDescriptor  = 3
	firstDescriptor = 4 // of the listeners
)

// estateWithin is how long the old process may take to say what it hands over.
const estateWithin = 5 * time.Second

// Listener is an inherited one.
type Listener struct {
	Address string // that it was bound by
	net.Listener
}

// Predecessor is the old process as the new one sees it. One goroutine uses it.
type Predecessor struct {
	Estate    Estate
	Listeners []Listener // they belong to the caller
	talk      *talk
}

// Inherit returns the process that this one is to succeed, nil if there is none. It is
// called once, before anything opens a file. What this process starts does not inherit
// again.
func Inherit() (*Predecessor, error) {
	if os.Getenv(variable) == "" {
		return nil, nil
	}
	if err := os.Unsetenv(variable); err != nil {
		return nil, fmt.Errorf("cannot clear %s: %w", variable, err)
	}
	file := os.NewFile(talkDescriptor, "predecessor")
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("cannot talk to the relay before this one: %w; %s is only for its use", err, variable)
	}
	_ = file.Close() // conn is a copy
	return inherit(conn, firstDescriptor)
}

// inherit reads the estate from conn and takes its listeners, which lie on the
// descriptors from first on.
func inherit(conn net.Conn, first uintptr) (*Predecessor, error) {
	p := &Predecessor{talk: newTalk(conn)}
	ctx, cancel := context.WithTimeout(context.Background(), estateWithin)
	defer cancel()
	line, err := p.talk.line(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot read what is handed over: %w", err), conn.Close())
	}
	if p.Estate, err = decodeEstate(line); err == nil {
		err = p.takeListeners(first)
	}
	if err != nil {
		p.Failed(err)
		return nil, err
	}
	return p, nil
}

// takeListeners makes listeners of the descriptors from first on.
func (p *Predecessor) takeListeners(first uintptr) error {
	for i, address := range p.Estate.Listeners {
		file := os.NewFile(first+uintptr(i), address)
		ln, err := net.FileListener(file)
		if err != nil {
			return fmt.Errorf("cannot inherit the listener %s: %w", address, err)
		}
		_ = file.Close() // ln is a copy
		p.Listeners = append(p.Listeners, Listener{address, ln})
	}
	return nil
}

// Validated tells the old process that this one could run, and waits until that has
// released the data directory and the listeners, or ctx ends.
func (p *Predecessor) Validated(ctx context.Context) error {
	if err := p.talk.say(validated); err != nil {
		return err
	}
	if err := p.talk.hear(ctx, released); err != nil {
		return fmt.Errorf("cannot take over: %w", err)
	}
	return nil
}

// Accepting tells the old process that this one has taken over. It is the last that
// passes between them; an error means that the old one is gone already.
func (p *Predecessor) Accepting() error {
	return errors.Join(p.talk.say(accepting), p.talk.conn.Close())
}

// Failed tells the old process why this one cannot take over. It is the last that
// passes between them.
func (p *Predecessor) Failed(why error) {
	text := strings.ReplaceAll(why.Error(), "\n", "; ")
	if room := maxLine - len(failed) - 2; len(text) > room {
		text = text[:room]
	}
	_ = p.talk.say(failed + " " + text) // it may be gone, or have given up
	_ = p.talk.conn.Close()
}
