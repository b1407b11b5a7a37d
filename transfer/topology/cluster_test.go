package topology

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/remote"
	"transfer/sender/servertest"
)

// All of it works over a Redis Cluster, where keys of one script have to lie together.
func TestRedisCluster(t *testing.T) {
	bus, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	busPort := bus.Addr().(*net.TCPAddr).Port
	require.NoError(t, bus.Close())
	s := &server{Redis: servertest.StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(busPort))}
	one := redis.NewClient(&redis.Options{Addr: s.Address})
	defer func() { require.NoError(t, one.Close()) }()
	host, _, err := net.SplitHostPort(s.Address)
	require.NoError(t, err)
	require.NoError(t, one.ConfigSet(t.Context(), "cluster-announce-ip", host).Err())
	require.NoError(t, one.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())
	eventually(t, func() bool {
		info, err := one.ClusterInfo(t.Context()).Result()
		return err == nil && strings.HasPrefix(info, "cluster_state:ok")
	})
	client, err := remote.Open(&g.Redis{Addrs: []string{s.Address, s.Address}, ConnTimeout: time.Second, CallTimeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.IsType(t, &redis.ClusterClient{}, client)
	s.client = client

	facts, err := remote.Memory(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, remote.NoEviction, facts.Policy)
	s.set(t, 0, "a")
	f := s.followBy(t, client, "r", 0, nil)
	eventually(t, f.has(1))
	s.set(t, 0, "a", "b")
	eventually(t, f.has(2))
	require.NoError(t, one.FlushAll(t.Context()).Err())
	eventually(t, func() bool {
		d, err := s.store().Current(t.Context())
		return err == nil && d != nil && d.Version == 2
	})
	eventually(t, func() bool { return f.Peers().Alive == 1 })
}
