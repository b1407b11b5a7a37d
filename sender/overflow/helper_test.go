package overflow

import (
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/sender/queue"
	"transfer/sender/servertest"
)

func TestMain(m *testing.M) {
	logging.Disable() // of the client, which would name each server that is down
	goleak.VerifyTestMain(m)
}

const (
	testTarget   = "graph/graph-00/10.0.0.1:6070"
	testEncoding = "graph/1"
	testLease    = time.Second
	soon         = 20 * time.Second
)

// relay is a Store with its Run, which stand for a process that can be stopped.
type relay struct {
	*Store
	t    testing.TB
	name string
	stop func()
}

// startRelay starts a relay on the server.
func startRelay(t testing.TB, server *servertest.Redis, name string, change ...func(*Options)) *relay {
	client := server.Client()
	o := Options{Client: client, Prefix: "test", Relay: name, Lease: testLease, CallTimeout: 5 * time.Second, StreamShare: 0.9, Share: 0.95}
	for _, change := range change {
		change(&o)
	}
	r := &relay{Store: New(o), t: t, name: name}
	r.proceed()
	t.Cleanup(func() {
		r.stop()
		_ = client.Close()
	})
	require.Eventually(t, func() bool { return !errors.Is(r.Trouble(), errNoLook) }, soon, time.Millisecond)
	return r
}

// proceed makes a relay that was stopped go on, as SIGCONT does.
func (r *relay) proceed() {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(stop)
	}()
	r.stop = sync.OnceFunc(func() {
		close(stop)
		<-ended
	})
}

// options returns those of the first lane of testTarget.
func options(read, end uint64) StreamOptions {
	return StreamOptions{
		Target: testTarget, Lanes: 1, Hash: "crc32", Encoding: testEncoding, Read: read, End: end,
		Routing: func() []byte { return []byte(`{"ring":1}`) }, Ring: func() string { return "v7" },
	}
}

// own returns a writable stream of the relay for the first lane of testTarget.
func (r *relay) own(read, end uint64) *Stream {
	st := r.Own(options(read, end))
	r.eventually(st.Writable, "it is writable")
	return st
}

func (r *relay) eventually(condition func() bool, what string) {
	r.t.Helper()
	require.Eventually(r.t, condition, soon, 5*time.Millisecond, what)
}

// orphan waits until the relay sees one.
func (r *relay) orphan() Orphan {
	r.t.Helper()
	r.eventually(func() bool { return len(r.Orphans()) == 1 }, "there is an orphan")
	return r.Orphans()[0]
}

// block returns a Block of so many items, whose bytes tell their numbers from first on.
func block(first uint64, count int) *queue.Block {
	b := &queue.Block{First: 1000 + first, Last: 1000 + first + uint64(count), Accepted: time.Now()}
	for i := range count {
		b.Payload = append(append(b.Payload, itemOf(first+uint64(i))...), ' ')
		b.Close(uint32(first) + uint32(i))
	}
	return b
}

func itemOf(number uint64) string { return "point " + strconv.FormatUint(number, 10) }

// bulk returns a Block of a point of so many bytes, which nobody could compress.
func bulk(size int) *queue.Block {
	b := &queue.Block{First: 1, Last: 1, Accepted: time.Now(), Payload: make([]byte, size)}
	for i := range b.Payload {
		b.Payload[i] = byte(rand.Uint32())
	}
	b.Close(7)
	return b
}

// fill appends Blocks of the numbers [from, to), of ten points each.
func fill(t testing.TB, st *Stream, from, to uint64) {
	t.Helper()
	require.Equal(t, from, st.End())
	for at := from; at < to; at += 10 {
		n := min(10, to-at)
		ends, err := st.Append(block(at, int(n)))
		require.NoError(t, err)
		require.Equal(t, []uint64{at + n}, ends)
	}
}

// drain reads the stream from the number on to its end, and checks that each point is the
// one of its number. It returns the number behind the last, and how many are missing.
func drain(t testing.TB, st *Stream, from uint64) (end, missing uint64) {
	t.Helper()
	b := new(queue.Block)
	for {
		b.Reset()
		first, behind, err := st.Next(b, from)
		if errors.Is(err, io.EOF) {
			require.Equal(t, first, behind)
			return behind, missing + behind - from
		}
		require.NoError(t, err)
		require.Equal(t, behind-first, uint64(b.Len()))
		missing += first - from
		for i := range b.Len() {
			require.Equal(t, itemOf(first+uint64(i))+" ", string(b.Item(i)))
			require.Equal(t, uint32(first)+uint32(i), b.Items[i].Hash)
		}
		from = behind
	}
}

// length returns how many entries the stream has in Redis.
func length(t testing.TB, client redis.UniversalClient, st *Stream) int64 {
	n, err := client.XLen(t.Context(), st.keys[0]).Result()
	require.NoError(t, err)
	return n
}

// keys returns how many keys Redis has.
func keyCount(t testing.TB, client redis.UniversalClient) int64 {
	n, err := client.DBSize(t.Context()).Result()
	require.NoError(t, err)
	return n
}
