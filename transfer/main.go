// Command transfer is a metrics relay, the drop-in successor of Open-Falcon's
// transfer. Without a command it runs the relay; docs/operations.md lists the
// commands.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"transfer/g"
	"transfer/transfer/client"
	"transfer/transfer/demo"
	"transfer/transfer/sink"
)

// The exit codes.
const (
	exitFailed    = 1 // it ran and something went wrong
	exitCannotRun = 2 // configuration, port or data directory: nothing was started
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "transfer:", err)
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

func command() *cobra.Command {
	var config string
	var version, commit bool
	root := &cobra.Command{
		Use:           "transfer",
		Short:         "Relay metric points from agents to judge, graph, TSDB and others",
		Long:          "Relay metric points from agents to judge, graph, TSDB and others.\nWithout a command it runs the relay with the configuration given by -c.",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version || commit {
				fmt.Fprintln(cmd.OutOrStdout(), g.VersionLine())
				return nil
			}
			return runRelay(config)
		},
	}
	root.Flags().StringVarP(&config, "config", "c", "cfg.json", "configuration `file`")
	root.Flags().BoolVarP(&version, "version", "v", false, "print the version and exit")
	// The original's -vg prints the commit as well; it arrives here as -v -g.
	root.Flags().BoolVarP(&commit, "git", "g", false, "with -v: the same line, kept for scripts that say -vg")
	_ = root.Flags().MarkHidden("git")
	root.AddCommand(checkCommand(), client.Command(), sink.Command(), demo.Command(startRelay))
	return root
}
