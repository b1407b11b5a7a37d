package sender

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/sender/overflow"
	"transfer/sender/servertest"
)

// streamLease is that of the relays in tests.
const streamLease = time.Second

// sharedRedis is the Redis that the relays of a test share.
type sharedRedis struct {
	*servertest.Redis
	change func(*overflow.Options) // nil: nothing
}

// open returns the overflow of a relay, and the client that it uses.
func (r *sharedRedis) open(relay string) (*overflow.Store, redis.UniversalClient) {
	client := r.Client()
	o := overflow.Options{
		Client: client, Prefix: "test", Relay: relay, Lease: streamLease, CallTimeout: 300 * time.Millisecond,
		StreamShare: 0.9, Share: 0.95, Log: quiet(),
	}
	if r.change != nil {
		r.change(&o)
	}
	return overflow.New(o), client
}

// newStreamBed returns a bed whose target has its backlog in Redis, then on disk.
func newStreamBed(t *testing.T, p Backend, server ...string) *spoolBed {
	logging.Disable() // of the client, which would name each server that is down
	b := newSpoolBed(t, p)
	b.section.Overflow = overflowBoth
	b.redis = &sharedRedis{Redis: servertest.StartRedis(t, server...)}
	b.goroutines = append(b.goroutines,
		goleak.IgnoreAnyFunction("transfer/sender/servertest.(*Redis).start.func1"), goleak.IgnoreAnyFunction("os/exec.(*Cmd).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")) // the client's, for a second
	return b
}

// startHolding is start, and waits until the target may have its backlog in Redis.
func (b *spoolBed) startHolding(t *testing.T, past *State) *Sender {
	t.Helper()
	s := b.start(t, past)
	eventually(t, "Redis can be used", func() bool {
		for i := range b.section.Lanes {
			if !s.targets()[0].spooler.streams.of(i).Writable() {
				return false
			}
		}
		return true
	})
	return s
}

// putAll puts the numbers from..to-1 while there is room, and makes all of them leave
// memory. The state is stored as often as the keeper does it.
func (b *spoolBed) putAll(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i += 1000 {
		putBatches(b.sender, i, min(i+1000, to))
		eventually(t, "there is room", func() bool {
			b.keep(uint64(to))
			return b.sender.HasRoom()
		})
	}
	b.leaveMemory(t, to)
}

// leaveMemory waits until nothing is in memory only of what was put, up to the number.
func (b *spoolBed) leaveMemory(t *testing.T, last int) {
	t.Helper()
	eventually(t, "nothing is in memory only", func() bool {
		b.sender.Unburden(uint64(last))
		for _, l := range b.keep(uint64(last)).Targets[0].Lanes {
			if l.Mark < uint64(last) {
				return false
			}
		}
		return true
	})
}

// requireBalanced holds that the ledger balances, and always has.
func (b *spoolBed) requireBalanced(t *testing.T) *targetRow {
	t.Helper()
	row := b.target()
	require.True(t, row.Balanced(), "%+v", row)
	require.Zero(t, row.Mismatches)
	return row
}
