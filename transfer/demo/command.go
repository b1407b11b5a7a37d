package demo

import (
	"context"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Command returns the command `demo`, which runs the demonstration until it is
// interrupted. A second interrupt ends the process at once.
func Command(start StartRelay) *cobra.Command {
	o := options{start: start}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a relay with stand-ins behind it, fed by this machine's own figures",
		Long: `Run a relay with stand-ins for judge, graph, tsdb and a next transfer in one process
on loopback, fed every few seconds by this machine's own processor, memory, load, disk
and network figures. It prints what to open and what to try.

A port that is in use is replaced by a free one. Nothing is left behind on the disk.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			defer context.AfterFunc(ctx, stop)()
			o.out = cmd.OutOrStdout()
			return o.run(ctx)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.http, "http", "127.0.0.1:6060", "address of the relay's HTTP server")
	flags.StringVar(&o.rpc, "rpc", "127.0.0.1:8433", "address of the relay's RPC receiver")
	flags.StringVar(&o.socket, "socket", "127.0.0.1:4444", "address of the relay's line socket")
	flags.StringVar(&o.sinks, "sinks", "127.0.0.1:6071", "address of the stand-ins' HTTP API")
	flags.DurationVar(&o.interval, "interval", 2*time.Second, "time between two pushes of figures, in whole seconds")
	flags.DurationVar(&o.every, "every", 10*time.Second, "time between two lines of counts")
	return cmd
}
