package overflow

import (
	"context"
	"fmt"

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
	can, fence, first, bytes := st.canAppend(), st.fence, st.end, st.bytes
	if st.standing == absent {
		fence = ""
	}
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
	if err := st.write(fence, first, ends[len(ends)-1], bytes, size, entries); err != nil {
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

// write runs the script that appends. An empty fence stands for a stream that is to be
// made. calls is held.
func (st *Stream) write(fence string, first, end uint64, bytes, size int64, entries []any) error {
	s, ctx := st.store, context.Background()
	if !st.registered {
		if err := s.register(ctx, []*Stream{st}); err != nil {
			return err
		}
		st.registered = true
	}
	var meta Meta
	var fields []any
	if fence == "" {
		bytes, meta = 0, st.begun(st.currentRouting())
		st.routing, fields = string(meta.Routing), meta.fields()
	}
	st.attempt++
	args := append([]any{s.options.Relay, fence, s.options.Lease.Milliseconds(), st.attempt, first, end, bytes + size, len(fields)}, fields...)
	asked := s.now()
	a, err := s.call(ctx, s.scripts.append, st, append(args, entries...)...)
	if err != nil {
		return err
	}
	if a.word != isHeld {
		st.refused(a.word)
		return fmt.Errorf("cannot append to %s, it is %s: %w", st.name, a.word, ErrNotHeld)
	}
	s.since.Add(size)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.standing == gone {
		return ErrNotHeld
	}
	if fence == "" {
		st.meta, a.head, a.end = meta, first, first // as it was before
		st.hold(a, asked)
	}
	st.end, st.stored, st.bytes, st.used = end, end, bytes+size, s.now()
	return nil
}
