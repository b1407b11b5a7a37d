package several

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// shelved returns how many points of a relay lie in Redis, by what is said of its streams.
func (f *fleet) shelved(relay int) (points int) {
	f.T.Helper()
	c := f.redis.Client()
	defer func() { _ = c.Close() }()
	ctx := context.Background()
	found := c.Scan(ctx, 0, fmt.Sprintf("transfer:{o:%s/*}:meta", relayID(relay)), 10_000).Iterator()
	for found.Next(ctx) {
		var meta struct {
			Head int `redis:"head"`
			End  int `redis:"end"`
		}
		require.NoError(f.T, c.HMGet(ctx, found.Val(), "head", "end").Scan(&meta))
		points += meta.End - meta.Head
	}
	require.NoError(f.T, found.Err())
	return points
}

// backlog waits until so many relays have a backlog in Redis.
func (f *fleet) backlog(of ...int) {
	f.T.Helper()
	trial.Eventually(f.T, 30*time.Second, "no backlog in Redis", func() bool {
		for _, i := range of {
			if f.shelved(i) == 0 {
				return false
			}
		}
		return true
	})
}

// drained waits until nothing of a relay lies in Redis.
func (f *fleet) drained(i int, within time.Duration) {
	f.T.Helper()
	trial.Eventually(f.T, within, "a backlog stays in Redis", func() bool { return f.shelved(i) == 0 })
}

// durable requires that all relays that run keep what they acknowledge.
func (f *fleet) durable() {
	f.T.Helper()
	for i, relay := range f.Relays {
		if relay.Runs() {
			durability, details := relay.Health()
			require.Equal(f.T, "ok", durability, "relay %d: %q", i, details)
		}
	}
}

// names waits until the health of all relays names Redis, or does not any more.
func (f *fleet) names(redis bool) {
	f.T.Helper()
	trial.Eventually(f.T, 20*time.Second, fmt.Sprintf("Redis in the details of all health: %t", redis), func() bool {
		for _, relay := range f.Relays {
			_, details := relay.Health()
			named := slices.ContainsFunc(details, func(d string) bool { return strings.Contains(strings.ToLower(d), "redis") })
			if named != redis {
				return false
			}
		}
		return true
	})
}
