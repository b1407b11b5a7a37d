package receiver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

func TestBufferGivesItsMemoryBack(t *testing.T) {
	m := &memory{budget: newBudget(g.Limits{RequestBytes: 1 << 20})}
	full := m.budget.left.Load()
	b := buffer{memory: m, max: 1 << 20}
	source := strings.NewReader(strings.Repeat("x", 2<<20))
	var err error
	for err == nil {
		err = b.fill(source)
	}
	require.ErrorIs(t, err, errFull)
	require.Len(t, b.unread(), 1<<20)
	require.Equal(t, full-1<<20, m.budget.left.Load())
	b.use(1<<20 - 10)
	require.NoError(t, b.fill(source))
	require.Len(t, b.unread(), 1<<20)
	b.use(1 << 20)
	require.NoError(t, b.fill(strings.NewReader("rest")))
	require.Equal(t, "rest", string(b.unread()))
	require.Equal(t, full, m.budget.left.Load())
	require.Equal(t, readBytes, cap(b.data))

	m.budget.left.Store(0)
	source.Reset(strings.Repeat("x", 1<<20))
	for err = nil; err == nil; {
		err = b.fill(source)
	}
	require.ErrorIs(t, err, errOverloaded)
	b.release()
	require.Zero(t, m.budget.left.Load())
}

func TestBufferShrinks(t *testing.T) {
	b := buffer{memory: new(memory), max: 1 << 20}
	for name, c := range map[string]struct{ read, used, kept int }{
		"nothing unread": {100, 100, 0},
		"a little":       {idleBytes + 100, 100, idleBytes},
		"too much":       {idleBytes + 101, 100, readBytes},
	} {
		t.Run(name, func(t *testing.T) {
			defer b.release()
			text := strings.Repeat("x", c.used) + strings.Repeat("y", c.read-c.used)
			require.NoError(t, b.fill(strings.NewReader(text)))
			b.use(c.used)
			b.shrink()
			require.Len(t, b.data, c.kept)
			require.Equal(t, text[c.used:], string(b.unread()))
			require.NoError(t, b.fill(strings.NewReader("more")))
			require.Equal(t, text[c.used:]+"more", string(b.unread()))
		})
	}
}

// A buffer that may hold less than a block takes no more than it may.
func TestBufferSmallMaximum(t *testing.T) {
	b := buffer{memory: new(memory), max: 10}
	require.NoError(t, b.fill(strings.NewReader("0123456789ab")))
	require.Equal(t, "0123456789", string(b.unread()))
	require.ErrorIs(t, b.fill(strings.NewReader("ab")), errFull)
	b.use(9)
	b.shrink()
	require.NoError(t, b.fill(strings.NewReader("abcdefghijkl")))
	require.Equal(t, "9abcdefghi", string(b.unread()))
}
