package overflow

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"transfer/sender/queue"
)

const (
	// fetchBytes is about how much is fetched at a time, where entries are smaller.
	fetchBytes = 128 << 10
	// fetchMost is how many entries are fetched at a time.
	fetchMost = 64
)

// reader is what Next has fetched.
type reader struct {
	claim   uint64 // under which it was
	next    uint64 // number from which on it was
	entries []redis.XMessage
	count   int64 // of entries that are to be fetched next

	damaged, foreign uint64 // points that were passed over
}

// Next fills the Block, which is empty, with the first one at or behind the number from,
// in its memory where that is enough, and returns the numbers of its first point and behind
// its last. Where first lies behind from, the points between are lost. io.EOF says that
// there is no more: both numbers are the End at that moment, and what lies between from and
// them is lost.
//
// errors.Is: ErrNotHeld, also when there is a new Claim, which is to be looked at first;
// else Redis is away. Then both numbers are from.
func (st *Stream) Next(b *queue.Block, from uint64) (first, end uint64, err error) {
	from = max(1, from)
	claim, last, ok := st.readable()
	if !ok {
		return from, from, ErrNotHeld
	}
	r := &st.reader
	if r.claim != claim || r.next != from {
		r.claim, r.next, r.entries = claim, from, nil
	}
	for at := from; ; {
		message, ok, err := st.fetch(at, last)
		if err != nil {
			return from, from, err
		}
		if !ok {
			return st.nothing(claim, from, last)
		}
		e, ok := st.read(b, message, at)
		at = max(at, numberOf(message.ID)+1)
		if !ok {
			continue
		}
		if e.first > from {
			if err := st.confirm(claim); err != nil {
				b.Reset()
				return from, from, err
			}
		}
		r.next = e.end()
		return max(from, e.first), e.end(), nil
	}
}

// readable returns the claim by which the stream is held, and its end; false if it is not
// held.
func (st *Stream) readable() (claim, end uint64, ok bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.claim.Number, st.end, st.isHeld()
}

// nothing ends a Next that has found nothing between the numbers.
func (st *Stream) nothing(claim, from, last uint64) (first, end uint64, err error) {
	if last > from {
		if err := st.confirm(claim); err != nil {
			return from, from, err
		}
	}
	st.reader.next, st.reader.entries = last, nil
	return max(from, last), max(from, last), io.EOF
}

// fetch returns the first entry that ends behind the number at and before the number last.
func (st *Stream) fetch(at, last uint64) (message redis.XMessage, ok bool, err error) {
	r := &st.reader
	if len(r.entries) == 0 && at < last {
		if r.entries, err = st.ask(at, last); err != nil {
			return redis.XMessage{}, false, err
		}
	}
	if len(r.entries) == 0 {
		return redis.XMessage{}, false, nil
	}
	message, r.entries = r.entries[0], r.entries[1:]
	return message, true, nil
}

// ask asks Redis for some of the entries that end behind the number at and before the
// number last: few where they are large.
func (st *Stream) ask(at, last uint64) ([]redis.XMessage, error) {
	s, r := st.store, &st.reader
	if err := s.away(); err != nil {
		return nil, err
	}
	ctx, cancel := s.bounded(context.Background())
	defer cancel()
	entries, err := s.client.XRangeN(ctx, st.keys[0], strconv.FormatUint(at, 10), strconv.FormatUint(last-1, 10), max(1, r.count)).Result()
	if err != nil {
		return nil, s.failed(err)
	}
	bytes := 0
	for _, e := range entries {
		record, _ := e.Values[fieldRecord].(string)
		bytes += len(record)
	}
	r.count = min(fetchMost, max(1, fetchBytes*int64(len(entries))/int64(max(1, bytes))))
	return entries, nil
}

// confirm asks Redis whether the stream is still ours and as it was claimed, so that what
// is missing is known to be lost and not another's.
func (st *Stream) confirm(claim uint64) error {
	st.calls.Lock()
	defer st.calls.Unlock()
	s := st.store
	if !st.Held() {
		return ErrNotHeld
	}
	asked := s.now()
	a, err := s.call(context.Background(), s.scripts.renew, st, st.renewArgs()...)
	if err != nil {
		return err
	}
	st.renewed(a, asked)
	if now, _, ok := st.readable(); !ok || now != claim {
		return ErrNotHeld
	}
	return nil
}

// read makes the Block the points of the entry from the number on. One that cannot be
// understood is counted and passed over.
func (st *Stream) read(b *queue.Block, message redis.XMessage, from uint64) (entry, bool) {
	e, err := parseEntry(message.ID, message.Values)
	if err == nil && !st.reads(e.encoding) {
		st.reader.foreign += e.from(from)
		return entry{}, false
	}
	if err == nil && e.end() > from {
		stamp, failed := e.fill(b, from)
		if failed == nil {
			b.Accepted = st.store.clock.Time(stamp, e.run == st.store.run)
			return e, true
		}
		b.Reset()
		err = failed
	}
	if err != nil {
		st.reader.damaged += e.from(from)
		st.store.log.Warn("points of a stream in Redis cannot be understood", "stream", st.name, "entry", message.ID, "error", err)
	}
	return entry{}, false
}

// from returns how many points of the entry have the number from or a higher one.
func (e *entry) from(from uint64) uint64 {
	if e.end() <= from {
		return 0
	}
	return e.end() - max(from, e.first)
}

// numberOf returns the number in an entry's ID.
func numberOf(id string) uint64 {
	text, _, _ := strings.Cut(id, "-")
	number, _ := strconv.ParseUint(text, 10, 63)
	return number
}

// Damage returns how many points Next has passed over so far: those that were damaged, and
// those in an encoding that is not read. They are among what it said to be lost. It is for
// who calls Next.
func (st *Stream) Damage() (damaged, foreign uint64) { return st.reader.damaged, st.reader.foreign }
