package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"transfer/transfer/sink"
)

// cluster is several relays that share a Redis, what stands behind them, and a load: all on
// this machine.
type cluster struct {
	dir     string // of all files
	binary  string // the relay's
	members []*member
	redis   *sharedRedis
	behind  *site
	spare   *sink.Sink // a graph that no relay knows yet
	api     *sink.API

	undo []func() error // what ends it all, in the order in which it was begun
}

// runCluster runs the demonstration of several relays until ctx ends.
func (o *options) runCluster(ctx context.Context) (err error) {
	if o.rate < 1 {
		return fmt.Errorf("cannot send %d points a second: --rate takes a number above 0", o.rate)
	}
	if o.every <= 0 {
		return o.neverReports()
	}
	c := &cluster{}
	defer func() { err = errors.Join(err, c.end()) }()
	if err := o.build(c); err != nil {
		return err
	}
	load := &balancer{rate: o.rate, pause: time.Second}
	for _, m := range c.members {
		load.relays = append(load.relays, m.rpc)
	}
	printClusterWelcome(o.out, c, o.rate)
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		load.run(ctx)
	}()
	o.reportCluster(ctx, c, load)
	<-loaded
	fmt.Fprintln(o.out, "stopping")
	return nil
}

// build starts everything. What it has begun is in c.undo even if it fails.
func (o *options) build(c *cluster) (err error) {
	if c.binary, err = os.Executable(); err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	if err := c.makeFolder(o.dir); err != nil {
		return err
	}
	if err := c.link(c.binary, "transfer"); err != nil {
		return err
	}
	if c.behind, err = buildSite(); err != nil {
		return err
	}
	c.onEnd(func() error { c.behind.close(); return nil })
	if c.spare, err = sink.New("graph", "127.0.0.1:0", sink.Options{Name: spareNode}); err != nil {
		return err
	}
	c.onEnd(func() error { c.spare.Close(); return nil })
	l, err := listenNear(o.sinks)
	if err != nil {
		return err
	}
	_ = l.Close()
	if c.api, err = sink.ServeAPI(l.Addr().String(), append(slices.Clone(c.behind.sinks), c.spare)...); err != nil {
		return err
	}
	c.onEnd(func() error { c.api.Close(); return nil })
	if c.redis = (&sharedRedis{addr: o.redis}); o.redis == "" {
		if c.redis, err = startRedis(c.dir); err != nil {
			return err
		}
		c.onEnd(c.redis.stop)
	}
	return o.startMembers(c)
}

// spareNode is the graph that no relay knows at first.
const spareNode = "graph-03"

// startMembers starts the relays, and writes the configuration that has one graph more.
func (o *options) startMembers(c *cluster) error {
	var all []addresses
	for i := range o.relays {
		a, err := o.next(i)
		if err != nil {
			return err
		}
		all = append(all, a)
	}
	all, err := freeEach(all)
	if err != nil {
		return err
	}
	for i, a := range all {
		m, err := newMember(c.dir, fmt.Sprintf("relay-%d", i+1), a, c.behind, c.redis.addr)
		if err != nil {
			return err
		}
		c.members = append(c.members, m)
		c.onEnd(m.stop)
		if err := m.start(c.binary); err != nil {
			return err
		}
	}
	if err := c.link(filepath.Base(c.members[0].file), "cfg.json"); err != nil {
		return err
	}
	wider := c.members[0].settings(c.dir, c.behind, c.redis.addr)
	nodes := c.behind.cluster("graph")
	nodes[spareNode] = c.spare.Addr()
	wider["graph"].(section)["cluster"] = nodes
	return writeConfiguration(filepath.Join(c.dir, "wider.json"), wider)
}

// link gives a file a name in the folder, so that commands there are short.
func (c *cluster) link(file, name string) error {
	if err := os.Symlink(file, filepath.Join(c.dir, name)); err != nil {
		return fmt.Errorf("cannot prepare the folder of the demonstration: %w", err)
	}
	return nil
}

// makeFolder makes the folder for all files: the one named, which must be empty, or one
// that is removed in the end.
func (c *cluster) makeFolder(named string) (err error) {
	if named == "" {
		if c.dir, err = os.MkdirTemp("", "transfer-cluster-"); err != nil {
			return fmt.Errorf("cannot create a folder for the demonstration: %w", err)
		}
		c.onEnd(func() error { return os.RemoveAll(c.dir) })
		return nil
	}
	if c.dir, err = filepath.Abs(named); err == nil {
		err = os.MkdirAll(c.dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("cannot create the folder of --dir: %w", err)
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("cannot read the folder of --dir: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("cannot use %s: it is not empty: name another folder with --dir, or remove it", c.dir)
	}
	return nil
}

// onEnd notes what ends something that has begun.
func (c *cluster) onEnd(undo func() error) { c.undo = append(c.undo, undo) }

// end ends everything, the last first.
func (c *cluster) end() (err error) {
	for _, undo := range slices.Backward(c.undo) {
		err = errors.Join(err, undo())
	}
	return err
}

// reportCluster prints a line of counts now and then, until ctx ends.
func (o *options) reportCluster(ctx context.Context, c *cluster, load *balancer) {
	ask := &http.Client{Timeout: askTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(o.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			fmt.Fprintln(o.out, now.Format(time.TimeOnly)+"  "+c.summary(ask, load))
		}
	}
}

// summary says how the relays are, all together.
func (c *cluster) summary(ask *http.Client, load *balancer) string {
	var sum totals
	up := 0
	for _, m := range c.members {
		t, err := askTotals(ask, m.http)
		if err != nil {
			continue // it is down
		}
		up++
		sum.queued += t.queued
		sum.dropped += t.dropped
	}
	return fmt.Sprintf("relays: %d of %d up; points: %d taken, %d queued, %d dropped; pushes that failed: %d; stand-ins received %d",
		up, len(c.members), load.taken.Load(), sum.queued, sum.dropped, load.failed.Load(), c.behind.received()+c.spare.Counts().Received)
}
