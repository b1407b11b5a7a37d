package overflow

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Orphan is a stream of another relay that holds points and that nobody has.
type Orphan struct {
	Meta
	Points uint64 // by their numbers
	Bytes  int64  // of Redis' memory, about
	fence  string
}

// Orphans returns the orphans as of the last look for them, by name: streams of other
// relays whose lease is over. None are known until Redis was well for a whole lease
// without a break, since before that their holders could not renew either.
func (s *Store) Orphans() []Orphan {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble != nil || s.now().Sub(s.well) < s.options.Lease {
		return nil
	}
	return slices.Clone(s.orphans)
}

// Adopt takes the orphan, whose points are in its encoding or one of the known ones. The
// stream is held; nothing can be appended to it. What its owner is to see when it comes
// back is that what was released is delivered. errors.Is: ErrNotHeld, where another relay
// was faster or the owner is back; else Redis is away.
func (s *Store) Adopt(ctx context.Context, o Orphan, known ...string) (*Stream, error) {
	if err := s.Trouble(); err != nil {
		return nil, err
	}
	st := newStream(s, o.Meta)
	st.known, st.seen = append([]string{o.Encoding}, known...), o.fence
	s.mu.Lock()
	if s.streams[st.name] != nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("cannot adopt %s, it is adopted: %w", st.name, ErrNotHeld)
	}
	s.streams[st.name] = st
	s.mu.Unlock()
	st.calls.Lock()
	defer st.calls.Unlock()
	asked := s.now()
	a, err := s.call(ctx, s.scripts.claim, st, st.claimArgs()...)
	if err == nil {
		err = st.claimed(a, asked)
	}
	if err != nil {
		st.lose()
		return nil, fmt.Errorf("cannot adopt %s: %w", st.name, err)
	}
	st.mu.Lock()
	st.until = st.head
	st.mu.Unlock()
	return st, nil
}

// seek looks for orphans.
func (s *Store) seek(ctx context.Context) error {
	names, now, err := s.list(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	names = slices.DeleteFunc(names, func(name string) bool { return s.streams[name] != nil })
	s.mu.Unlock()
	var orphans []Orphan
	for some := range slices.Chunk(names, batchSize) {
		free, err := s.free(ctx, some, now)
		if err != nil {
			return err
		}
		found, err := s.describe(ctx, free)
		if err != nil {
			return err
		}
		orphans = append(orphans, found...)
	}
	s.mu.Lock()
	s.orphans = orphans
	s.mu.Unlock()
	return nil
}

// list returns the names in the registry, and the time of Redis.
func (s *Store) list(ctx context.Context) (names []string, now time.Time, err error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if names, err = s.client.SMembers(ctx, s.registry()).Result(); err == nil {
		now, err = s.client.Time(ctx).Result()
	}
	if err != nil {
		return nil, now, s.failed(err)
	}
	slices.Sort(names)
	return names, now, nil
}

// free returns those of the names whose streams are others' and have no holder.
func (s *Store) free(ctx context.Context, names []string, now time.Time) (free []string, err error) {
	replies, err := s.readMetas(ctx, names, "owner", "until")
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		owner, _ := replies[i][0].(string)
		if owner == "" || owner == s.options.Relay {
			continue
		}
		text, _ := replies[i][1].(string)
		if until, err := strconv.ParseInt(text, 10, 64); err == nil && until <= now.UnixMilli() {
			free = append(free, name)
		}
	}
	return free, nil
}

// describe returns those of the streams that hold points.
func (s *Store) describe(ctx context.Context, names []string) (orphans []Orphan, err error) {
	replies, err := s.readMetas(ctx, names, append(metaNames(), "fence", "head", "end", "bytes")...)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		meta, err := parseMeta(replies[i])
		if err != nil || meta.Name() != name {
			continue // none of ours, or deleted meanwhile
		}
		rest := replies[i][len(metaNames()):]
		number := func(at int) int64 {
			text, _ := rest[at].(string)
			n, _ := strconv.ParseInt(text, 10, 64)
			return n
		}
		fence, _ := rest[0].(string)
		if head, end := number(1), number(2); head < end {
			orphans = append(orphans, Orphan{Meta: meta, Points: uint64(end - head), Bytes: number(3), fence: fence})
		}
	}
	return orphans, nil
}

// readMetas returns the fields of each stream's meta.
func (s *Store) readMetas(ctx context.Context, names []string, fields ...string) ([][]any, error) {
	if len(names) == 0 {
		return nil, nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	pipe := s.client.Pipeline()
	replies := make([]*redis.SliceCmd, len(names))
	for i, name := range names {
		replies[i] = pipe.HMGet(ctx, s.keys(name)[1], fields...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, s.failed(err)
	}
	values := make([][]any, len(names))
	for i, reply := range replies {
		values[i] = reply.Val()
	}
	return values, nil
}
