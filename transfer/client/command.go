package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

// Command returns the command `push`, which sends points to a relay. It fails
// when any point failed or was invalid.
func Command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "push [-]",
		Short: "Push points to a relay: from flags, a file or standard input",
		Long: `Push points to a relay: one point from flags, those of a file, or with - those of
standard input. A file holds a JSON array of points, or one point a line, as JSON or
as "update ENDPOINT COUNTER TIMESTAMP VALUE [TYPE] [STEP]".

The exit code is 1 when any point failed or was invalid.`,
		Example: `  transfer push --metric load --value 1.5 --tags site=x
  transfer push --file points.json --via http --rate 1000
  echo 'update host-1 load/site=x 0 1.5 GAUGE 60' | transfer push - --via socket`,
		Args:         cobra.MaximumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if args[0] != "-" || o.file != "" {
					return errors.New("cannot read points: give --file FILE, or - for standard input")
				}
				o.file = "-"
			}
			o.in, o.out, o.err = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return o.run(cmd.Context())
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// options are the flags of the command and the streams that it uses.
type options struct {
	to, via string
	timeout time.Duration
	batch   int
	rate    float64
	repeat  int
	file    string // - for standard input, empty for the point below
	point   Point
	value   string

	in       io.Reader
	out, err io.Writer
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.to, "to", "", "host:port of the relay's receiver (default the usual port on this machine)")
	flags.StringVar(&o.via, "via", "rpc", "way to push: "+strings.Join(Ways(), ", "))
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "longest wait for a connection or an answer")
	flags.IntVar(&o.batch, "batch", 200, "points of one request")
	flags.Float64Var(&o.rate, "rate", 0, "points per second, 0 for as fast as the relay answers")
	flags.IntVar(&o.repeat, "repeat", 1, "how many times to push everything, 0 for without end")
	flags.StringVar(&o.file, "file", "", "file of points, - for standard input")
	flags.StringVar(&o.point.Endpoint, "endpoint", "", "endpoint of the point (default the host's name)")
	flags.StringVar(&o.point.Metric, "metric", "", "metric of the point")
	flags.StringVar(&o.value, "value", "", "value of the point")
	flags.Int64Var(&o.point.Step, "step", 60, "step of the point in seconds")
	flags.StringVar(&o.point.Type, "type", "GAUGE", "GAUGE, COUNTER or DERIVE")
	flags.StringVar(&o.point.Tags, "tags", "", "tags of the point: k=v,k2=v2")
	flags.Int64Var(&o.point.Timestamp, "timestamp", 0, "Unix seconds, 0: the time of arrival")
}

// defaultTo returns where a relay listens for a way on this machine.
func defaultTo(way string) string {
	switch way {
	case "http":
		return "127.0.0.1:6060"
	case "socket":
		return "127.0.0.1:4444"
	}
	return "127.0.0.1:8433"
}

// run pushes what the options say and prints the summary.
func (o *options) run(ctx context.Context) (err error) {
	if err := o.complete(); err != nil {
		return err
	}
	// A read of standard input can't be interrupted but by ending the process.
	if o.file != "-" {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
		defer stop()
	}
	if err := o.readable(); err != nil {
		return err
	}
	to, err := Dial(o.via, o.to, o.timeout)
	if err != nil {
		return err
	}
	p := newPump(to, o.batch, o.rate)
	p.complain = o.complain
	endProgress := o.showProgress(p)
	err = o.pushAll(ctx, p)
	endProgress()
	if closed := to.Close(); err == nil {
		err = closed
	}
	fmt.Fprintln(o.out, p.sum.String())
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		return err
	case !p.sum.clean():
		return errors.New("not every point was accepted")
	}
	return nil
}

// complete checks the options and fills in what was left out.
func (o *options) complete() error {
	o.to = cmp.Or(o.to, defaultTo(o.via))
	switch {
	case o.batch < 1:
		return errors.New("cannot push batches of no points: --batch must be 1 or more")
	case o.rate < 0 || math.IsNaN(o.rate):
		return errors.New("cannot push at that pace: --rate must be 0 or more")
	case o.timeout <= 0:
		return errors.New("cannot push without waiting: --timeout must be more than 0, such as 10s")
	case o.repeat < 0:
		return errors.New("cannot repeat less than never: --repeat must be 0 or more")
	case o.file == "-" && o.repeat != 1:
		return errors.New("cannot repeat standard input: put it into a file and use --file")
	case o.file != "":
		return nil
	case o.point.Metric == "" || o.value == "":
		return errors.New("cannot push: give --metric and --value, --file FILE, or - for standard input")
	}
	o.point.Value = o.value
	if v, err := strconv.ParseFloat(o.value, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		o.point.Value = v
	}
	if o.point.Endpoint == "" {
		name, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("cannot learn the host's name, give --endpoint: %w", err)
		}
		o.point.Endpoint = name
	}
	return nil
}

// readable says early that the file can't be read, before anything is pushed.
func (o *options) readable() error {
	if o.file == "" || o.file == "-" {
		return nil
	}
	info, err := os.Stat(o.file)
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: name a file of points", o.file)
	}
	if err != nil {
		return fmt.Errorf("cannot read points: %w", err)
	}
	return nil
}

// pushAll pushes everything as often as asked.
func (o *options) pushAll(ctx context.Context, p *pump) error {
	endless := o.repeat == 0
	switch o.file {
	case "":
		times := o.repeat
		if endless {
			times = -1
		}
		return p.run(ctx, &single{&o.point, times})
	case "-":
		return p.run(ctx, NewSource(o.in))
	}
	for n := 0; endless || n < o.repeat; n++ {
		if err := o.pushFile(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) pushFile(ctx context.Context, p *pump) error {
	f, err := os.Open(o.file)
	if err != nil {
		return fmt.Errorf("cannot read points: %w", err)
	}
	defer func() { _ = f.Close() }()
	return p.run(ctx, NewSource(f))
}

// maxComplaints bounds the points that are complained of one by one.
const maxComplaints = 10

// complain tells of a point that could not be read.
func (o *options) complain(sum *Summary, bad *BadPoint) {
	switch {
	case sum.Unread <= maxComplaints:
		fmt.Fprintln(o.err, bad)
	case sum.Unread == maxComplaints+1:
		fmt.Fprintln(o.err, "more points could not be read; from here on they are only counted")
	}
}

// progressEvery is how often the progress line is renewed.
const progressEvery = 500 * time.Millisecond

// showProgress lets p write a progress line where a person watches. The function
// that it returns removes the line.
func (o *options) showProgress(p *pump) func() {
	if !isTerminal(o.err) {
		return func() {}
	}
	last := time.Now()
	p.progress = func(sum *Summary) {
		if time.Since(last) >= progressEvery {
			last = time.Now()
			fmt.Fprintf(o.err, "\r%d points sent, %d invalid\x1b[K", sum.Sent, sum.Invalid)
		}
	}
	return func() { fmt.Fprint(o.err, "\r\x1b[K") }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
