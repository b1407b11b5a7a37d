package rings

import (
	"context"
	"io"

	"transfer/g"
)

// Side is one side of a comparison.
type Side struct {
	Config *g.Config
	Text   string // what it is called
}

// WriteComparison writes to out what a change from the rings of one configuration to those
// of another moves of generated series, as `ring diff` does: for people, or as JSON, an
// object a line for each backend. It returns what would move more than the maxMove of after
// allows, in words that name force as what carries it out all the same. An error of a
// configuration names the key at fault.
func WriteComparison(out io.Writer, before, after Side, asJSON bool, force string) (over []string, err error) {
	now, err := fromConfig(before.Config)
	if err != nil {
		return nil, err
	}
	then, err := fromConfig(after.Config)
	if err != nil {
		return nil, err
	}
	c := &commands{json: asJSON}
	changes, err := c.changes(context.Background(), &origin{text: before.Text, rings: now}, then)
	if err != nil {
		return nil, err
	}
	over = exceeding(changes, after.Config, force)
	return over, c.writeChanges(out, before.Text, after.Text, changes)
}
