package topology

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/spf13/cobra"

	"transfer/g/stat"
)

// errNothingSet says that there is no topology yet.
var errNothingSet = fmt.Errorf("%w: every relay has the rings of its own file; set one with transfer topology set", ErrNone)

// readNumber reads the VERSION of a command line.
func readNumber(words []string) (uint64, error) {
	n, err := strconv.ParseUint(words[0], 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no version: give a number as in transfer topology history", words[0])
	}
	return n, nil
}

// get is the command `get`.
func (c *commands) get(cmd *cobra.Command, words []string) error {
	ctx, cancel := c.within(cmd)
	defer cancel()
	set, now, err := c.store.Version(ctx)
	if err != nil {
		return err
	}
	number := set.Number
	if len(words) > 0 {
		if number, err = readNumber(words); err != nil {
			return err
		}
	}
	if number == 0 {
		return errNothingSet
	}
	d, err := c.store.Document(ctx, number)
	if err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(d)
	}
	if err := c.writeDocument(d, now); err != nil {
		return err
	}
	if number != set.Number {
		return nil
	}
	peers, err := c.store.Peers(ctx, now)
	if err != nil {
		return err
	}
	return c.writePeers(peers, now)
}

// writeJSON writes a value in one line.
func (c *commands) writeJSON(v any) error {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", text)
	return err
}

const timeLayout = "2006-01-02 15:04:05.000"

func shownTime(ms int64) string { return time.UnixMilli(ms).Format(timeLayout) }

// writeDocument writes a version for people.
func (c *commands) writeDocument(d *Document, now time.Time) error {
	when := "in force since"
	if d.from().After(now) {
		when = "comes into force at"
	}
	fmt.Fprintf(c.out, "version %d (%s), %s %s\n", d.Version, d.ID, when, shownTime(d.EffectiveAt))
	fmt.Fprintf(c.out, "set %s by %s%s\n", shownTime(d.At), visible(d.By), noted(d))
	for _, b := range d.Backends() {
		fmt.Fprintf(c.out, "\n%s: %s, %d nodes with %d virtual points each\n", b.Name, b.Hash, len(b.Nodes), b.Replicas)
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, node := range b.Nodes {
			fmt.Fprintf(table, "%s\t%s\n", visible(node.Name), strings.Join(node.Addresses, ", "))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// noted returns what the history has to say of a version besides who set it.
func noted(d *Document) (text string) {
	if d.Forced {
		text = ", forced"
	}
	if d.Note != "" {
		text += ": " + visible(d.Note)
	}
	return text
}

// writePeers writes what the relays say of themselves.
func (c *commands) writePeers(peers []stat.Peer, now time.Time) error {
	fmt.Fprintln(c.out)
	if len(peers) == 0 {
		fmt.Fprintln(c.out, "no relay has been heard of in the last ten minutes")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RELAY\tHOST\tVERSION\tSTATE\tHEARD OF")
	for _, p := range peers {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s ago\n", visible(p.Relay), visible(p.Host), p.Version, visible(p.State), now.Sub(p.At).Round(100*time.Millisecond))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, text := range differences(living(peers)) {
		fmt.Fprintln(c.out, visible(text))
	}
	return nil
}

// history is the command `history`.
func (c *commands) history(cmd *cobra.Command, _ []string) error {
	ctx, cancel := c.within(cmd)
	defer cancel()
	all, unread, err := c.store.History(ctx)
	if err != nil {
		return err
	}
	if len(all)+len(unread) == 0 {
		return errNothingSet
	}
	if c.json {
		for _, d := range all {
			if err := c.writeJSON(d); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tSET\tIN FORCE\tBY\tNODES\tNOTE")
	for _, d := range all {
		var nodes []string
		for _, b := range d.Backends() {
			nodes = append(nodes, fmt.Sprintf("%s %d", b.Name, len(b.Nodes)))
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", d.Version, shownTime(d.At), shownTime(d.EffectiveAt), visible(d.By),
			strings.Join(nodes, ", "), strings.TrimLeft(noted(d), ",: "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	slices.SortFunc(unread, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	for _, err := range unread {
		fmt.Fprintln(c.out, visible(err.Error()))
	}
	return nil
}

// visible returns a text that others have written, in quotes where it would blur the line
// that it stands in.
func visible(text string) string {
	if quoted := strconv.Quote(text); strings.ReplaceAll(quoted, `\"`, `"`) != `"`+text+`"` {
		return quoted
	}
	return text
}
