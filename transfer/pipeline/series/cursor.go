package series

import (
	"unsafe"

	"transfer/g/metric"
)

// Cursor finds the series of one batch's points after another. One goroutine uses
// it. Between Find and Done it holds a part of the cache, so there must be no
// waiting in between.
type Cursor struct {
	cache    *Cache
	shard    *shard // locked; nil: none
	last     uint32 // the entry found last in shard, 0 for none
	source   uint32 // that of the entry last
	endpoint string // of the point found last in shard, as it lies in the batch
	missed   int    // points whose series was not remembered and could not be
	scratch  []byte // the parts of such a series
}

// Cursor returns a Cursor of the cache.
func (c *Cache) Cursor() *Cursor { return &Cursor{cache: c} }

// Find returns the series of the point, which must be valid, and fills in its
// hashes. If the series was not remembered, it also parts a joined point and fills in
// its tags and key, which lie in the batch.
func (c *Cursor) Find(b *metric.Batch, p *metric.Point) Series {
	if c.shard != nil {
		if at := c.shard.entries[c.last].next; at != 0 {
			e := &c.shard.entries[at]
			if record := c.shard.record(e); e.fits(p, record) && c.isOf(e, p.Endpoint) {
				c.last, c.source, c.endpoint = at, e.source, p.Endpoint
				p.Sum, p.Murmur3 = e.sum, e.murmur3
				return e.series(record)
			}
		}
	}
	return c.search(b, p)
}

// isOf reports whether the entry is of a series of this endpoint. The points of an
// agent mostly have the very same text as their endpoint, not only an equal one: then
// nothing is compared.
func (c *Cursor) isOf(e *entry, endpoint string) bool {
	same := e.source == c.source && len(endpoint) == len(c.endpoint) && unsafe.StringData(endpoint) == unsafe.StringData(c.endpoint)
	return same || c.shard.isOf(e, endpoint)
}

// Done lets go of the cache. The Series found last is no longer good.
func (c *Cursor) Done() {
	c.enter(nil)
	if c.missed > 0 {
		c.cache.missing(c.missed)
		c.missed = 0
	}
}

// search is Find for a point that does not come after the last one as usual.
func (c *Cursor) search(b *metric.Batch, p *metric.Point) Series {
	size, ok := names(p)
	if !ok || c.cache.limit == 0 {
		return c.resolve(b, p)
	}
	s, endpoint := c.cache.shardOf(p.Endpoint)
	c.enter(s)
	hash := c.cache.hash(endpoint, p)
	if at := s.find(hash, p); at != 0 {
		c.follow(at, p.Endpoint)
		e := &s.entries[at]
		p.Sum, p.Murmur3 = e.sum, e.murmur3
		return e.series(s.record(e))
	}
	sent := *p // to resolve it may part what was joined
	found := c.resolve(b, p)
	if size += len(found.parts); size > chunkBytes || !c.cache.admit(s, size) {
		c.missed++
		return found
	}
	source := uint32(0)
	if c.endpoint == p.Endpoint {
		source = c.source
	}
	c.follow(s.add(hash, &sent, found, source), p.Endpoint)
	return found
}

// follow moves on to an entry, which is of this endpoint, and notes for the next time
// that it came after the last one.
func (c *Cursor) follow(at uint32, endpoint string) {
	if c.last != 0 {
		c.shard.entries[c.last].next = at
	}
	c.last, c.source, c.endpoint = at, c.shard.entries[at].source, endpoint
}

// resolve makes the series of a point anew.
func (c *Cursor) resolve(b *metric.Batch, p *metric.Point) Series {
	found := c.cache.resolve(c.scratch[:0], b, p)
	if cap(found.parts) <= chunkBytes { // one giant name must not hold its memory for ever
		c.scratch = found.parts[:0]
	}
	return found
}

// enter changes over to the shard s, nil for none.
func (c *Cursor) enter(s *shard) {
	if s == c.shard {
		return
	}
	if c.shard != nil {
		c.shard.mu.Unlock()
	}
	c.shard, c.last, c.source, c.endpoint = s, 0, 0, ""
	if s != nil {
		s.mu.Lock()
		s.prepare()
	}
}
