package segment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Disk errors at the start cost what cannot be read, not the start.
func TestOpenPassesOverWhatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		call string
		want []string
		lost int
	}{
		{"open " + seg2, []string{seg2 + ": bad header"}, 3},
		{"read " + seg2, []string{seg2 + ": bad header"}, 3},
		{"open " + seg3, []string{seg3 + ": bad header", seg3 + ": cannot be read"}, 3},
		{"read " + seg3, []string{seg3 + ": bad header", seg3 + ": cannot be read"}, 3},
	} {
		t.Run(c.call, func(t *testing.T) {
			below, all := several(t)
			disk := newFaultyDisk(below)
			disk.fault = func(_ int, call string) (int, error) {
				if call == c.call {
					return 0, syscall.EIO
				}
				return 0, nil
			}
			l := open(t, plain(disk))
			require.Equal(t, c.want, reasons(l))
			got, _ := readAll(t, l)
			require.Len(t, got, len(all)-c.lost)
			disk.fault = func(int, string) (int, error) { return 0, nil }
			requireAll(t, open(t, plain(disk)), all)
		})
	}
}

// 10 GiB of segments are opened by their headers. What counts is what is read, not the
// time.
func TestOpenReadsHeadersOnly(t *testing.T) {
	where := t.TempDir()
	const segments = 160
	for number := uint64(1); number <= segments; number++ {
		h := header{generation: generation{number: number}, first: 1000*number - 999, begun: 1, owner: "o", encoding: "e"}
		path := filepath.Join(where, generation{number: number}.file(segmentSuffix))
		content := append(h.pages(), encode(Record{First: h.first, Count: 1000}, generation{number: number}.seed("o"))...)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		require.NoError(t, os.Truncate(path, 64<<20)) // sparse
	}
	disk := newFaultyDisk(OSDisk{})
	l, err := Open(where, Options{Owner: "o", Encoding: "e", Disk: disk})
	if errors.Is(err, ErrFull) {
		t.Skip("no room for sparse files")
	}
	require.NoError(t, err)
	require.Empty(t, l.Report().Findings)
	require.Equal(t, int64(10<<30), l.Bytes())
	require.Equal(t, uint64(1000*segments+1), l.End().Next)
	reads := map[string]int{}
	for _, call := range disk.calls {
		if name, ok := strings.CutPrefix(call, "read "); ok {
			reads[name]++
		}
	}
	for number := uint64(1); number < segments; number++ {
		require.Equal(t, 1, reads[generation{number: number}.file(segmentSuffix)])
	}
}
