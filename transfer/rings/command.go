package rings

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// Command returns the command `ring`. cannotRun marks its errors that come from flags,
// configurations or a relay that does not answer: all but the one of `diff` that a change
// moves more than it may.
func Command(cannotRun func(error) error) *cobra.Command {
	c := &commands{}
	parent := &cobra.Command{
		Use:   "ring",
		Short: "Show who has which share, where a series goes, what a change would move",
		Long: `Show the rings that place series on nodes: who has which share, where a series
goes and why, and what an edited configuration would move.

A relay that runs is asked by its admin server: the one that --relay names, or that
of the configuration if it answers. Otherwise the configuration's own rings are shown.`,
	}
	sub := func(use, short string, args cobra.PositionalArgs, do func(context.Context, *cobra.Command, []string) error) *cobra.Command {
		cmd := &cobra.Command{
			Use: use, Short: short, SilenceUsage: true,
			Args: func(cmd *cobra.Command, words []string) error { return mark(cannotRun, args(cmd, words)) },
			RunE: func(cmd *cobra.Command, words []string) error {
				return mark(cannotRun, do(cmd.Context(), cmd, words))
			},
		}
		cmd.Flags().StringVarP(&c.config, "config", "c", "cfg.json", "configuration `file` of the relay")
		cmd.Flags().StringVar(&c.relay, "relay", "", "`URL` of the admin server of a relay that runs, such as http://127.0.0.1:6060")
		cmd.Flags().BoolVar(&c.onlyFile, "file", false, "the configuration's own rings, whether or not a relay runs")
		cmd.Flags().StringVar(&c.backend, "backend", "", "only of this `BACKEND`, such as graph")
		cmd.Flags().BoolVar(&c.json, "json", false, "print JSON, one object a line for each backend")
		cmd.MarkFlagsMutuallyExclusive("relay", "file")
		return cmd
	}
	place := sub("place ENDPOINT METRIC [TAGS]", "Show where a series goes, and why", cobra.RangeArgs(1, 3), c.place)
	place.Long = place.Short + ".\n\nTAGS are k=v,k2=v2 in any order. ENDPOINT/METRIC/TAGS in one word does as well."
	diff := sub("diff NEW.json", "Show what an edited configuration would move", cobra.ExactArgs(1), c.diff)
	diff.Long = diff.Short + `.

It is counted over the series that a running relay remembers, otherwise over generated
ones. Exit code 1: more would move than the maxMove of NEW.json allows; 2: it could
not be told.`
	parent.AddCommand(sub("show", "Show each node's share", cobra.NoArgs, c.show), place, diff)
	return parent
}

// commands are the commands with their flags.
type commands struct {
	config   string
	relay    string // URL
	onlyFile bool
	backend  string
	json     bool
}

// mark returns err as cannotRun marks it, but for one of maxMove.
func mark(cannotRun func(error) error, err error) error {
	var over *maxMoveError
	if err == nil || errors.As(err, &over) {
		return err
	}
	return cannotRun(err)
}
