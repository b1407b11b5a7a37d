package overflow

import (
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options are what a Store is made of.
type Options struct {
	// Client reaches Redis. It must try a call once only, and heed the deadlines of
	// contexts. It stays the caller's, who closes it after the Store.
	Client redis.UniversalClient
	// Prefix begins the names of all keys.
	Prefix string
	// Relay is the id of this relay, which no other has, with no slash in it.
	Relay string
	// Lease is for how long a stream stays its holder's that is not heard of any more;
	// 0: 10 s.
	Lease time.Duration
	// CallTimeout bounds each call; 0: 1 s.
	CallTimeout time.Duration
	// StreamShare of Redis' memory is what one stream may take; 0: 0.1.
	StreamShare float64
	// Share of Redis' memory is how much of it may be in use, by whomever, for anything
	// more to be appended; 0: 0.5.
	Share float64
	// Log takes what is to be said about Redis; nil: nothing is said.
	Log *slog.Logger
	// Now is the clock, wall and monotonic; nil: time.Now.
	Now func() time.Time
}

// withDefaults returns the options with what they leave out.
func (o Options) withDefaults() Options {
	if o.Lease <= 0 {
		o.Lease = 10 * time.Second
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = time.Second
	}
	if o.StreamShare <= 0 {
		o.StreamShare = 0.1
	}
	if o.Share <= 0 {
		o.Share = 0.5
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// StreamOptions say which lane of a target of this relay a stream is of.
type StreamOptions struct {
	Target string // id, such as graph/graph-00/10.0.0.1:6070
	Lane   int    // from 0 on
	Lanes  int    // of the target
	// Hash is the one by which items were put into lanes, such as crc32.
	Hash string
	// Encoding names the form of the items that are appended. Items in another one, that
	// is not among Known either, are passed over by Next.
	Encoding string
	Known    []string
	// Routing returns what an adopter has to know of the target's cluster, as JSON, and
	// Ring a word for the ring that is in force; nil: nothing. Both are called by any
	// goroutine, Routing every quarter of a lease.
	Routing func() []byte
	Ring    func() string
	// Read and End are what was stored of the stream: all before Read is delivered or
	// dropped, and End lies behind the last point. What Redis has from End on, the journal
	// has too: it is deleted. With 0 for both, nothing is known, and what Redis has stays.
	Read, End uint64
}
