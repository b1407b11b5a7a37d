package series

import (
	"hash/maphash"
	"sync/atomic"

	"transfer/g/metric"
)

const (
	shards = 64
	// restartAfter is how many times its limit of series a full cache misses before
	// it starts anew. Until then it keeps what it has, so that a site with more
	// series than fit still finds a part of them; then it lets go of the series
	// that have ended. Filling it again costs a quarter of the misses more at most.
	restartAfter = 4
	leastFull    = 1000 // series; a tiny cache starts anew no more often than one of so many
)

// Cache remembers the series seen last. It holds no pointers for the garbage
// collector to follow, whatever its size. Any number of goroutines may use it,
// each with a Cursor of its own.
type Cache struct {
	encoders []Encoder
	murmur3  bool // some ring places by it
	seed     maphash.Seed

	limit       int64        // series
	entriesLeft atomic.Int64 // that may still be remembered
	bytesLeft   atomic.Int64 // that they may still take
	missed      atomic.Int64 // since it was full
	shards      []shard
}

// New returns an empty cache of at most limit series, 0 for none, in about so many
// bytes. What it remembers is made by these encoders; murmur3 says whether
// MurmurHash3 is wanted too.
func New(limit int, bytes int64, murmur3 bool, encoders ...Encoder) *Cache {
	c := &Cache{encoders: encoders, murmur3: murmur3, seed: maphash.MakeSeed(), limit: int64(limit)}
	c.entriesLeft.Store(int64(limit))
	c.bytesLeft.Store(bytes)
	if limit > 0 {
		c.shards = make([]shard, shards)
	}
	return c
}

// Len returns how many series are remembered.
func (c *Cache) Len() int { return int(c.limit - c.entriesLeft.Load()) }

// shardOf returns the shard of all series of an endpoint, so that what one agent
// sends needs one lock.
func (c *Cache) shardOf(endpoint string) (*shard, uint64) {
	h := maphash.String(c.seed, endpoint)
	return &c.shards[h%shards], h
}

// hash returns the hash under which the point's series is remembered; endpoint is
// that of its endpoint. The odd factors keep equal texts in different places apart.
func (c *Cache) hash(endpoint uint64, p *metric.Point) uint32 {
	h := endpoint + maphash.String(c.seed, p.Metric)*0x9E3779B97F4A7C15 + maphash.String(c.seed, p.RawTags)*0xC2B2AE3D27D4EB4F
	return uint32(h>>32) ^ uint32(h)
}

// admit reports whether one more series with a record of so many bytes may be
// remembered in s, whose lock is held, and accounts for it.
func (c *Cache) admit(s *shard, record int) bool {
	if c.entriesLeft.Add(-1) < 0 {
		c.entriesLeft.Add(1)
		return false
	}
	if !s.hasRoom(record) && !c.growShard(s) {
		c.entriesLeft.Add(1)
		return false
	}
	return true
}

// growShard gives the shard another chunk, if there are bytes left for it.
func (c *Cache) growShard(s *shard) bool {
	if len(s.chunks) == maxChunks {
		return false
	}
	if c.bytesLeft.Add(-chunkCost) < 0 {
		c.bytesLeft.Add(chunkCost)
		return false
	}
	s.chunks = append(s.chunks, make([]byte, 0, chunkBytes))
	return true
}

// missing notes that so many points were of series for which a full cache had no
// room. No shard may be locked by the caller.
func (c *Cache) missing(points int) {
	full := max(c.Len(), leastFull)
	if n := c.missed.Add(int64(points)); n > restartAfter*int64(full) && c.missed.CompareAndSwap(n, 0) {
		c.forget()
	}
}

// forget starts anew.
func (c *Cache) forget() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		c.entriesLeft.Add(int64(s.len()))
		c.bytesLeft.Add(int64(len(s.chunks)) * chunkCost)
		s.reset()
		s.mu.Unlock()
	}
}
