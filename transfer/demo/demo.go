// Package demo runs a relay between this machine's own figures and stand-ins for
// what stands behind it: real input and output without a site.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"transfer/g"
	"transfer/transfer/sink"
)

// StartRelay starts a relay with a configuration and returns what stops it.
type StartRelay func(cfg *g.Config) (stop func(ctx context.Context) error, err error)

// options are the flags of the command and what it uses.
type options struct {
	addresses
	sinks    string        // host:port of the stand-ins' API
	interval time.Duration // between the agent's pushes
	every    time.Duration // between summaries
	out      io.Writer
	start    StartRelay

	relays int    // more than 1: a cluster
	redis  string // of a cluster: host:port of its Redis; empty: one is started
	dir    string // of a cluster: the folder of its files; empty: one that is removed in the end
	rate   int    // of a cluster: points a second
}

// stopTimeout is how long the relay may take to stop.
const stopTimeout = 10 * time.Second

// run runs the demonstration until ctx ends.
func (o *options) run(ctx context.Context) (err error) {
	if o.interval < time.Second || o.interval%time.Second != 0 {
		return fmt.Errorf("cannot push every %s: --interval takes whole seconds, such as 2s", o.interval)
	}
	if o.every <= 0 {
		return o.neverReports()
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("cannot learn the host's name: %w", err)
	}
	here, err := newMachine(time.Now)
	if err != nil {
		return err
	}
	behind, err := buildSite()
	if err != nil {
		return err
	}
	defer behind.close()
	api, err := serveAPI(o.sinks, behind)
	if err != nil {
		return err
	}
	defer api.Close()

	dataDir, err := os.MkdirTemp("", "transfer-demo-")
	if err != nil {
		return fmt.Errorf("cannot create a data directory for the demonstration: %w", err)
	}
	defer func() { _ = os.RemoveAll(dataDir) }()
	at, err := o.free()
	if err != nil {
		return err
	}
	cfg, err := configuration(at, dataDir, behind)
	if err != nil {
		return err
	}
	stop, err := o.start(cfg)
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		err = errors.Join(err, stop(stopping))
		fmt.Fprintf(o.out, "stopped; the stand-ins received %d points\n", behind.received())
	}()

	printWelcome(o.out, welcome{at, api.Addr(), host, o.interval})
	var work sync.WaitGroup
	defer work.Wait()
	pushes := agent{machine: here, endpoint: host, relay: at.rpc, step: o.interval, out: o.out, now: time.Now}
	work.Go(func() { pushes.run(ctx) })
	o.report(ctx, at.http, behind)
	return nil
}

// neverReports is the error of an interval that is none.
func (o *options) neverReports() error {
	return fmt.Errorf("cannot print counts every %s: --every takes a time above 0, such as 10s", o.every)
}

// serveAPI serves the API of the stand-ins on addr, or on a free port.
func serveAPI(addr string, s *site) (*sink.API, error) {
	l, err := listenNear(addr)
	if err != nil {
		return nil, err
	}
	_ = l.Close()
	return sink.ServeAPI(l.Addr().String(), s.sinks...)
}

// report prints a line of counts now and then, until ctx ends.
func (o *options) report(ctx context.Context, admin string, s *site) {
	c := &http.Client{Timeout: askTimeout, Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	tick := time.NewTicker(o.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			o.printLine(c, now, admin, s)
		}
	}
}

func (o *options) printLine(c *http.Client, now time.Time, admin string, s *site) {
	t, err := askTotals(c, admin)
	if err != nil {
		fmt.Fprintf(o.out, "%s  stand-ins received %d points; the relay does not say more: %v\n",
			now.Format(time.TimeOnly), s.received(), err)
		return
	}
	fmt.Fprintf(o.out, "%s  points: %d in, %d delivered, %d queued, %d dropped; stand-ins received %d\n",
		now.Format(time.TimeOnly), t.received, t.delivered, t.queued, t.dropped, s.received())
}
