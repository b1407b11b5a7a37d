package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"transfer/g"
	"transfer/sender"
	"transfer/transfer/check"
)

// checkCommand validates a configuration without running it.
func checkCommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate a configuration and show what it would do",
		Long: "Validate a configuration: print what is in effect, without secrets, each ring's\n" +
			"share per node, and known traps with their remedies. Exit code 2: it cannot run.",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.Load(config)
			if err != nil {
				return &cannotRun{err}
			}
			s, err := sender.New(cfg, slog.New(slog.DiscardHandler), sender.Storage{})
			if err != nil {
				return &cannotRun{err}
			}
			return check.Run(cmd.OutOrStdout(), cfg, s.Rings())
		},
	}
	cmd.Flags().StringVarP(&config, "config", "c", "cfg.json", "configuration `file`")
	return cmd
}
