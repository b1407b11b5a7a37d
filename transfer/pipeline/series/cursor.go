package series

import "transfer/g/metric"

// Cursor finds the series of one batch's points after another. One goroutine uses
// it. Between Find and Done it holds a part of the cache, so there must be no
// waiting in between.
type Cursor struct {
	cache   *Cache
	shard   *shard // locked; nil: none
	last    uint32 // the entry found last in shard, 0 for none
	missed  int    // points whose series was not remembered and could not be
	scratch []byte // the parts of such a series
}

// Cursor returns a Cursor of the cache.
func (c *Cache) Cursor() *Cursor { return &Cursor{cache: c} }

// Find returns the series of the point, which must be valid, and fills in its
// hashes. It also fills in the point's tags and key, which lie in the batch, if the
// series was not remembered.
func (c *Cursor) Find(b *metric.Batch, p *metric.Point) Series {
	if c.shard != nil {
		if at, record := c.shard.follows(c.last, p); at != 0 {
			c.last = at
			return c.remembered(p, record)
		}
	}
	return c.search(b, p)
}

// Done lets go of the cache. The Series found last is no longer good.
func (c *Cursor) Done() {
	c.enter(nil)
	if c.missed > 0 {
		c.cache.missing(c.missed)
		c.missed = 0
	}
}

// remembered returns the series of the entry found last, that of the point.
func (c *Cursor) remembered(p *metric.Point, record []byte) Series {
	e := &c.shard.entries[c.last]
	p.Sum, p.Murmur3 = e.sum, e.murmur3
	return e.series(record)
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
	if at, record := s.find(hash, p); at != 0 {
		c.follow(at)
		return c.remembered(p, record)
	}
	found := c.resolve(b, p)
	if size += len(found.parts); size > chunkBytes || !c.cache.admit(s, size) {
		c.missed++
		return found
	}
	c.follow(s.add(hash, p, found))
	return found
}

// follow moves on to an entry and notes for the next time that it came after the
// last one.
func (c *Cursor) follow(at uint32) {
	if c.last != 0 {
		c.shard.entries[c.last].next = at
	}
	c.last = at
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
	c.shard, c.last = s, 0
	if s != nil {
		s.mu.Lock()
		s.prepare()
	}
}
