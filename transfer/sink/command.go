package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Command returns the command `sink`, which runs stand-ins until it is
// interrupted.
func Command() *cobra.Command {
	var o commandOptions
	cmd := &cobra.Command{
		Use:   "sink",
		Short: "Run stand-ins for judge, graph, tsdb, transfer, p8s_relay and influxdb",
		Long: `Run stand-ins that speak the real wire formats, count what they receive, discard
as judge and graph do and can be told to fail: for trials, tests and benchmarks.

Each flag for a stand-in takes ADDR or NAME=ADDR and may be given more than once.
Its last points and counts are shown, and its faults switched, over --http.`,
		Example: `  transfer sink --judge :6080 --graph graph-00=:6070 --graph graph-01=:6072 --tsdb :4242
  transfer sink --graph :6070 --fault graph=slow:200ms
  curl -X POST 'http://127.0.0.1:6071/fault?sink=graph&fault=hang'`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return run(ctx, cmd.OutOrStdout(), &o)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// commandOptions are the flags of the command.
type commandOptions struct {
	addresses map[string]*[]string // by kind
	http      string
	faults    []string // NAME=FAULT
	maxSeries int
	every     time.Duration
}

func (o *commandOptions) addFlags(flags *pflag.FlagSet) {
	o.addresses = make(map[string]*[]string)
	for _, kind := range Kinds() {
		o.addresses[kind] = flags.StringArray(flagOf(kind), nil, "stand-in for "+kind+": ADDR or NAME=ADDR, may be repeated")
	}
	flags.StringVar(&o.http, "http", "127.0.0.1:6071", "address of the HTTP API, empty for none; no access control")
	flags.StringArrayVar(&o.faults, "fault", nil, "NAME=FAULT to begin with: "+strings.Join(modeNames(), ", ")+" or slow:DURATION")
	flags.IntVar(&o.maxSeries, "max-series", defaultMaxSeries, "series that each stand-in tells apart")
	flags.DurationVar(&o.every, "every", 10*time.Second, "how often to print a line of counts")
}

// flagOf returns the name of a kind's flag.
func flagOf(kind string) string {
	switch kind {
	case "p8s_relay":
		return "p8s"
	case "influxdb":
		return "influx"
	}
	return kind
}

// run starts what the options say, reports until ctx ends, and closes all.
func run(ctx context.Context, out io.Writer, o *commandOptions) error {
	sinks, err := o.start()
	defer func() {
		for _, s := range sinks {
			s.Close()
		}
	}()
	if err != nil {
		return err
	}
	for _, s := range sinks {
		fmt.Fprintf(out, "%s listens on %s\n", s.Name(), s.Addr())
	}
	if o.http != "" {
		api, err := ServeAPI(o.http, sinks...)
		if err != nil {
			return fmt.Errorf("%w (choose another by --http)", err)
		}
		defer api.Close()
		fmt.Fprintf(out, "counts, last points and faults: http://%s/\n", api.Addr())
	}
	defer writeTable(out, sinks)
	tick := time.NewTicker(max(o.every, time.Second))
	defer tick.Stop()
	before := make([]uint64, len(sinks))
	for {
		select {
		case now := <-tick.C:
			writeLine(out, now, sinks, before)
		case <-ctx.Done():
			return nil
		}
	}
}

// start starts the stand-ins, and returns those that run even on error.
func (o *commandOptions) start() ([]*Sink, error) {
	var sinks []*Sink
	named := make(map[string]*Sink)
	for _, kind := range Kinds() {
		for _, arg := range *o.addresses[kind] {
			name, addr := splitAddress(arg, kind, named)
			if named[name] != nil {
				return sinks, fmt.Errorf("cannot start two stand-ins called %q: write --%s NAME=ADDR", name, flagOf(kind))
			}
			s, err := New(kind, addr, Options{Name: name, MaxSeries: o.maxSeries})
			if err != nil {
				return sinks, err
			}
			named[name] = s
			sinks = append(sinks, s)
		}
	}
	if len(sinks) == 0 {
		return nil, errors.New("cannot start: name at least one stand-in, such as --graph 127.0.0.1:6070")
	}
	for _, arg := range o.faults {
		name, text, ok := strings.Cut(arg, "=")
		if !ok {
			return sinks, fmt.Errorf("cannot set fault %q: write NAME=FAULT, such as graph=hang", arg)
		}
		s := named[name]
		if s == nil {
			return sinks, fmt.Errorf("cannot set fault %q: no stand-in is called %q", arg, name)
		}
		f, err := ParseFault(text)
		if err != nil {
			return sinks, err
		}
		if err := s.SetFault(f); err != nil {
			return sinks, err
		}
	}
	return sinks, nil
}

// splitAddress parts NAME=ADDR. Without a name it is the kind, or for a second
// one of the kind kind-2 and so on.
func splitAddress(arg, kind string, taken map[string]*Sink) (name, addr string) {
	if name, addr, ok := strings.Cut(arg, "="); ok {
		return name, addr
	}
	name = kind
	for n := 2; taken[name] != nil; n++ {
		name = fmt.Sprintf("%s-%d", kind, n)
	}
	return name, arg
}

// writeLine writes how many points each of sinks has received, and how many of
// them since before, which it brings up to date.
func writeLine(out io.Writer, now time.Time, sinks []*Sink, before []uint64) {
	fmt.Fprint(out, now.Format(time.TimeOnly))
	for i, s := range sinks {
		n := s.received.Load()
		fmt.Fprintf(out, "  %s %d (+%d)", s.name, n, n-before[i])
		before[i] = n
	}
	fmt.Fprintln(out)
}

// writeTable writes a line of counts for each of sinks.
func writeTable(out io.Writer, sinks []*Sink) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "NAME\tADDRESS\tFAULT\tCALLS\tFAILED\tRECEIVED\tINVALID\tDISCARDED\tLATE\tREPEATED\tSERIES\tCONNECTIONS\t")
	for _, s := range sinks {
		c := s.Counts()
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", c.Name, c.Address, c.Fault, c.Calls, c.Failed,
			c.Received, c.Invalid, c.Discarded, c.Late, c.Repeated, c.Series, c.Connections)
	}
	_ = table.Flush()
}
