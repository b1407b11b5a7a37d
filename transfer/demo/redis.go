package demo

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"transfer/transfer/program"
)

// sharedRedis is the Redis of a cluster.
type sharedRedis struct {
	addr string           // host:port
	own  *program.Program // nil: somebody else's
}

// errNoRedis says what to do where there is no Redis.
var errNoRedis = errors.New("cannot find redis-server, which the relays share: apt-get install redis-server, " +
	"or name one that runs, version 6.2 or newer, with --redis HOST:PORT")

// startRedis starts a redis-server with its data in dir, on port 6379 or a free one of
// loopback. It deletes nothing by itself, and keeps what it has over a crash but for the
// last second.
func startRedis(dir string) (*sharedRedis, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	data := filepath.Join(dir, "redis")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, fmt.Errorf("cannot create a folder for Redis: %w", err)
	}
	l, err := listenNear("127.0.0.1:6379")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	host, port, _ := net.SplitHostPort(addr) // of a listener
	_ = l.Close()
	own, err := program.Start(filepath.Join(dir, "redis.log"), path, "--bind", host, "--port", port, "--dir", data,
		"--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory", "256mb", "--maxmemory-policy", "noeviction")
	if err != nil {
		return nil, err
	}
	if err := own.AwaitPort(addr); err != nil {
		return nil, err
	}
	return &sharedRedis{addr: addr, own: own}, nil
}

// stop ends it, if it is the demonstration's own.
func (r *sharedRedis) stop() error {
	if r.own == nil {
		return nil
	}
	return r.own.Stop()
}
