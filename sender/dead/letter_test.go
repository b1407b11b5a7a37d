package dead

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func letter(n uint64) Letter {
	return Letter{
		Address: "10.0.0.1:6070", Reason: "no such type", When: time.Unix(1_700_000_000, int64(n)), Hash: uint32(n) * 2654435761,
		First: n, Last: n + 3, Encoding: "graph/1", Item: []byte("item of a point"),
	}
}

func TestLongReasonIsCut(t *testing.T) {
	l := letter(1)
	l.Reason = "x" + strings.Repeat("ü", 1000)
	var got Letter
	require.NoError(t, got.decode(l.append(nil)))
	require.Len(t, got.Reason, longestReason-1)
	require.True(t, utf8.ValidString(got.Reason))
	require.Equal(t, l.Item, got.Item)
}

// FuzzLetter: no bytes make the decoder panic, and what it accepts is what the encoder
// makes of it.
func FuzzLetter(f *testing.F) {
	one, most := letter(1), Letter{When: time.Unix(0, math.MaxInt64), First: math.MaxUint64, Hash: math.MaxUint32}
	f.Add(one.append(nil))
	f.Add(most.append(nil))
	f.Add(one.append(nil)[:20])
	f.Add([]byte(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 100))
	f.Fuzz(func(t *testing.T, record []byte) {
		var l, again Letter
		if err := l.decode(record); err != nil {
			require.ErrorIs(t, err, errIllegible)
			return
		}
		require.NoError(t, again.decode(l.append(nil)))
		l.Reason = shortened(l.Reason)
		require.Equal(t, l, again)
	})
}
