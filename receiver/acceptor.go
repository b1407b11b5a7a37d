// Package receiver takes points in: by net/rpc (JSON and gob), by lines over TCP
// and by HTTP. It turns bytes into Batches and knows no backend.
package receiver

import "transfer/g/metric"

// Acceptor takes what a receiver has parsed.
type Acceptor interface {
	// Accept validates every point of the batch, hands the valid ones on in order
	// and returns how many were invalid. It keeps nothing of the batch.
	//
	// On error nothing was taken and nothing may be acknowledged; the error's text
	// begins with "retry: " and the client may send the batch again.
	Accept(b *metric.Batch) (invalid int, err error)
}
