package backlog

import (
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// Sender is the part of a sender.Sender that has what waits.
type Sender interface {
	Backlogs() ([]stat.Backlog, error)
	VisitSpool(target string, lane int, visit spool.Visitor) (damaged uint64, err error)
	PurgeSpool(target string) (points uint64, err error)
}

// Running is what waits for the backends of a relay that runs.
type Running struct{ Sender Sender }

// Rows returns the lanes that are behind.
func (r Running) Rows() ([]Row, error) { return r.Sender.Backlogs() }

// Points gives the points of a lane that lie on disk to show, the oldest first, until
// that returns false. It returns how many could not be read because of damage.
func (r Running) Points(of Row, show func(Point) bool) (damaged uint64, err error) {
	lane := 0
	if of.Lane != nil {
		lane = *of.Lane
	}
	return r.Sender.VisitSpool(of.Target, lane, showing(of.Target, lane, show))
}

// Purge throws away all points of the row's target, whatever their lane.
func (r Running) Purge(of Row) (points uint64, err error) { return r.Sender.PurgeSpool(of.Target) }

// showing returns the visitor that gives each point of a lane to show.
func showing(target string, lane int, show func(Point) bool) spool.Visitor {
	return func(b *queue.Block, first uint64, encoding string) bool {
		for i, item := range b.Items {
			p := Point{
				Target: target, Lane: &lane, Number: first + uint64(i),
				When: b.Accepted, Hash: item.Hash, Encoding: encoding,
			}
			setItem(&p, b.Item(i))
			if !show(p) {
				return false
			}
		}
		return true
	}
}
