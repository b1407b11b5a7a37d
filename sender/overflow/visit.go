package overflow

import (
	"context"
	"strconv"

	"transfer/sender/queue"
)

// visitAtATime is how many entries are fetched at a time for a visitor.
const visitAtATime = 16

// Visit gives the visitor what the stream has in Redis from the number on, one Block after
// another, each in memory of its own, with the number of its first point and the encoding
// of its items, until it returns false. What cannot be understood is left out. Any goroutine
// may call it, whoever holds the stream; it takes nothing away. An error says that Redis
// cannot be used.
func (st *Stream) Visit(from uint64, visit func(b *queue.Block, first uint64, encoding string) (more bool)) error {
	s := st.store
	for at := max(1, from); ; {
		if err := s.away(); err != nil {
			return err
		}
		ctx, cancel := s.bounded(context.Background())
		entries, err := s.client.XRangeN(ctx, st.keys[0], strconv.FormatUint(at, 10), "+", visitAtATime).Result()
		cancel()
		if err != nil {
			return s.failed(err)
		}
		if len(entries) == 0 {
			return nil
		}
		for _, message := range entries {
			e, err := parseEntry(message.ID, message.Values)
			b := new(queue.Block)
			first := max(at, e.first)
			at = max(at, numberOf(message.ID)+1)
			if err != nil {
				continue
			}
			stamp, err := e.fill(b, first)
			if err != nil {
				continue
			}
			b.Accepted = s.clock.Time(stamp, e.run == s.run)
			if !visit(b, first, e.encoding) {
				return nil
			}
		}
	}
}
