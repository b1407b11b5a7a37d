package topology

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/spf13/cobra"

	"transfer/g"
	"transfer/sender"
	"transfer/transfer/rings"
)

// planned are rings that are to become the topology.
type planned struct {
	document *Document
	limits   *g.Config // has the maxMove of each section
	text     string    // what they are called
}

// readPlanned reads the FILE of a command line, or takes the configuration.
func (c *commands) readPlanned(words []string) (p planned, err error) {
	p = planned{limits: c.cfg, text: c.cfg.Path}
	if len(words) == 0 {
		p.document, err = From(c.cfg)
		return p, err
	}
	p.text = words[0]
	file, err := os.Open(p.text)
	if err != nil {
		return p, fmt.Errorf("cannot read the topology: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return p, fmt.Errorf("cannot read the topology: %w", err)
	}
	if jsoniter.Get(text, "backends").ValueType() == jsoniter.ObjectValue {
		if p.document, err = decode(text); err != nil {
			return p, fmt.Errorf("%s: %w", p.text, err)
		}
		return p, nil
	}
	if p.limits, err = g.Parse(p.text, text); err != nil {
		return p, err
	}
	p.document, err = From(p.limits)
	return p, err
}

// compare writes what p would move of the topology that is set, or where none is, of the
// configuration. It returns what is over maxMove.
func (c *commands) compare(current *Document, p *planned, out io.Writer) (over []string, err error) {
	before := rings.Side{Config: c.cfg, Text: c.cfg.Path}
	if current.hasRings() {
		before = rings.Side{Config: current.Config(), Text: fmt.Sprintf("version %d of the topology", current.Version)}
	} else if own, err := From(c.cfg); err == nil {
		before.Config = own.Config()
	}
	limited := *p.document.Config()
	limited.Path, limited.Backends = p.text, nil
	for _, b := range p.document.Backends() {
		one := *b
		if section := p.limits.Backend(b.Name); section != nil {
			one.MaxMove = section.MaxMove
		}
		limited.Backends = append(limited.Backends, &one)
	}
	return rings.WriteComparison(out, before, rings.Side{Config: &limited, Text: p.text}, c.json, "--force")
}

// diff is the command `diff`.
func (c *commands) diff(cmd *cobra.Command, words []string) error {
	p, err := c.readPlanned(words)
	if err != nil {
		return err
	}
	ctx, cancel := c.within(cmd)
	defer cancel()
	current, err := c.store.toFollow(ctx)
	if err != nil {
		return err
	}
	over, err := c.compare(current, &p, c.out)
	if err == nil && len(over) > 0 {
		err = &refusedError{strings.Join(over, "\n")}
	}
	return err
}

// set is the command `set`.
func (c *commands) set(cmd *cobra.Command, words []string) error {
	p, err := c.readPlanned(words)
	if err != nil {
		return err
	}
	return c.propose(cmd, p)
}

// rollback is the command `rollback`.
func (c *commands) rollback(cmd *cobra.Command, words []string) error {
	ctx, cancel := c.within(cmd)
	defer cancel()
	back, err := c.earlier(ctx, words)
	if err != nil {
		return err
	}
	if c.note == "" {
		c.note = fmt.Sprintf("rollback to version %d", back.Version)
	}
	return c.propose(cmd, planned{document: back, limits: c.cfg, text: fmt.Sprintf("version %d", back.Version)})
}

// earlier returns the version that a rollback asks for.
func (c *commands) earlier(ctx context.Context, words []string) (*Document, error) {
	if len(words) > 0 {
		number, err := readNumber(words)
		if err != nil {
			return nil, err
		}
		return c.store.Document(ctx, number)
	}
	set, _, err := c.store.Version(ctx)
	if err != nil {
		return nil, err
	}
	all, _, err := c.store.History(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.Version < set.Number {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w: none is before version %d", ErrNone, set.Number)
}

// propose checks the rings, shows what they move, sets them and, if it is to, waits.
func (c *commands) propose(cmd *cobra.Command, p planned) error {
	if c.in < 0 || c.in > maxLead {
		return fmt.Errorf("--in %s is out of range: take 0s to %s", c.in, maxLead)
	}
	if len(c.note) > maxWords {
		return fmt.Errorf("--note is longer than %d bytes", maxWords)
	}
	if _, err := sender.New(p.document.On(c.cfg), slog.New(slog.DiscardHandler), sender.Storage{}); err != nil {
		return err
	}
	ctx, cancel := c.within(cmd)
	defer cancel()
	current, err := c.settledCurrent(ctx)
	if err != nil {
		return err
	}
	if current.hasRings() && current.sameRings(p.document) && (c.expect == 0 || c.expect == current.Version) && !c.force {
		return c.writeUnchanged(current)
	}
	report := c.out
	if c.json {
		report = io.Discard
	}
	over, err := c.compare(current, &p, report)
	if err != nil {
		return err
	}
	if len(over) > 0 && !c.force {
		return &refusedError{strings.Join(over, "\n")}
	}
	if c.expect != 0 && c.expect != current.version().Number {
		return fmt.Errorf("%w (version %d is there, not %d)", ErrConflict, current.version().Number, c.expect)
	}
	d, err := c.store.Propose(ctx, Proposal{
		Document: p.document, After: current, In: c.in, By: whoami(), Note: c.note, Forced: c.force,
	})
	if err != nil {
		return err
	}
	if err := c.writeSet(d); err != nil {
		return err
	}
	if c.wait {
		return c.await(cmd.Context(), d)
	}
	return nil
}

// maxLead is how far ahead a change may be set.
const maxLead = 24 * time.Hour

// settledCurrent returns what is set. Where nothing is, Redis may have lost it a moment
// ago, and the relays put it back.
func (c *commands) settledCurrent(ctx context.Context) (*Document, error) {
	current, err := c.store.toFollow(ctx)
	if err != nil || current != nil {
		return current, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(2 * pollEvery):
	}
	return c.store.toFollow(ctx)
}

func (c *commands) writeUnchanged(current *Document) error {
	if c.json {
		return c.writeJSON(current)
	}
	fmt.Fprintf(c.out, "nothing to change: version %d has these rings\n", current.Version)
	return nil
}

func (c *commands) writeSet(d *Document) error {
	if c.json {
		return c.writeJSON(d)
	}
	fmt.Fprintf(c.out, "\nversion %d is set and comes into force at %s\n", d.Version, shownTime(d.EffectiveAt))
	return nil
}

// whoami returns who runs the command, user@host.
func whoami() string {
	name := "?"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	who := name + "@" + host
	return who[:min(len(who), maxWords)]
}
