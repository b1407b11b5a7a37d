package receiver

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A request that comes in pieces, at any places, is taken once, as it is.
func TestRequestsInPieces(t *testing.T) {
	d := open(t, ListenRPC, testLimits(), new(store))
	c := d.dial(t)
	points := onePoint + strings.Repeat(","+onePoint, 300)
	request := `{"method":"Transfer.Update","params":[[` + points + `]],"id":7}`
	require.Greater(t, len(request), 2*idleBytes)
	for _, cuts := range [][]int{{1}, {idleBytes}, {idleBytes + 1}, {3 * idleBytes}, {2 * idleBytes, 3 * idleBytes}, {idleBytes + 10, len(request) - 1}, {100, 2 * idleBytes}, pieces(len(request), 1448), pieces(len(request), 100)} {
		at := 0
		for _, cut := range cuts {
			write(t, c, request[at:cut])
			at = cut
			time.Sleep(2 * time.Millisecond)
		}
		write(t, c, request[at:])
		reply := make([]byte, 200)
		n, err := c.Read(reply)
		require.NoError(t, err)
		require.Contains(t, string(reply[:n]), `"Total":301,"Invalid":0`, cuts)
	}
	got := d.waitFor(t, 9*301)
	for _, p := range got {
		require.Equal(t, got[0], p)
	}
}

// pieces returns where a request of so many bytes is cut into pieces of a size.
func pieces(all, size int) (cuts []int) {
	for at := size; at < all; at += size {
		cuts = append(cuts, at)
	}
	return cuts
}

// Half a request of a client that is gone holds nothing.
func TestHalfReadIsGivenBack(t *testing.T) {
	p := newPort(testLimits(), new(store), testCounts())
	text := []byte(`{"method":"Transfer.Update","params":[[` + onePoint + strings.Repeat(","+onePoint, 100))
	require.Greater(t, len(text), idleBytes)
	var codecs []*jsonCodec
	for range halvesAtOnce + 1 {
		c := newClient(p, nil, len(text))
		j := newJSONCodec(&c)
		n, cut := j.answerUsual(text)
		require.Zero(t, n)
		require.True(t, cut)
		codecs = append(codecs, j)
	}
	require.Len(t, p.halves, halvesAtOnce)
	require.Nil(t, codecs[halvesAtOnce].half.batch, "one too many")
	for _, j := range codecs {
		j.end()
	}
	require.Empty(t, p.halves)

	moved := []byte(string(text) + `]],"id":1}`)
	j := codecs[0]
	_, cut := j.answerUsual(text)
	require.True(t, cut)
	require.NotNil(t, j.half.batch)
	n, _ := j.answerUsual(moved)
	require.Equal(t, len(moved), n, "from the beginning")
	require.Empty(t, p.halves)
	require.Contains(t, string(j.out), `"Total":101,`)
}
