package segment

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Bounds of a segment's size, in bytes.
const (
	smallestSegment = 1 << 20
	largestSegment  = 64 << 20
)

// Options are what a log is opened with.
type Options struct {
	// Owner is the stable id of whom the log belongs to, such as "journal" or
	// "graph/graph-00/10.0.0.1_6070/0": 1 to 64 bytes. Segments of another owner are
	// reported and left alone.
	Owner string
	// Encoding names the version and the settings of the payloads that are appended:
	// 1 to 64 bytes. It stands in each segment.
	Encoding string
	// Known are other encodings that readers are to read. Segments of any other are
	// kept, reported and passed over.
	Known []string
	// Cap is how many bytes the owner lets the log have; 0: no bound. A segment gets
	// the least of 64 MiB, Cap/8 and an eighth of the free space, at least 1 MiB. The
	// owner keeps to the cap by Drop; the log itself keeps no spares beyond it.
	Cap int64
	// Spare is how many emptied segments are kept, to be written into again: that
	// costs less than a fresh file.
	Spare int
	// After is the furthest position that the owner has stored. All that is appended
	// lies behind it and has numbers from After.Next on, also when power loss took
	// segments from the disk, or all were released.
	After Position
	// ReadAhead is how many bytes a reader reads at a time: its memory, where records
	// are no larger. 0: 256 KiB.
	ReadAhead int
	// Disk is the file layer; nil: the operating system's.
	Disk Disk
	// Log takes what is to be said about damage; nil: nothing is said.
	Log *slog.Logger
	// Now is the wall clock that a segment's begin is taken from; nil: time.Now.
	Now func() time.Time

	// For tests.
	smallest int64         // size of a segment; 0: smallestSegment
	salt     func() uint32 // nil: at random
}

// withDefaults returns the options with nothing left out, or what is wrong with them.
func (o Options) withDefaults() (Options, error) {
	for _, text := range []struct{ what, is string }{{"owner", o.Owner}, {"encoding", o.Encoding}} {
		if text.is == "" || len(text.is) > textBytes {
			return o, fmt.Errorf("the %s %q has to have 1 to %d bytes", text.what, text.is, textBytes)
		}
	}
	if o.Disk == nil {
		o.Disk = OSDisk{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReadAhead <= 0 {
		o.ReadAhead = 256 << 10
	}
	if o.smallest == 0 {
		o.smallest = smallestSegment
	}
	if o.salt == nil {
		o.salt = rand.Uint32
	}
	return o, nil
}

// largestOf returns the largest segment under the cap, in bytes, however full the
// disk is.
func (o Options) largestOf() int64 {
	if o.Cap <= 0 {
		return largestSegment
	}
	return max(o.smallest, min(largestSegment, o.Cap/8))
}
