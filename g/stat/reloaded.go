package stat

import "errors"

// Reloaded is what a reload has done.
type Reloaded struct {
	Changed []string `json:"changed"` // in words for an operator; empty: nothing that matters
}

// ErrMaxMove says that a change would move more series than maxMove allows. It is
// carried out if it is forced.
var ErrMaxMove = errors.New("more series would move than maxMove allows")
