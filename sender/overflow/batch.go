package overflow

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// batchSize is for how many streams a script is run at a time.
const batchSize = 64

// batch runs a script for each stream, many at a time: args gives the arguments that follow
// the keys, take gets the answer and the time before it was asked for.
func (s *Store) batch(ctx context.Context, script *redis.Script, streams []*Stream, args func(*Stream) []any, take func(*Stream, answer, time.Time)) error {
	for some := range slices.Chunk(streams, batchSize) {
		if err := s.runBatch(ctx, script, some, args, take); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) runBatch(ctx context.Context, script *redis.Script, streams []*Stream, args func(*Stream) []any, take func(*Stream, answer, time.Time)) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	pipe := s.client.Pipeline()
	replies := make([]*redis.Cmd, len(streams))
	for i, st := range streams {
		st.calls.Lock()
		defer st.calls.Unlock()
		// The whole script: a pipeline can't be told that Redis does not know it yet.
		replies[i] = script.Eval(ctx, pipe, st.keys, args(st)...)
	}
	asked := s.now()
	_, _ = pipe.Exec(ctx) // each reply has its own error
	var failed error
	for i, st := range streams {
		a, err := parseAnswer(replies[i])
		if err != nil {
			failed = s.failed(err)
			continue
		}
		take(st, a, asked)
	}
	return failed
}

// register puts the names of the streams into the registry, where others find them.
// errors.Is: ErrFull.
func (s *Store) register(ctx context.Context, streams []*Stream) error {
	if len(streams) == 0 {
		return nil
	}
	names := make([]any, len(streams))
	for i, st := range streams {
		names[i] = st.name
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.client.SAdd(ctx, s.registry(), names...).Err(); err != nil {
		return s.failed(err)
	}
	return nil
}

// unregister takes the name of the stream, which is empty, out of the registry.
func (s *Store) unregister(ctx context.Context, st *Stream) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.client.SRem(ctx, s.registry(), st.name).Err(); err != nil {
		return s.failed(err)
	}
	return nil
}
