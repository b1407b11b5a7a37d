package topology

import (
	"context"
	"fmt"
	"strings"
	"time"

	"transfer/g/stat"
)

const (
	awaitEvery = 200 * time.Millisecond
	awaitFor   = 10 * time.Second // after the version has come into force
	awaitPeers = 2 * pollEvery    // so long after it, what relays say is of that version
)

// await waits until all relays that are alive have d. The error is a refusedError that
// names those that have not.
func (c *commands) await(ctx context.Context, d *Document) error {
	for {
		peers, now, err := c.look(ctx)
		if err != nil {
			return err
		}
		alive := living(peers)
		missing, rejecting := without(alive, d)
		after := now.Sub(d.from())
		switch {
		case after < 0: // it is in force nowhere
		case len(missing) == 0 && (len(alive) > 0 || after > awaitFor):
			return c.writeTaken(alive)
		case rejecting && after > awaitPeers, after > awaitFor:
			return &refusedError{fmt.Sprintf("version %d is set, and not in force everywhere: %s", d.Version, strings.Join(missing, "; "))}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(awaitEvery):
		}
	}
}

// look returns the relays, and the time of Redis.
func (c *commands) look(ctx context.Context) ([]stat.Peer, time.Time, error) {
	within, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	_, now, err := c.store.Version(within)
	if err != nil {
		return nil, now, err
	}
	peers, err := c.store.Peers(within, now)
	return peers, now, err
}

// without returns the relays that do not have d, with what they say, and whether one of
// them rejects it.
func without(relays []stat.Peer, d *Document) (missing []string, rejecting bool) {
	for _, p := range relays {
		if p.Version == d.Version && p.ID == d.ID {
			continue
		}
		missing = append(missing, fmt.Sprintf("%s has version %d, %s", p.Relay, p.Version, p.State))
		rejecting = rejecting || strings.HasPrefix(p.State, stat.FollowingRejected)
	}
	return missing, rejecting
}

func (c *commands) writeTaken(alive []stat.Peer) error {
	if c.json {
		return nil
	}
	if len(alive) == 0 {
		fmt.Fprintln(c.out, "no relay is alive that could take it")
		return nil
	}
	var names []string
	for _, p := range alive {
		names = append(names, p.Relay)
	}
	fmt.Fprintf(c.out, "in force at %d relays: %s\n", len(alive), strings.Join(names, ", "))
	return nil
}
