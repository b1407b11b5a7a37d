// Package backlog shows, throws away and sends again what a relay keeps for its backends:
// the commands `transfer spool` and `transfer dead`.
//
// They work on the files of a relay that is stopped, or ask one that runs, by its admin
// server. That has its answers from here too: Running and Letters.
package backlog

import (
	"errors"
	"io"

	"transfer/g/segment"
	"transfer/g/stat"
	"transfer/sender/spool"
)

// Data is a data directory that no relay has, nor gets until it is closed.
type Data interface {
	io.Closer
	// Read returns up to where a lane has delivered what its spool holds; the zero
	// Position where nothing is known of it.
	Read(target string, lane int) segment.Position
	// Purged stores, before it happens, that so many points of the spool in the folder
	// are thrown away: nothing is left in it to be delivered.
	Purged(f spool.Folder, points uint64) error
}

// OpenData takes the data directory, which exists, or returns why it cannot be had:
// errors.Is with ErrRuns where a relay has it.
type OpenData func(dir string) (Data, error)

// ErrRuns says that a relay has the data directory, which can be asked.
var ErrRuns = errors.New("a relay runs there")

// The folders of a data directory in which the commands look.
const (
	spoolFolder = "spool"
	deadFolder  = "dead"
)

// Row is what there is of one lane of a target, or, for dead letters, of a target.
type Row = stat.Backlog

// Point is one item that waits, or that was refused.
type Point = stat.BacklogPoint

// source is where a command finds what it shows.
type source interface {
	// Rows returns all that there is, by target and lane.
	Rows() ([]Row, error)
	// Points gives the points of a row to show, the oldest first, until that returns
	// false. It returns how many could not be read because of damage.
	Points(of Row, show func(Point) bool) (damaged uint64, err error)
	// Purge throws away all points of a row and returns how many that were.
	Purge(of Row) (points uint64, err error)
	Close() error
}
