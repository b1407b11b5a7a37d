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

With --relays 3 it runs so many relays, each a process of its own, that share a Redis, and
a load generator that plays a balancer before them; redis-server must be installed, or one
that runs be named by --redis.

A port that is in use is replaced by a free one; further relays listen on the ports behind
those of the first. Nothing is left behind on the disk, but in a folder named by --dir.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			defer context.AfterFunc(ctx, stop)()
			o.out = cmd.OutOrStdout()
			if o.relays > 1 {
				return o.runCluster(ctx)
			}
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
	flags.IntVar(&o.relays, "relays", 1, "how many relays; several share a Redis")
	flags.StringVar(&o.redis, "redis", "", "of several relays: host:port of a Redis that runs; without it one is started")
	flags.StringVar(&o.dir, "dir", "", "of several relays: empty `folder` for their files and those of Redis, which stay; without it a new one that is removed")
	flags.IntVar(&o.rate, "rate", 1000, "of several relays: points a second that the load generator sends")
	return cmd
}
