package rings

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"transfer/g/stat"
)

// show is the command `show`.
func (c *commands) show(ctx context.Context, cmd *cobra.Command, _ []string) error {
	o, err := c.find(ctx)
	if err != nil {
		return err
	}
	some, err := c.chosen(o.rings)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if c.json {
		for _, r := range some {
			if err := writeJSON(out, r.Ring); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(out, "Rings of %s\n", o.text)
	for i := range some {
		if err := writeRing(out, &some[i].Ring); err != nil {
			return err
		}
		if o.relay == nil || o.path == "" {
			continue
		}
		if in := find(o.file, some[i].Backend); in == nil || in.Fingerprint != some[i].Fingerprint {
			fmt.Fprintf(out, "%s says otherwise: see transfer ring diff %s\n", o.path, o.path)
		}
	}
	return nil
}

// writeRing writes a ring as a table of its nodes.
func writeRing(out io.Writer, r *stat.Ring) error {
	fmt.Fprintf(out, "\n%s: %s, %d nodes with %d virtual points each, fingerprint %s\n", r.Backend, r.Hash, len(r.Shares), r.Replicas, r.Fingerprint)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tSHARE\tOF MEAN\tADDRESSES")
	mean := 1 / float64(max(1, len(r.Shares)))
	smallest, largest := r.Shares[0], r.Shares[0]
	for _, s := range r.Shares {
		fmt.Fprintf(table, "%s\t%s\t%.2f\t%s\n", visible(s.Node), percent(s.Share), s.Share/mean, strings.Join(s.Addresses, ", "))
		if s.Share < smallest.Share {
			smallest = s
		}
		if s.Share > largest.Share {
			largest = s
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "smallest share %.2f x the mean (%s), largest %.2f x (%s)\n",
		smallest.Share/mean, visible(smallest.Node), largest.Share/mean, visible(largest.Node))
	return err
}
