package topology

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"transfer/g"
	"transfer/g/remote"
)

// commandWithin bounds all calls of a command but its waiting.
const commandWithin = 10 * time.Second

// Command returns the command `topology`. cannotRun marks its errors that come from flags,
// files or a Redis that does not answer: all but those of what was refused.
func Command(cannotRun func(error) error) *cobra.Command {
	c := &commands{}
	parent := &cobra.Command{
		Use:   "topology",
		Short: "Show and set the rings that several relays share",
		Long: `Show and set the topology that several relays share: the rings of judge, graph and
p8s_relay, in versions, of which one is in force at all relays.

Redis is the one that the section redis of the configuration (-c) names.`,
	}
	sub := func(use, short, more string, args cobra.PositionalArgs, do func(*cobra.Command, []string) error) *cobra.Command {
		cmd := &cobra.Command{
			Use: use, Short: short, Long: short + "." + more, SilenceUsage: true,
			Args: func(cmd *cobra.Command, words []string) error { return mark(cannotRun, args(cmd, words)) },
			RunE: func(cmd *cobra.Command, words []string) error { return mark(cannotRun, c.run(cmd, words, do)) },
		}
		cmd.Flags().StringVarP(&c.config, "config", "c", "cfg.json", "configuration `file` with the section redis")
		cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
		parent.AddCommand(cmd)
		return cmd
	}
	sub("get [VERSION]", "Show the topology and the relays that have it", "", cobra.MaximumNArgs(1), c.get)
	sub("history", "List the versions that Redis still has", "", cobra.NoArgs, c.history)
	sub("diff [FILE]", "Show what the rings of FILE would move", fileHelp, cobra.MaximumNArgs(1), c.diff)
	c.setFlags(sub("set [FILE]", "Make the rings of FILE the topology of all relays", fileHelp+setHelp, cobra.MaximumNArgs(1), c.set))
	c.setFlags(sub("rollback [VERSION]", "Set the rings of an older version again", `

Without VERSION it is the one before the version that is set.`+setHelp, cobra.MaximumNArgs(1), c.rollback))
	return parent
}

const (
	fileHelp = `

FILE is a whole configuration, or a topology as "topology get --json" prints it, of
which only the backends count. Without FILE it is the configuration itself.`
	setHelp = `

What moves is shown. More than the maxMove of a section is refused unless it is
forced. Exit code 1: it is refused, somebody else was faster, or with --wait a relay
has not taken it; 2: it could not be done at all.`
)

// commands are the commands with their flags.
type commands struct {
	config string
	json   bool

	expect uint64
	in     time.Duration
	note   string
	force  bool
	wait   bool

	cfg   *g.Config
	store *Store
	out   io.Writer
}

func (c *commands) setFlags(cmd *cobra.Command) {
	cmd.Flags().Uint64Var(&c.expect, "expect", 0, "refuse it unless this `VERSION` is set now")
	cmd.Flags().DurationVar(&c.in, "in", 2*time.Second, "so long from now on it comes into force, everywhere at once")
	cmd.Flags().StringVar(&c.note, "note", "", "`words` for the history")
	cmd.Flags().BoolVar(&c.force, "force", false, "also if more series move than maxMove allows")
	cmd.Flags().BoolVar(&c.wait, "wait", false, "wait until all relays that are alive have it")
}

// run opens what each command needs.
func (c *commands) run(cmd *cobra.Command, words []string, do func(*cobra.Command, []string) error) error {
	cfg, err := g.Load(c.config)
	if err != nil {
		return err
	}
	if !cfg.Redis.Enabled {
		return fmt.Errorf("%s: the section redis is not enabled: there is no topology that relays share", cfg.Path)
	}
	client, err := remote.Open(&cfg.Redis)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // all is written
	c.cfg, c.store, c.out = cfg, NewStore(client, cfg.Redis.Prefix), cmd.OutOrStdout()
	return do(cmd, words)
}

// within returns a context for the calls of cmd.
func (c *commands) within(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	return context.WithTimeout(cmd.Context(), commandWithin)
}

// refusedError says that what was asked for was understood and is not done.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

// mark returns err as cannotRun marks it, but for what was refused.
func mark(cannotRun func(error) error, err error) error {
	var refused *refusedError
	if err == nil || errors.As(err, &refused) || isConflict(err) {
		return err
	}
	return cannotRun(err)
}
