package remote

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// NoEviction is the policy under which Redis deletes nothing by itself.
const NoEviction = "noeviction"

// Facts are what a Redis says of its memory.
type Facts struct {
	Max    int64  // bytes that it may use; where it has no limit, those of its machine
	Used   int64  // bytes
	Policy string // what it does when it may use no more
}

// Memory asks for the memory of client's server; of a Redis Cluster for that of the
// fullest master, and for a policy other than NoEviction if any master has one.
func Memory(ctx context.Context, client redis.UniversalClient) (Facts, error) {
	cluster, several := client.(*redis.ClusterClient)
	if !several {
		return memoryOf(ctx, client)
	}
	var mu sync.Mutex
	var all []Facts
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		one, err := memoryOf(ctx, master)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, one)
		return err
	})
	if err != nil {
		return Facts{}, err
	}
	return fullest(all), nil
}

func memoryOf(ctx context.Context, client redis.Cmdable) (Facts, error) {
	text, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return Facts{}, fmt.Errorf("cannot ask Redis for its memory: %w", err)
	}
	return parseMemory(text)
}

// fullest returns the facts of the one with the least room, with the policy that is worst.
func fullest(all []Facts) (worst Facts) {
	policy := NoEviction
	for i, one := range all {
		if i == 0 || float64(one.Used)/float64(one.Max) > float64(worst.Used)/float64(worst.Max) {
			worst = one
		}
		if one.Policy != NoEviction {
			policy = one.Policy
		}
	}
	worst.Policy = policy
	return worst
}

// parseMemory reads what INFO memory answers.
func parseMemory(text string) (Facts, error) {
	said := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			said[name] = value
		}
	}
	var firstErr error
	number := func(name string) int64 {
		n, err := strconv.ParseInt(said[name], 10, 64)
		if (err != nil || n < 0) && firstErr == nil {
			firstErr = fmt.Errorf("cannot read the memory of Redis: %s is %q in its INFO", name, said[name])
		}
		return n
	}
	facts := Facts{Max: number("maxmemory"), Used: number("used_memory"), Policy: said["maxmemory_policy"]}
	if facts.Max == 0 {
		facts.Max = number("total_system_memory")
	}
	if firstErr == nil && facts.Max == 0 {
		firstErr = fmt.Errorf("cannot read the memory of Redis: its INFO names no limit; set maxmemory")
	}
	if firstErr != nil {
		return Facts{}, firstErr
	}
	return facts, nil
}
