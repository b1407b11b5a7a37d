package overflow

import (
	"context"
	"fmt"
	"slices"

	"transfer/sender/queue"
	"transfer/sender/spool/record"
)

// Append writes the Blocks at the end, all or none, and returns the number behind the last
// point of each. It makes the stream where there is none. The Blocks stay the caller's and
// must not change meanwhile; 2 MiB at a time are best. A Block of more than 512 KiB is read
// in parts.
//
// errors.Is: ErrFull; ErrNotHeld; else Redis is away, which Trouble says, too, from then on
// until a look has shown that it is back: callers that come next do not wait for it. After
// an error nothing is there that will ever be read: should Redis have taken the points and
// only the reply be lost, they are deleted before anything else is written.
func (st *Stream) Append(blocks ...*queue.Block) (ends []uint64, err error) {
	st.calls.Lock()
	defer st.calls.Unlock()
	if err := st.store.Trouble(); err != nil {
		return nil, err
	}
	st.mu.Lock()
	can, first, bytes := st.canAppend(), st.end, st.bytes
	st.mu.Unlock()
	if !can {
		return nil, ErrNotHeld
	}
	entries, ends, size := st.entries(blocks, first)
	if len(entries) == 0 {
		return ends, nil
	}
	if !st.store.hasRoom(bytes, size) {
		return nil, ErrFull
	}
	if err := st.write(first, size, entries); err != nil {
		return nil, err
	}
	return ends, nil
}

// entries returns the arguments of the Blocks' entries, the first point of which has the
// number first, the number behind each Block, and about how many bytes of Redis they take.
func (st *Stream) entries(blocks []*queue.Block, first uint64) (args []any, ends []uint64, size int64) {
	s := st.store
	parts, most := record.Parts(nil, blocks)
	from := origin{encoding: st.options.Encoding, relay: s.options.Relay, run: s.run}
	if st.options.Ring != nil {
		from.ring = st.options.Ring()
	}
	stamps := s.clock.Stamps()
	bytes := make([]byte, 0, most)
	args = make([]any, 0, entryArgs*len(parts))
	end := first
	for _, p := range parts {
		block, at := blocks[p.Block], len(bytes)
		bytes = record.Append(bytes, block, p.From, p.To, stamps.Of(block.Accepted))
		end += uint64(p.Len())
		args = from.appendEntry(args, block, bytes[at:], p.Len(), end-1)
	}
	ends = make([]uint64, len(blocks))
	end = first
	for i, block := range blocks {
		end += uint64(block.Len())
		ends[i] = end
	}
	return args, ends, int64(len(bytes) + entryOverhead*len(parts))
}

// mostEntries is how many entries are written at a time: Redis takes no more than a million
// arguments, and each call has its time.
const mostEntries = 1000

// write appends the entries, of so many bytes, the first point of which has the number
// first. Until all of them are there the stream has no other end. calls is held.
func (st *Stream) write(first uint64, size int64, entries []any) error {
	if !st.registered {
		if err := st.store.register(context.Background(), []*Stream{st}); err != nil {
			return err
		}
		st.registered = true
	}
	end := first
	for some := range slices.Chunk(entries, mostEntries*entryArgs) {
		id, _ := some[len(some)-entryArgs].(string)
		behind := numberOf(id) + 1
		if err := st.writeSome(end, behind, size, some); err != nil {
			return err
		}
		end = behind
	}
	st.store.since.Add(size)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.standing == gone {
		return ErrNotHeld
	}
	st.end, st.stored, st.bytes, st.used = end, end, st.bytes+size, st.store.now()
	return nil
}

// writeSome runs the script that appends, and makes the stream where there is none.
func (st *Stream) writeSome(first, end uint64, size int64, entries []any) error {
	s := st.store
	st.mu.Lock()
	makes, fence, bytes := st.standing == absent, st.fence, st.bytes
	st.mu.Unlock()
	var meta Meta
	var fields []any
	if makes {
		fence, bytes, meta = "", 0, st.begun(st.currentRouting())
		st.routing, fields = string(meta.Routing), meta.fields()
	}
	st.attempt++
	args := append([]any{s.options.Relay, fence, s.options.Lease.Milliseconds(), st.attempt, first, end, bytes + size, len(fields)}, fields...)
	asked := s.now()
	a, err := s.call(context.Background(), s.scripts.append, st, append(args, entries...)...)
	if err != nil {
		return err
	}
	if a.word != isHeld {
		st.refused(a.word)
		return fmt.Errorf("cannot append to %s, it is %s: %w", st.name, a.word, ErrNotHeld)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.valid = s.validFrom(asked)
	if makes {
		a.head, a.end, a.bytes = first, first, 0 // as it was before
		st.meta = meta
		st.hold(a, asked)
	}
	return nil
}
