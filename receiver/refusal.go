package receiver

import (
	"errors"

	"transfer/g/stat"
)

// refusal is an error for which a connection is closed or a request refused, and
// which is counted.
type refusal struct {
	trouble stat.Trouble
	err     error
}

// Error returns the cause's words.
func (r *refusal) Error() string { return r.err.Error() }

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.err }

// countRefusal counts err, if it is a refusal.
func countRefusal(counts *stat.Receiver, err error) {
	if err == nil {
		return
	}
	var why *refusal
	if errors.As(err, &why) {
		counts.Trouble(why.trouble)
	}
}
