package e2e

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// load plays an agent that pushes rounds of points: one a series and round, each
// round's timestamps a step after the last one's, as judge and graph want them.
type load struct {
	series int
	rounds int // pushed and acknowledged so far
	start  int64
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
			t.Errorf("round %d: %q, %v", l.rounds, answer, err)
			return
		}
		l.rounds++
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
	timestamp := l.start + int64(l.rounds)*loadStep
	for i := range l.series {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"endpoint":"host-%d","metric":"load","value":%d,"step":%d,"counterType":"GAUGE","tags":"","timestamp":%d}`,
			i, l.rounds, loadStep, timestamp)
	}
	b = append(b, `]],"id":`...)
	b = strconv.AppendInt(b, int64(l.rounds), 10)
	return append(b, '}')
}

// points returns what was acknowledged.
func (l *load) points() map[arrival]int {
	all := make(map[arrival]int)
	for round := range l.rounds {
		for i := range l.series {
			all[arrival{fmt.Sprintf("host-%d/load", i), l.start + int64(round)*loadStep, float64(round)}] = 1
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
