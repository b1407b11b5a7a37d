package rings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"transfer/g"
	"transfer/g/stat"
)

// The states of a ring in a change.
const (
	stateSame    = "same"
	stateChanged = "changed"
	stateAdded   = "added"   // the backend has no ring now
	stateRemoved = "removed" // the backend will have none
)

// What series were counted.
const (
	countedRelay     = "relay"     // those that a running relay remembers
	countedGenerated = "generated" // made-up ones
)

// change is what an edited configuration does to the ring of one backend.
type change struct {
	stat.RingDiff
	State       string        `json:"state"`
	Counted     string        `json:"counted,omitempty"`  // empty if nothing is to be compared
	Note        string        `json:"note,omitempty"`     // why the relay's series were not counted
	MaxMove     float64       `json:"maxMove"`            // of all hashes, 0: any
	Exceeds     bool          `json:"exceeds"`            // Share is over MaxMove
	Settings    []string      `json:"settings,omitempty"` // in words, what else of the ring changes
	Readdressed []readdressed `json:"readdressed"`
}

// readdressed is a node that keeps its series and gets other addresses.
type readdressed struct {
	Node   string   `json:"node"`
	Before []string `json:"before"`
	After  []string `json:"after"`
}

// maxMoveError says that changes move more than they may.
type maxMoveError struct{ text string }

func (e *maxMoveError) Error() string { return e.text }

// diff is the command `diff`.
func (c *commands) diff(ctx context.Context, cmd *cobra.Command, words []string) error {
	planned, err := g.Load(words[0])
	if err != nil {
		return err
	}
	after, err := fromConfig(planned)
	if err != nil {
		return err
	}
	o, err := c.find(ctx)
	if err != nil {
		return err
	}
	changes, err := c.changes(ctx, &o, after)
	if err != nil {
		return err
	}
	over := exceeding(changes, planned, "POST /config/reload?force=1")
	if err := c.writeChanges(cmd.OutOrStdout(), o.text, planned.Path, changes); err != nil {
		return err
	}
	if len(over) > 0 {
		return &maxMoveError{strings.Join(over, "\n")}
	}
	return nil
}

// exceeding notes the maxMove of planned in the changes, and says of those that move more
// how to force them.
func exceeding(changes []change, planned *g.Config, force string) (over []string) {
	for i := range changes {
		d := &changes[i]
		if b := planned.Backend(d.Backend); b != nil {
			d.MaxMove = b.MaxMove
		}
		if d.Exceeds = d.MaxMove > 0 && d.Share > d.MaxMove; d.Exceeds {
			over = append(over, fmt.Sprintf("%s: %s of all hashes would move, over its maxMove of %s: force it with %s, or change less at a time",
				d.Backend, percent(d.Share), percent(d.MaxMove), force))
		}
	}
	return over
}

// changes compares the rings of now with those of the configuration, backend by backend.
func (c *commands) changes(ctx context.Context, o *origin, after []backendRing) (all []change, err error) {
	if c.backend != "" && find(o.rings, c.backend) == nil {
		if after, err = c.chosen(after); err != nil {
			return nil, err
		}
	}
	for i := range o.rings {
		now := &o.rings[i]
		if c.backend != "" && now.Backend != c.backend {
			continue
		}
		if then := find(after, now.Backend); then != nil {
			all = append(all, o.compare(ctx, now, then))
		} else {
			all = append(all, change{RingDiff: stat.RingDiff{Backend: now.Backend, From: now.Fingerprint}, State: stateRemoved})
		}
	}
	for _, then := range after {
		if (c.backend == "" || c.backend == then.Backend) && find(o.rings, then.Backend) == nil {
			all = append(all, change{RingDiff: stat.RingDiff{Backend: then.Backend, To: then.Fingerprint}, State: stateAdded})
		}
	}
	return all, nil
}

// compare returns what the change of a backend's ring moves: counted by the relay, or if
// that cannot, over generated series.
func (o *origin) compare(ctx context.Context, now, then *backendRing) change {
	d := change{State: stateChanged, Settings: settingsThat(now, then), Readdressed: addressesThat(now, then)}
	if now.Fingerprint == then.Fingerprint {
		d.State = stateSame
	}
	if o.relay != nil {
		diff, err := o.relay.Diff(ctx, then.plan())
		switch {
		case err != nil:
			d.Note = err.Error()
		case diff.From != now.Fingerprint || diff.To != then.Fingerprint:
			d.Note = "the relay's ring has changed at this moment"
		case diff.Series == 0:
			d.Note = "the relay remembers no series yet"
		default:
			d.RingDiff, d.Counted = diff, countedRelay
			return d
		}
	}
	d.RingDiff, d.Counted = Compare(now.Backend, now.ring, then.ring, generated()), countedGenerated
	return d
}

// settingsThat returns what changes of the ring besides its nodes.
func settingsThat(now, then *backendRing) (all []string) {
	if now.Hash != then.Hash {
		all = append(all, fmt.Sprintf("the hash %s becomes %s, so that the share of all hashes is an estimate", now.Hash, then.Hash))
	}
	if now.Replicas != then.Replicas {
		all = append(all, fmt.Sprintf("%d virtual points a node become %d", now.Replicas, then.Replicas))
	}
	return all
}

// addressesThat returns the nodes of both rings that change their addresses.
func addressesThat(now, then *backendRing) (all []readdressed) {
	after := make(map[string][]string)
	for _, s := range then.Shares {
		after[s.Node] = s.Addresses
	}
	for _, s := range now.Shares {
		if other := after[s.Node]; other != nil && !slices.Equal(s.Addresses, other) {
			all = append(all, readdressed{s.Node, s.Addresses, other})
		}
	}
	return all
}
