package stat

import "sync/atomic"

// Receiver counts what came in through one door: rpc, socket or http.
type Receiver struct {
	Name     string
	Accepted Counter // valid points
	Refused  *Vector // invalid points by reason
	Requests Counter // requests understood, whatever became of their points
	Closed   *Vector // connections or requests turned away, by Trouble
	Open     atomic.Int64
}

// Trouble is why a connection was closed or a request turned away as a whole.
type Trouble int

// The troubles, in the order of their counters.
const (
	Malformed      Trouble = iota // broken JSON or gob, a body that does not unpack
	TooLarge                      // over the limit of bytes
	TooManyPoints                 // over the limit of points
	TooManyClients                // over a limit of connections
	TimedOut                      // idle, or a request not whole in time
	NotReady                      // starting or stopping
	SlowReader                    // the client does not read its replies
	Overloaded                    // no room left for requests that are being read
	AcceptFailed                  // the system gave no connection, such as for want of descriptors
	Panicked                      // a fault of ours, which cost that connection
	numTroubles
)

func troubles() []string {
	names := [numTroubles]string{
		Malformed: "malformed", TooLarge: "too_large", TooManyPoints: "too_many_points",
		TooManyClients: "too_many_clients", TimedOut: "timed_out", NotReady: "not_ready",
		SlowReader: "slow_reader", Overloaded: "overloaded", AcceptFailed: "accept_failed",
		Panicked: "panicked",
	}
	return names[:]
}

// NewReceiver returns the counters of the receiver called name; reasons are the
// names of the reasons for which points are refused.
func NewReceiver(name string, reasons []string) *Receiver {
	return &Receiver{Name: name, Refused: NewVector(reasons...), Closed: NewVector(troubles()...)}
}

// Trouble counts one connection or request turned away.
func (r *Receiver) Trouble(t Trouble) { r.Closed.Add(int(t), 1) }
