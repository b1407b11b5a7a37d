//go:build !race

package receiver

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// The race detector makes pools forget at random, hence the build tag.

func TestJSONRPCAllocatesNothing(t *testing.T) {
	c := newClient(newPort(testLimits(), new(drain), testCounts()), nil, 0)
	codec, request := newJSONCodec(&c), usualRequest(pointsAtOnce)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		used, err := codec.next(request)
		if used != len(request) || err != nil {
			t.Fatal(used, err)
		}
		c.out = c.out[:0]
	}))
}

func TestSocketAllocatesNothing(t *testing.T) {
	lines := usualLines(pointsAtOnce)
	var batch metric.Batch
	require.Zero(t, testing.AllocsPerRun(100, func() {
		batch.Reset()
		readLines(&batch, lines, 1000)
	}))
	require.Len(t, batch.Points, pointsAtOnce)
}

func TestGobRPCAllocatesNothingByPoint(t *testing.T) {
	allocs := func(points int) float64 { return testing.AllocsPerRun(100, gobTaker(t, points)) }
	require.Equal(t, allocs(1), allocs(pointsAtOnce))
}

func TestPushAllocatesNothingByPoint(t *testing.T) {
	p, _ := newTestPush(testLimits(), nil)
	p.acceptor = new(drain)
	allocs := func(points int) float64 {
		text := usualPoints(points)
		body := bytes.NewReader(text)
		r, err := http.NewRequest(http.MethodPost, "/api/push", body)
		require.NoError(t, err)
		w := forgetful{}
		return testing.AllocsPerRun(100, func() {
			body.Reset(text)
			p.ServeHTTP(w, r)
		})
	}
	require.Equal(t, allocs(1), allocs(pointsAtOnce))
	require.LessOrEqual(t, allocs(1), 2.0, "the reply and its header")
}

// forgetful is a ResponseWriter without a client.
type forgetful http.Header

func (f forgetful) Header() http.Header         { return http.Header(f) }
func (f forgetful) Write(p []byte) (int, error) { return len(p), nil }
func (f forgetful) WriteHeader(int)             {}
