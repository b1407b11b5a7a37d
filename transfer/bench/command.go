package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"transfer/transfer/bench/plain"
)

// The warm-up of every run.
const (
	warmPoints = 500_000
	warmTime   = 2 * time.Second
)

// options are the flags of the command.
type options struct {
	runs, points, seconds int
	rows                  string
	list                  bool
	json, markdown, chart string
	profiles              string
}

// Command returns the command `bench`, which measures the relay and its peers.
func Command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the relay: CPU per point, points per second, latency, memory",
		Long: `Measure the relay as a process of its own between a load that was encoded beforehand
and stand-ins that only count, and beside it, where they are installed, carbon-c-relay
and vmagent, and a relay written the usual way. Nothing else should run meanwhile.

Progress goes to standard error, the tables to standard output. An interrupt ends the
measurement and shows what there is.`,
		Example: `  transfer bench --rows '^rpc-graph-judge-3$' --runs 1
  transfer bench --rows 'path|peers' --json results.json`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.runs, "runs", 5, "how often each row is measured; medians are shown")
	flags.StringVar(&o.rows, "rows", "", "measure only rows whose name or group matches this regular expression")
	flags.IntVar(&o.points, "points", 6_000_000, "points of a run at full speed; slow paths play a part of them")
	flags.IntVar(&o.seconds, "seconds", 10, "length of a run at a fixed rate")
	flags.BoolVar(&o.list, "list", false, "list the rows and end")
	flags.StringVar(&o.json, "json", "", "write everything that was measured to this `file` as JSON, - for standard output instead of the tables")
	flags.StringVar(&o.markdown, "markdown", "", "renew the generated part of this `file`, such as docs/performance.md")
	flags.StringVar(&o.chart, "chart", "", "draw the cost of the paths and peers into this `file`, as SVG")
	flags.StringVar(&o.profiles, "profile", "", "keep a CPU profile of the relay in each row in this `folder`")
	cmd.AddCommand(plain.Command())
	return cmd
}

func (o *options) run(cmd *cobra.Command) error {
	rows, err := chosen(Rows(), o.rows)
	if err != nil {
		return err
	}
	if o.list {
		for _, row := range rows {
			fmt.Fprintf(cmd.OutOrStdout(), "%-8s %s\n", row.Group, row.Name)
		}
		return nil
	}
	s, err := o.session(rows)
	if err != nil {
		return err
	}
	s.out = cmd.ErrOrStderr()
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second interrupt ends the process at once
	results, err := s.run(ctx)
	return errors.Join(err, o.report(cmd.OutOrStdout(), results))
}

// session makes a session of the flags.
func (o *options) session(rows []Row) (*session, error) {
	switch {
	case o.runs < 1:
		return nil, errors.New("cannot measure less than once: --runs must be 1 or more")
	case o.points < 1:
		return nil, errors.New("cannot play no points: --points must be 1 or more")
	case o.seconds < 1:
		return nil, errors.New("cannot measure no time: --seconds must be 1 or more")
	}
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o755); err != nil {
			return nil, fmt.Errorf("cannot keep profiles: %w", err)
		}
	}
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program to start it: %w", err)
	}
	m := &meter{
		subjects: subjects(binary), profiles: o.profiles,
		points: o.points, paced: time.Duration(o.seconds) * time.Second,
		warmPoints: warmPoints, warmTime: warmTime,
	}
	return &session{measure: m.run, rows: rows, runs: o.runs}, nil
}
