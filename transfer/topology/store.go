package topology

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// keptVersions is how many documents stay in Redis, to be shown and rolled back to.
const keptVersions = 100

// ErrConflict says that the topology is not the one that was expected: somebody else has
// set one.
var ErrConflict = errors.New("the topology has changed meanwhile: look at it with transfer topology get, and set it again")

// ErrNone says that there is no such version in Redis.
var ErrNone = errors.New("no such topology is in Redis")

// Store is the topology in Redis. Its calls take as long as their contexts and the client
// allow, and are not repeated.
type Store struct {
	client redis.UniversalClient
	keys   keys
	set    *redis.Script
	look   *redis.Script
	beat   *redis.Script
}

// keys are those of one site. All of them lie in one slot of a Redis Cluster.
type keys struct {
	version   string // "NUMBER ID"
	documents string // hash: number -> JSON
	relays    string // hash: relay -> "MILLISECONDS JSON"
	changed   string // channel: a version was set
}

// NewStore returns the topology of the site whose keys begin with prefix. The client stays
// the caller's.
func NewStore(client redis.UniversalClient, prefix string) *Store {
	of := func(name string) string { return prefix + ":{t}:" + name }
	return &Store{
		client: client,
		keys:   keys{of("version"), of("documents"), of("relays"), of("changed")},
		set:    redis.NewScript(setScript),
		look:   redis.NewScript(lookScript),
		beat:   redis.NewScript(beatScript),
	}
}

// setScript sets a version if the one that is there is as expected: KEYS version,
// documents; ARGV expected, version, number, document, oldest number kept, channel. It
// begins with a write that needs no memory, since a Redis that is full refuses a script
// whose first one might: a small document can be set then, too.
const setScript = `
redis.call('PERSIST', KEYS[1])
local now = redis.call('GET', KEYS[1]) or ''
if now == ARGV[2] then return '' end
if now ~= ARGV[1] then return now end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('SET', KEYS[1], ARGV[2])
for _, number in ipairs(redis.call('HKEYS', KEYS[2])) do
  if tonumber(number) <= tonumber(ARGV[5]) then redis.call('HDEL', KEYS[2], number) end
end
redis.call('PUBLISH', ARGV[6], ARGV[2])
return ''
`

// Set puts d in the place of the version expected; the zero one: there is none. The error
// is ErrConflict where another one is there. After any other error the version may have
// been set all the same: Version tells.
func (s *Store) Set(ctx context.Context, expected Version, d *Document) error {
	text, err := d.MarshalJSON()
	if err != nil {
		return fmt.Errorf("cannot write down the topology: %w", err)
	}
	if len(text) > maxBytes {
		return fmt.Errorf("cannot set the topology: it has %d bytes, more than %d", len(text), maxBytes)
	}
	oldest := int64(d.Version) - keptVersions
	now, err := s.set.Run(ctx, s.client, []string{s.keys.version, s.keys.documents},
		expected.String(), d.version().String(), d.Version, text, oldest, s.keys.changed).Text()
	switch {
	case err != nil:
		return fmt.Errorf("cannot set the topology: %w", err)
	case now != "":
		return fmt.Errorf("%w (version %s is there)", ErrConflict, now)
	}
	return nil
}

// lookScript returns the version that is set and the time of the server that has it: KEYS
// version.
const lookScript = `
local time = redis.call('TIME')
return {redis.call('GET', KEYS[1]) or '', time[1], time[2]}
`

// Version returns what is set, the zero Version if nothing is, and the time of Redis.
func (s *Store) Version(ctx context.Context) (Version, time.Time, error) {
	answer, err := s.look.Run(ctx, s.client, []string{s.keys.version}).StringSlice()
	if err != nil {
		return Version{}, time.Time{}, fmt.Errorf("cannot ask Redis for the topology: %w", err)
	}
	return readAnswer(answer)
}

// Document returns a version that Redis still has. The error is ErrNone where it has not.
func (s *Store) Document(ctx context.Context, number uint64) (*Document, error) {
	text, err := s.client.HGet(ctx, s.keys.documents, strconv.FormatUint(number, 10)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, fmt.Errorf("%w: version %d", ErrNone, number)
	case err != nil:
		return nil, fmt.Errorf("cannot ask Redis for the topology: %w", err)
	}
	d, err := Decode(text)
	if err == nil && d.Version != number {
		err = &unusableError{fmt.Errorf("version %d says that it is %d", number, d.Version)}
	}
	return d, err
}

// Current returns what is set; nil, without an error, if nothing is.
func (s *Store) Current(ctx context.Context) (*Document, error) {
	v, _, err := s.Version(ctx)
	if err != nil || v.Number == 0 {
		return nil, err
	}
	d, err := s.Document(ctx, v.Number)
	if err == nil && !d.is(v) {
		err = &unusableError{fmt.Errorf("version %d has id %s, not %s", v.Number, d.ID, v.ID)}
	}
	return d, err
}

// History returns the versions that Redis still has, the newest first, and what of them
// cannot be read.
func (s *Store) History(ctx context.Context) (all []*Document, unread []error, err error) {
	texts, err := s.client.HGetAll(ctx, s.keys.documents).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot ask Redis for the topologies: %w", err)
	}
	for number, text := range texts {
		d, err := Decode([]byte(text))
		if err != nil {
			unread = append(unread, fmt.Errorf("version %s: %w", number, err))
			continue
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *Document) int { return int(int64(b.Version) - int64(a.Version)) })
	return all, unread, nil
}

// hints returns a channel that tells that something was set, as long as ctx and the
// connection hold, and what ends it. One may be missed: who follows the topology asks for
// it, too.
func (s *Store) hints(ctx context.Context) (told <-chan *redis.Message, end func()) {
	sub := s.client.Subscribe(ctx, s.keys.changed)
	return sub.Channel(), func() { _ = sub.Close() } // nothing was to be written
}
