package topology

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/redis/go-redis/v9"

	"transfer/g/stat"
)

const (
	aliveFor     = 5 * time.Second  // after its last beat a relay counts as alive
	forgottenFor = 10 * time.Minute // after it the relay is not listed any more
	maxBeatBytes = 64 << 10
)

// beatScript writes a relay's beat with the time of Redis and returns the version that is
// set, that time, and the beat before: KEYS version, relays; ARGV relay, beat. As to its
// first line see setScript.
const beatScript = `
redis.call('PERSIST', KEYS[2])
local time = redis.call('TIME')
local at = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
local before = redis.call('HGET', KEYS[2], ARGV[1]) or ''
redis.call('HSET', KEYS[2], ARGV[1], at .. ' ' .. ARGV[2])
return {redis.call('GET', KEYS[1]) or '', time[1], time[2], before}
`

// Beat tells the others of this relay, and returns the version that is set, the time of
// Redis, and the beat that was there before under the same id; nil if there was none.
func (s *Store) Beat(ctx context.Context, own stat.Peer) (v Version, at time.Time, before *stat.Peer, err error) {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(own)
	if err != nil {
		return v, at, nil, fmt.Errorf("cannot write down what this relay is: %w", err)
	}
	answer, err := s.beat.Run(ctx, s.client, []string{s.keys.version, s.keys.relays}, own.Relay, text).StringSlice()
	if err != nil {
		return v, at, nil, fmt.Errorf("cannot ask Redis for the topology: %w", err)
	}
	const beatAt = 3
	if len(answer) > beatAt {
		if peer, err := readBeat(own.Relay, answer[beatAt]); err == nil {
			before = &peer
		}
	}
	v, at, err = readAnswer(answer)
	return v, at, before, err
}

// readAnswer reads the version and the time that a script returns.
func readAnswer(answer []string) (Version, time.Time, error) {
	const parts = 3
	if len(answer) < parts {
		return Version{}, time.Time{}, fmt.Errorf("cannot read the answer of Redis: %d parts", len(answer))
	}
	seconds, err := strconv.ParseInt(answer[1], 10, 64)
	micros, also := strconv.ParseInt(answer[2], 10, 64)
	if err := errors.Join(err, also); err != nil {
		return Version{}, time.Time{}, fmt.Errorf("cannot read the time of Redis: %w", err)
	}
	v, err := parseVersion(answer[0])
	return v, time.Unix(seconds, micros*int64(time.Microsecond)), err
}

// Peers returns the relays that were heard of in the last ten minutes, by id, as of the
// time now of Redis. It deletes what is older.
func (s *Store) Peers(ctx context.Context, now time.Time) ([]stat.Peer, error) {
	texts, err := s.client.HGetAll(ctx, s.keys.relays).Result()
	if err != nil {
		return nil, fmt.Errorf("cannot ask Redis for the relays: %w", err)
	}
	var all []stat.Peer
	var old []string
	for relay, text := range texts {
		peer, err := readBeat(relay, text)
		if err != nil || now.Sub(peer.At) > forgottenFor {
			old = append(old, relay)
			continue
		}
		peer.Alive = now.Sub(peer.At) <= aliveFor
		all = append(all, peer)
	}
	slices.SortFunc(all, func(a, b stat.Peer) int { return strings.Compare(a.Relay, b.Relay) })
	if len(old) > 0 {
		if err := s.client.HDel(ctx, s.keys.relays, old...).Err(); err != nil && !errors.Is(err, redis.Nil) {
			return all, fmt.Errorf("cannot delete old relays: %w", err)
		}
	}
	return all, nil
}

// readBeat reads what beatScript has written.
func readBeat(relay, text string) (peer stat.Peer, err error) {
	at, body, found := strings.Cut(text, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !found || len(text) > maxBeatBytes {
		return stat.Peer{}, fmt.Errorf("cannot read what relay %q says of itself", relay)
	}
	if err := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal([]byte(body), &peer); err != nil {
		return stat.Peer{}, fmt.Errorf("cannot read what relay %q says of itself: %w", relay, err)
	}
	peer.Relay, peer.At, peer.Alive = relay, time.UnixMilli(ms), false
	return peer, nil
}
