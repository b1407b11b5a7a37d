package e2e

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// load plays an agent that pushes rounds of points: one a series and round, each
// round's timestamps a step after the last one's, as judge and graph want them.
type load struct {
	series int
	start  int64
	rounds atomic.Int64 // pushed and acknowledged so far
}

const loadStep = 60

func newLoad(series int) *load { return &load{series: series, start: 1600000020} }

// run pushes a round every interval until stop is closed, over one connection.
func (l *load) run(t *testing.T, address string, interval time.Duration, stop <-chan struct{}) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	replies := bufio.NewReader(conn)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if _, err := conn.Write(l.request()); err != nil {
			t.Error(err)
			return
		}
		answer, err := replies.ReadString('\n')
		if want := fmt.Sprintf(`"Total":%d,"Invalid":0`, l.series); err != nil || !strings.Contains(answer, want) {
			t.Errorf("round %d: %q, %v", l.rounds.Load(), answer, err)
			return
		}
		l.rounds.Add(1)
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// request is the next round, its value the round's number.
func (l *load) request() []byte {
	b := []byte(`{"method":"Transfer.Update","params":[[`)
	round := l.rounds.Load()
	timestamp := l.start + round*loadStep
	for i := range l.series {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"endpoint":"host-%d","metric":"load","value":%d,"step":%d,"counterType":"GAUGE","tags":"","timestamp":%d}`,
			i, round, loadStep, timestamp)
	}
	b = append(b, `]],"id":`...)
	b = strconv.AppendInt(b, round, 10)
	return append(b, '}')
}

// points returns what was acknowledged.
func (l *load) points() map[arrival]int {
	all := make(map[arrival]int)
	for round := range l.rounds.Load() {
		for i := range l.series {
			all[arrival{fmt.Sprintf("host-%d/load", i), l.start + round*loadStep, float64(round)}] = 1
		}
	}
	return all
}

// background runs f until the returned func is called, which waits for its end.
func background(f func(stop <-chan struct{})) (end func()) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { f(stop) })
	return sync.OnceFunc(func() { close(stop); running.Wait() })
}

// eventually waits for ok.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, within, 10*time.Millisecond, what)
}

// pulse measures how long this machine lets a process wait for its turn.
type pulse struct {
	longest atomic.Int64 // nanoseconds since restart
}

func (p *pulse) run(stop <-chan struct{}) {
	for last := time.Now(); ; {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
		now := time.Now()
		p.longest.Store(max(p.longest.Load(), int64(now.Sub(last))))
		last = now
	}
}

func (p *pulse) restart() { p.longest.Store(0) }

// skipped returns the longest wait since restart.
func (p *pulse) skipped() time.Duration { return time.Duration(p.longest.Load()) }
