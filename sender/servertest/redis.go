package servertest

import (
	"context"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a server of its own for a test, on one port for all of its runs.
type Redis struct {
	Address string // host:port, on loopback

	t       testing.TB
	args    []string
	process *exec.Cmd
	ended   chan struct{}
}

// StartRedis starts a server that ends with the test, keeps its data in the test's folder
// and, if the arguments don't say otherwise, writes none of it to disk.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	installed(t, "redis-server", "redis-server")
	r := &Redis{Address: OwnAddress(t), t: t}
	host, port, err := net.SplitHostPort(r.Address)
	if err != nil {
		t.Fatal(err)
	}
	r.args = append([]string{"--bind", host, "--port", port, "--dir", t.TempDir(), "--save", "", "--loglevel", "warning"}, args...)
	r.start()
	t.Cleanup(func() {
		r.Continue()
		r.Kill()
	})
	return r
}

// start starts the server and waits until it answers.
func (r *Redis) start() {
	r.t.Helper()
	var output log
	r.process = exec.Command("redis-server", r.args...)
	r.process.Stdout, r.process.Stderr = &output, &output
	r.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.process.Start(); err != nil {
		r.t.Fatalf("cannot start redis-server: %v", err)
	}
	process, ended := r.process, make(chan struct{})
	r.ended = ended
	go func() {
		defer close(ended)
		_ = process.Wait() // killed, by Kill
	}()
	for deadline := time.Now().Add(startTimeout); !r.answers(); {
		select {
		case <-ended:
			r.t.Fatalf("redis-server ended at once:\n%s", output.String())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("redis-server is not ready after %s:\n%s", startTimeout, output.String())
		}
	}
}

// answers reports whether the server has its data.
func (r *Redis) answers() bool {
	conn, err := net.Dial("tcp", r.Address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	client := r.Client()
	defer func() { _ = client.Close() }()
	return client.Ping(context.Background()).Err() == nil
}

// Client returns a client of the server, which tries each call once, for no longer than its
// context allows, and at most half a minute: the machine may be busy. The caller closes it.
func (r *Redis) Client() redis.UniversalClient {
	return redis.NewClient(&redis.Options{
		Addr: r.Address, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true, DialerRetries: 1,
		DialTimeout: startTimeout, ReadTimeout: startTimeout, WriteTimeout: startTimeout, PoolTimeout: startTimeout,
	})
}

// Set sets one of the server's settings while it runs.
func (r *Redis) Set(name, value string) {
	r.t.Helper()
	client := r.Client()
	defer func() { _ = client.Close() }()
	if err := client.ConfigSet(context.Background(), name, value).Err(); err != nil {
		r.t.Fatalf("cannot set %s of Redis to %s: %v", name, value, err)
	}
}

// Flush deletes all that the server holds.
func (r *Redis) Flush() {
	r.t.Helper()
	client := r.Client()
	defer func() { _ = client.Close() }()
	if err := client.FlushAll(context.Background()).Err(); err != nil {
		r.t.Fatalf("cannot flush Redis: %v", err)
	}
}

// Kill ends the server at once, as kill -9 does.
func (r *Redis) Kill() {
	_ = r.process.Process.Kill() // it may have ended
	<-r.ended
}

// Restart starts the server again after a Kill, with the data that it had on disk.
func (r *Redis) Restart() { r.t.Helper(); r.start() }

// Stop makes the server stand still, as SIGSTOP does.
func (r *Redis) Stop() { r.signal(syscall.SIGSTOP) }

// Continue makes it go on.
func (r *Redis) Continue() { r.signal(syscall.SIGCONT) }

func (r *Redis) signal(s syscall.Signal) { _ = r.process.Process.Signal(s) } // it may have ended
