package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"

	"transfer/g"
	"transfer/transfer/handover"
)

// heldPorts binds ports, hands out listeners that were bound before, and knows which
// are open, so that another process can inherit them. It implements ports.
type heldPorts struct {
	mu   sync.Mutex
	kept []handover.Listener // bound, and waiting for a Listen of their address
	open []*heldListener     // handed out, in that order
}

// heldListener is out of the ports when it is closed.
type heldListener struct {
	*net.TCPListener
	ports   *heldPorts
	address string
}

// Listen implements ports. Of the listeners that were kept for that address the first
// is handed out; where there is none, it is bound.
func (p *heldPorts) Listen(address string) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ln, err := p.take(address)
	if err != nil {
		return nil, err
	}
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("cannot listen on %s: it is no TCP port", address), ln.Close())
	}
	held := &heldListener{tcp, p, address}
	p.open = append(p.open, held)
	return held, nil
}

func (p *heldPorts) take(address string) (net.Listener, error) {
	i := slices.IndexFunc(p.kept, func(l handover.Listener) bool { return l.Address == address })
	if i < 0 {
		return plainPorts{}.Listen(address)
	}
	ln := p.kept[i].Listener
	p.kept = slices.Delete(p.kept, i, i+1)
	return ln, nil
}

// Close closes the listener. One that another process has inherited goes on there.
func (l *heldListener) Close() error {
	l.ports.mu.Lock()
	defer l.ports.mu.Unlock()
	l.ports.open = slices.DeleteFunc(l.ports.open, func(o *heldListener) bool { return o == l })
	return l.TCPListener.Close()
}

// keep takes listeners, to be handed out to whoever asks for their address.
func (p *heldPorts) keep(listeners []handover.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = append(p.kept, listeners...)
}

// bind keeps a listener for each that cfg enables, in the order in which a Service asks
// for them. Those that are kept already are not bound anew; of these, all stay.
func (p *heldPorts) bind(cfg *g.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var bound []handover.Listener
	var errs []error
	for _, l := range []struct {
		key     string
		section g.Listener
	}{{"rpc", cfg.RPC}, {"http", cfg.HTTP}, {"socket", cfg.Socket}} {
		if !l.section.Enabled {
			continue
		}
		ln, err := p.take(l.section.Listen)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s.listen: %w", l.key, err))
			continue
		}
		bound = append(bound, handover.Listener{Address: l.section.Listen, Listener: ln})
	}
	p.kept = append(bound, p.kept...)
	return errors.Join(errs...)
}

// dropKept closes what was kept and nobody has asked for.
func (p *heldPorts) dropKept() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.kept {
		_ = l.Close()
	}
	p.kept = nil
}

// copies are further descriptors of listeners, with what those were bound by.
type copies struct {
	addresses []string
	files     []*os.File
}

// copyOpen returns copies of all that is open, which keep the ports bound until they
// are closed.
func (p *heldPorts) copyOpen() (*copies, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := &copies{}
	for _, l := range p.open {
		file, err := handover.Copy(l.TCPListener)
		if err != nil {
			all.close()
			return nil, err
		}
		all.addresses = append(all.addresses, l.address)
		all.files = append(all.files, file)
	}
	return all, nil
}

// listeners makes listeners of the copies.
func (c *copies) listeners() ([]handover.Listener, error) {
	var all []handover.Listener
	for i, file := range c.files {
		ln, err := net.FileListener(file)
		if err != nil {
			for _, l := range all {
				_ = l.Close()
			}
			return nil, fmt.Errorf("cannot listen on %s again: %w", c.addresses[i], err)
		}
		all = append(all, handover.Listener{Address: c.addresses[i], Listener: ln})
	}
	return all, nil
}

func (c *copies) close() {
	for _, file := range c.files {
		_ = file.Close()
	}
	c.files = nil
}
