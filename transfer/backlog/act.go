package backlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func (c *commands) list(cmd *cobra.Command, _ source, rows []Row) error {
	if !c.json {
		return writeRows(cmd.OutOrStdout(), rows, c.what)
	}
	for _, r := range rows {
		if err := writeJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	}
	return nil
}

func (c *commands) show(cmd *cobra.Command, s source, rows []Row) error {
	out := bufio.NewWriter(cmd.OutOrStdout())
	for _, r := range rows {
		if !c.json {
			fmt.Fprintf(out, "%s\n", visible(r.Target))
		}
		if r.Points > 0 {
			if err := c.showRow(cmd, out, s, r); err != nil {
				return errors.Join(err, out.Flush())
			}
		}
		if r.Memory > 0 && !c.json {
			fmt.Fprintf(out, "and %d in memory, which are not shown\n", r.Memory)
		}
	}
	return out.Flush()
}

func (c *commands) showRow(cmd *cobra.Command, out io.Writer, s source, r Row) error {
	shown := uint64(0)
	var failed error
	damaged, err := s.Points(r, func(p Point) bool {
		if c.limit > 0 && shown == uint64(c.limit) {
			return false
		}
		shown++
		if c.json {
			failed = writeJSON(out, p)
		} else {
			failed = writePoint(out, p)
		}
		return failed == nil
	})
	if damaged > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d damaged points are not shown\n", visible(r.Target), damaged)
	}
	if left := r.Points - min(r.Points, shown+damaged); left > 0 && !c.json && err == nil {
		fmt.Fprintf(out, "and %d more: --limit shows them\n", left)
	}
	return errors.Join(err, failed)
}

func (c *commands) purge(cmd *cobra.Command, s source, rows []Row) error {
	if named := cmd.Flags().NArg() > 0; named == c.all {
		return errors.New("cannot purge: name targets, or say --all")
	}
	if len(rows) == 0 {
		return writeRows(cmd.OutOrStdout(), rows, c.what)
	}
	if err := writeRows(cmd.OutOrStdout(), rows, c.what); err != nil {
		return err
	}
	if !c.yes && !agreed(cmd, c.what) {
		return errors.New("nothing was purged")
	}
	var points uint64
	for _, r := range rows {
		n, err := s.Purge(r)
		if err != nil {
			return fmt.Errorf("cannot purge %s: %w", visible(r.Target), err)
		}
		points += n
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "purged %d points\n", points)
	return err
}

// resender is a source that can send what it has again.
type resender interface {
	// Resend sends the points of a row up to the number until again, 0: all of them, and
	// returns how many those were.
	Resend(of Row, until uint64) (points uint64, err error)
}

func (c *commands) resend(cmd *cobra.Command, s source, rows []Row) error {
	to, ok := s.(resender)
	if !ok {
		return errors.New("cannot resend: the relay does not run, and it is what sends; start it first")
	}
	var errs []error // of one target, which says nothing of the others
	for _, r := range rows {
		points, err := to.Resend(r, c.until)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot resend all to %s: %w", visible(r.Target), err))
			continue
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: resent %d points\n", visible(r.Target), points); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// agreed asks whether all of that is to be thrown away. No answer is no.
func agreed(cmd *cobra.Command, what string) bool {
	fmt.Fprintf(cmd.OutOrStdout(), "Throw these %s away? [y/N] ", what)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}
