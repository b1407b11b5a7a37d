package sink

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	shards           = 64 // a power of two
	defaultMaxSeries = 1_000_000
	defaultRemember  = 512
)

// registry finds the series of a point. Series are told apart by 64 bits of hash:
// of a million series, two are taken for one with a chance of 3 in 100 million.
type registry struct {
	limit    int64
	remember int
	count    atomic.Int64
	seed     maphash.Seed
	shards   [shards]shard
}

// shard is the part of the series that one lock guards.
type shard struct {
	mu     sync.Mutex
	series map[uint64]*series
	_      [48]byte // a cache line each
}

func newRegistry(limit, remember int) *registry {
	r := &registry{
		limit:    int64(cmp.Or(limit, defaultMaxSeries)),
		remember: cmp.Or(remember, defaultRemember),
		seed:     maphash.MakeSeed(),
	}
	for i := range r.shards {
		r.shards[i].series = make(map[uint64]*series)
	}
	return r
}

// find returns the series of p, a new one if need be, or nil when the registry
// is full.
func (r *registry) find(p *Point) *series {
	id := r.identity(p)
	sh := &r.shards[id%shards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s := sh.series[id]
	if s != nil {
		return s
	}
	if r.count.Add(1) > r.limit {
		r.count.Add(-1)
		return nil
	}
	s = &series{}
	sh.series[id] = s
	return s
}

// identity hashes what makes a series. The sum over the tags makes their order
// irrelevant without sorting them.
func (r *registry) identity(p *Point) uint64 {
	h := mix(maphash.String(r.seed, p.Endpoint), maphash.String(r.seed, p.Metric))
	var tags uint64
	for k, v := range p.Tags {
		tags += mix(maphash.String(r.seed, k), maphash.String(r.seed, v))
	}
	return mix(h, tags)
}

// mix makes one hash of two, whose order matters.
func mix(a, b uint64) uint64 {
	const odd1, odd2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := a*odd1 + b
	h ^= h >> 32
	h *= odd2
	return h ^ h>>29
}

// list returns at most limit series whose key begins with prefix, sorted by key,
// and whether there were more.
func (r *registry) list(prefix string, limit int) (found []Series, more bool) {
	for i := range r.shards {
		for _, s := range r.shards[i].all() {
			if shown, stored := s.show(); stored && strings.HasPrefix(shown.Key, prefix) {
				found = append(found, shown)
			}
		}
		// The first `limit` of all are among the first `limit` of each part.
		slices.SortFunc(found, func(x, y Series) int { return strings.Compare(x.Key, y.Key) })
		if len(found) > limit {
			found, more = found[:limit], true
		}
	}
	return found, more
}

// all returns the shard's series as they are now.
func (sh *shard) all() []*series {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	list := make([]*series, 0, len(sh.series))
	for _, s := range sh.series {
		list = append(list, s)
	}
	return list
}
