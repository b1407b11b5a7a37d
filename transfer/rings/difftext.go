package rings

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"transfer/g/stat"
)

// writeChanges writes what the configuration at path would do to the rings of now.
func (c *commands) writeChanges(out io.Writer, now, path string, changes []change) error {
	if c.json {
		for _, d := range changes {
			if err := writeJSON(out, d); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(out, "From %s to %s\n", now, path)
	for i := range changes {
		if err := changes[i].write(out); err != nil {
			return err
		}
	}
	return nil
}

// write writes the change for people.
func (d *change) write(out io.Writer) error {
	fmt.Fprintf(out, "\n%s: ", d.Backend)
	switch d.State {
	case stateAdded:
		fmt.Fprintln(out, "new; nothing moves")
	case stateRemoved:
		fmt.Fprintln(out, "is taken out")
	case stateSame:
		fmt.Fprintln(out, "the ring stays as it is")
	default:
		fmt.Fprintf(out, "%s of the series move, %d of %s; %s of all hashes\n",
			part(d.Moved, d.Series), d.Moved, d.counted(), percent(d.Share))
		if err := d.writeNodes(out); err != nil {
			return err
		}
	}
	for _, text := range d.Settings {
		fmt.Fprintln(out, text)
	}
	for _, r := range d.Readdressed {
		fmt.Fprintf(out, "%s keeps its series and goes from %s to %s\n", visible(r.Node), strings.Join(r.Before, ", "), strings.Join(r.After, ", "))
	}
	return nil
}

// counted says of which series the numbers are.
func (d *change) counted() string {
	switch {
	case d.Counted == countedRelay:
		return fmt.Sprintf("%d that the relay remembers", d.Series)
	case d.Note != "":
		return fmt.Sprintf("%d generated ones, since %s", d.Series, d.Note)
	}
	return fmt.Sprintf("%d generated ones", d.Series)
}

// writeNodes writes what becomes of each node.
func (d *change) writeNodes(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tBEFORE\tSHARE\tAFTER\tSHARE\tGAINS\tLOSES\tFROM AND TO")
	for _, n := range d.Nodes {
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%s\t%d\t%d\t%s\n", visible(n.Node), n.Before, part(n.Before, d.Series),
			n.After, part(n.After, d.Series), n.Gains, n.Loses, d.flowsOf(&n))
	}
	return table.Flush()
}

// shownFlows is how many of a node's flows are written out in each direction.
const shownFlows = 3

// flowsOf says from and to which nodes the series of a node move.
func (d *change) flowsOf(n *stat.NodeDiff) string {
	var from, to []string
	gained, lost := n.Gains, n.Loses // that were not named
	for _, f := range d.Flows {
		switch {
		case f.To == n.Node && len(from) < shownFlows:
			from = append(from, fmt.Sprintf("%d from %s", f.Series, visible(f.From)))
			gained -= f.Series
		case f.From == n.Node && len(to) < shownFlows:
			to = append(to, fmt.Sprintf("%d to %s", f.Series, visible(f.To)))
			lost -= f.Series
		}
	}
	if gained > 0 {
		from = append(from, fmt.Sprintf("%d from others", gained))
	}
	if lost > 0 {
		to = append(to, fmt.Sprintf("%d to others", lost))
	}
	return strings.Join(append(from, to...), ", ")
}
