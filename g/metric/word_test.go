package metric

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFieldEnd(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			text := []byte(strings.Repeat("a", 20))
			text[at] = byte(c)
			want := 20
			if c <= ' ' || c >= 0x80 {
				want = at
			}
			require.Equal(t, want, FieldEnd(string(text), 0), "%q at %d", c, at)
			require.Equal(t, max(want, at), FieldEnd(string(text), at), "%q at %d", c, at)
		}
	}
	require.Equal(t, 3, FieldEnd("abc", 3))
}
