package receiver

import (
	"unsafe"

	"transfer/g/metric"
)

// halfRead holds the points of a request that was not yet whole when it was scanned, so
// that the next scan goes on behind them: what an agent writes at once often comes in two
// pieces. The points lie in what was read of the connection and are good while that stays
// where it is.
type halfRead struct {
	batch *metric.Batch // nil: there is none
	read  metric.PointsRead
	text  *byte // where the request began in memory
}

const (
	// halvesAtOnce bounds how many connections of a receiver hold points of half a request:
	// thousands of clients that never end theirs must not hold more than their bytes.
	halvesAtOnce = 64
	// mostHalfPoints bounds the batch that is held, points.
	mostHalfPoints = 1 << 10
)

// take returns the batch for a scan of data: the one that holds the points of its beginning
// if there is one, else an empty one.
func (h *halfRead) take(p *port, data []byte) *metric.Batch {
	batch := h.batch
	if batch == nil {
		h.read = metric.PointsRead{}
		return p.batch()
	}
	<-p.halves
	h.batch = nil
	if h.text != unsafe.SliceData(data) {
		batch.Reset()
		h.read = metric.PointsRead{}
	}
	return batch
}

// keep holds the batch of a scan that was cut off until the next one, and reports whether
// it does: not when it is large, or too many are held, or data will move while more is
// waited for.
func (h *halfRead) keep(p *port, data []byte, batch *metric.Batch) bool {
	if len(data) <= idleBytes || len(data) >= readBytes || len(batch.Points) == 0 || cap(batch.Points) > mostHalfPoints {
		return false
	}
	select {
	case p.halves <- struct{}{}:
	default:
		return false
	}
	h.batch, h.text = batch, unsafe.SliceData(data)
	return true
}

// points returns how many points are held that need not be read again.
func (h *halfRead) points() int {
	if h.batch == nil {
		return 0
	}
	return h.read.Points()
}
