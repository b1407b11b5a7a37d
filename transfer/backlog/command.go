package backlog

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"transfer/g"
)

// SpoolCommand returns the command `spool`: what waits on disk for targets that cannot
// take it. open takes the data directory of a relay.
func SpoolCommand(open OpenData) *cobra.Command {
	c := &commands{
		open: open, source: openSpools, path: "/api/spool", what: "spooled points",
		parent: cobra.Command{
			Use:   "spool",
			Short: "List, show or purge what waits on disk for the backends",
			Long: `List, show or purge the points that wait on disk for targets which cannot take them.

A relay that runs is asked by its admin server: the one that --relay names, or that
of the configuration. The files of one that is stopped are looked into.`,
		},
	}
	return c.command()
}

// DeadCommand returns the command `dead`: the points that backends refused for good.
// open takes the data directory of a relay.
func DeadCommand(open OpenData) *cobra.Command {
	c := &commands{
		open: open, source: openLetters, path: "/api/dead", what: "dead letters",
		parent: cobra.Command{
			Use:   "dead",
			Short: "List, show, resend or purge the points that backends refused for good",
			Long: `List, show, resend or purge dead letters: the points that a backend refused while it
took others of the same call.

A relay that runs is asked by its admin server: the one that --relay names, or that
of the configuration. The files of one that is stopped are looked into.`,
		},
	}
	cmd := c.command()
	cmd.AddCommand(c.sub("resend TARGET...", "Send points again, as new ones, and remove them here", cobra.MinimumNArgs(1), c.resend,
		func(flags *pflag.FlagSet) {
			flags.Uint64Var(&c.until, "until", 0, "up to the point of this number, as show tells it; 0 for all")
		}))
	return cmd
}

// commands are the commands that spools and dead letters have in common, and their
// flags.
type commands struct {
	open   OpenData
	source func(dir string, data Data, log *slog.Logger) (source, error)
	path   string // of the admin server
	what   string // is kept there
	parent cobra.Command

	config string
	dir    string
	relay  string // URL
	json   bool
	limit  int
	yes    bool
	all    bool
	until  uint64
}

func (c *commands) command() *cobra.Command {
	c.parent.AddCommand(
		c.sub("list", "List the targets with their points, bytes and times", cobra.NoArgs, c.list,
			func(flags *pflag.FlagSet) { c.jsonFlag(flags) }),
		c.sub("show TARGET...", "Show points, the oldest first", cobra.MinimumNArgs(1), c.show,
			func(flags *pflag.FlagSet) {
				c.jsonFlag(flags)
				flags.IntVar(&c.limit, "limit", 20, "how many points to show of each target's lane, 0 for all")
			}),
		c.sub("purge [TARGET...]", "Throw points away", cobra.ArbitraryArgs, c.purge,
			func(flags *pflag.FlagSet) {
				flags.BoolVar(&c.all, "all", false, "of all targets")
				flags.BoolVar(&c.yes, "yes", false, "do not ask")
			}),
	)
	return &c.parent
}

func (c *commands) jsonFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&c.json, "json", false, "print JSON, one object a line")
}

// sub returns the command that does something with the source. TARGET stands for an
// id such as graph/graph-00/10.0.0.1:6070, or for what such ids begin with.
func (c *commands) sub(use, short string, args cobra.PositionalArgs, do func(*cobra.Command, source, []Row) error, flags func(*pflag.FlagSet)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			s, err := c.take(cmd)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			rows, err := s.Rows()
			if err == nil && len(args) > 0 {
				rows, err = chosen(rows, args, c.what)
			}
			if err != nil {
				return err
			}
			return do(cmd, s, rows)
		},
	}
	if strings.Contains(use, "TARGET") {
		cmd.Long = short + ".\n\nTARGET is an id as `list` shows it, or the front of some: graph, graph/graph-00."
	}
	cmd.Flags().StringVarP(&c.config, "config", "c", "cfg.json", "configuration `file` that names the data directory")
	cmd.Flags().StringVar(&c.dir, "data", "", "data `directory`, instead of a configuration")
	cmd.Flags().StringVar(&c.relay, "relay", "", "`URL` of the admin server of a relay that runs, such as http://127.0.0.1:6060")
	flags(cmd.Flags())
	return cmd
}

// take opens the source: of the relay that the flags name, or in their data directory.
func (c *commands) take(cmd *cobra.Command) (source, error) {
	if c.relay != "" {
		return newRemote(cmd.Context(), c.relay+c.path, c.limit), nil
	}
	dir, admin := c.dir, ""
	if dir == "" {
		cfg, err := g.Load(c.config)
		if err != nil {
			return nil, fmt.Errorf("cannot find the data directory: %w", err)
		}
		dir, admin = cfg.DataDir, cfg.AdminURL()
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("cannot find the data directory: %w; name it by --data", err)
	}
	data, err := c.open(dir)
	switch {
	case errors.Is(err, ErrRuns) && admin != "":
		return newRemote(cmd.Context(), admin+c.path, c.limit), nil
	case errors.Is(err, ErrRuns):
		return nil, fmt.Errorf("%w; ask it with --relay http://HOST:PORT", err)
	case err != nil:
		return nil, err
	}
	return c.source(dir, data, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
}

// chosen returns the rows that the arguments name.
func chosen(rows []Row, args []string, what string) ([]Row, error) {
	named := make([]bool, len(rows))
	for _, arg := range args {
		found := false
		for i, r := range rows {
			if r.Target == arg || strings.HasPrefix(r.Target, strings.TrimSuffix(arg, "/")+"/") {
				named[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("cannot find %s of %q: `list` shows the targets that have some", what, arg)
		}
	}
	var some []Row
	for i, r := range rows {
		if named[i] {
			some = append(some, r)
		}
	}
	return some, nil
}
