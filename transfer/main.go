// Command transfer is a metrics relay, the drop-in successor of Open-Falcon's
// transfer. Without a command it runs the relay; docs/operations.md lists the
// commands.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"transfer/g"
	"transfer/transfer/backlog"
	"transfer/transfer/bench"
	"transfer/transfer/client"
	"transfer/transfer/demo"
	"transfer/transfer/rings"
	"transfer/transfer/sink"
	"transfer/transfer/topology"
)

// The exit codes.
const (
	exitFailed    = 1 // it ran and something went wrong
	exitCannotRun = 2 // flags, configuration, port or data directory: nothing was started
)

func main() {
	if err := command().Execute(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintln(os.Stderr, "transfer:", line)
		}
		var cannot *cannotRun
		if errors.As(err, &cannot) {
			os.Exit(exitCannotRun)
		}
		os.Exit(exitFailed)
	}
}

// cannotRun marks errors that stand in the way of starting at all.
type cannotRun struct{ error }

// Unwrap returns the cause.
func (c *cannotRun) Unwrap() error { return c.error }

// misused is the error of flags or words that the command does not know.
func misused(cmd *cobra.Command, err error) error {
	return &cannotRun{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
}

// noArgs refuses words that are neither flags nor commands.
func noArgs(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return misused(cmd, err)
	}
	return nil
}

func command() *cobra.Command {
	var config, pids string
	var version, commit bool
	root := &cobra.Command{
		Use:           "transfer",
		Short:         "Relay metric points from agents to judge, graph, TSDB and others",
		Long:          "Relay metric points from agents to judge, graph, TSDB and others.\nWithout a command it runs the relay with the configuration given by -c.",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version || commit {
				fmt.Fprintln(cmd.OutOrStdout(), g.VersionLine())
				return nil
			}
			return runRelay(config, pidFile(pids))
		},
	}
	root.Flags().StringVarP(&config, "config", "c", "cfg.json", "configuration `file`")
	root.Flags().StringVar(&pids, "pid-file", "", "`file` for the id of the process that runs the relay")
	root.Flags().BoolVarP(&version, "version", "v", false, "print the version and exit")
	// The original's -vg prints the commit as well; it arrives here as -v -g.
	root.Flags().BoolVarP(&commit, "git", "g", false, "with -v: the same line, kept for scripts that say -vg")
	_ = root.Flags().MarkHidden("git")
	root.SetFlagErrorFunc(misused)
	root.AddCommand(checkCommand(), upgradeCommand(), backlog.SpoolCommand(openData), backlog.DeadCommand(openData), client.Command(), sink.Command(), demo.Command(startRelay), bench.Command(),
		rings.Command(func(err error) error { return &cannotRun{err} }), topology.Command(func(err error) error { return &cannotRun{err} }))
	return root
}
