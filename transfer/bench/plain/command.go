package plain

import (
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// CommandName is the name of the command that runs the relay.
const CommandName = "plain-relay"

// Command returns the hidden command that runs the relay until it is interrupted.
// `transfer bench` starts it as a process of its own.
func Command() *cobra.Command {
	var listen string
	var judge, graph map[string]string
	cmd := &cobra.Command{
		Use:          CommandName,
		Short:        "Run the plain relay that the benchmark compares with",
		Hidden:       true,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			r, err := New(listen, judge, graph)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "listens on", r.Address())
			r.Run(ctx)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:0", "address for points by JSON-RPC")
	flags.StringToStringVar(&judge, "judge", nil, "nodes of judge, NAME=ADDR,NAME=ADDR...")
	flags.StringToStringVar(&graph, "graph", nil, "nodes of graph, NAME=ADDR,NAME=ADDR...")
	return cmd
}
