package backlog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/dead"
)

// Letters go once they have a place, and no others.
func TestResendRemovesWhatWent(t *testing.T) {
	dir := t.TempDir()
	store, err := dead.Open(filepath.Join(dir, deadFolder), dead.Options{})
	require.NoError(t, err)
	letters := Letters{store}
	const all, size = 40, resendBytes / 10
	for i := range all {
		require.NoError(t, store.Add(tsdb, dead.Letter{Encoding: "tsdb/1", Item: fmt.Appendf(make([]byte, size), "%d", i), Hash: uint32(i)}))
	}
	left := func() uint64 { return store.Counts()[tsdb] }
	var taken []uint32
	fail := -1 // after so many portions
	put := func(_ context.Context, some []dead.Letter) error {
		require.Less(t, len(some), 11)
		if fail--; fail == 0 {
			require.NoError(t, store.Add(tsdb, dead.Letter{Encoding: "tsdb/1", Item: []byte("refused again")}))
			return errors.New("no room")
		}
		for _, l := range some {
			require.Len(t, l.Item, size+len(fmt.Sprint(l.Hash)))
			taken = append(taken, l.Hash)
		}
		return nil
	}
	points, err := letters.Resend(t.Context(), tsdb, 5, "tsdb/1", put)
	require.NoError(t, err)
	require.Equal(t, uint64(5), points)
	require.Equal(t, uint64(all-5), left())
	points, err = letters.Resend(t.Context(), tsdb, 5, "tsdb/1", put)
	require.NoError(t, err)
	require.Zero(t, points, "they are gone")

	fail = 2
	points, err = letters.Resend(t.Context(), tsdb, 0, "tsdb/1", put)
	require.EqualError(t, err, "no room")
	require.Positive(t, points)
	require.Equal(t, all-5-points+1, left())

	points, err = letters.Resend(t.Context(), tsdb, all, "tsdb/1", put)
	require.NoError(t, err)
	require.Positive(t, points)
	require.Equal(t, uint64(1), left(), "what came later stays")
	require.Len(t, taken, all)
	for i, hash := range taken {
		require.Equal(t, uint32(i), hash)
	}
	_, err = letters.Resend(t.Context(), "nobody", 0, "tsdb/1", put)
	require.ErrorIs(t, err, stat.ErrNoBacklog)
	_, err = Letters{}.Resend(t.Context(), tsdb, 0, "tsdb/1", put)
	require.ErrorIs(t, err, stat.ErrNoBacklog)
	require.NoError(t, store.Close())
}

// Letters that the target cannot get any more stay, and hold up no others.
func TestResendKeepsOtherEncodings(t *testing.T) {
	store, err := dead.Open(filepath.Join(t.TempDir(), deadFolder), dead.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	letters := Letters{store}
	const encodings = "nnoonoonnno"
	for i, e := range encodings {
		require.NoError(t, store.Add(tsdb, dead.Letter{Encoding: string(e), Item: []byte{'x'}, Hash: uint32(i)}))
	}
	resend := func(until uint64, encoding string) (taken string, points uint64, err error) {
		points, err = letters.Resend(t.Context(), tsdb, until, encoding, func(_ context.Context, some []dead.Letter) error {
			for _, l := range some {
				require.Equal(t, string(encodings[l.Hash]), l.Encoding)
				taken += string(rune('0' + l.Hash%10))
			}
			return nil
		})
		return taken, points, err
	}
	taken, points, err := resend(6, "n")
	require.ErrorIs(t, err, stat.ErrOtherEncoding)
	require.ErrorContains(t, err, `cannot resend 3 letters of tsdb: they are written in another form than "n"`)
	require.Equal(t, "014", taken)
	require.EqualValues(t, 3, points)

	taken, _, err = resend(0, "n")
	require.ErrorContains(t, err, "cannot resend 5 letters of tsdb")
	require.Equal(t, "789", taken, "none goes twice")
	require.EqualValues(t, 5, store.Counts()[tsdb])
	rows, err := letters.Rows()
	require.NoError(t, err)
	require.EqualValues(t, 5, rows[0].Points)
	var shown []uint64
	_, err = letters.Points(rows[0], func(p Point) bool { shown = append(shown, p.Number); return true })
	require.NoError(t, err)
	require.Equal(t, []uint64{3, 4, 6, 7, 11}, shown)

	taken, points, err = resend(0, "o")
	require.NoError(t, err, "the settings are back")
	require.Equal(t, "23560", taken)
	require.EqualValues(t, 5, points)
	require.Empty(t, store.Counts())
}

// A question makes no folders.
func TestUnknownTargetsOfLetters(t *testing.T) {
	dir := t.TempDir()
	store, err := dead.Open(filepath.Join(dir, deadFolder), dead.Options{})
	require.NoError(t, err)
	for _, letters := range []Letters{{store}, {}} {
		_, err = letters.Points(Row{Target: "nobody"}, nil)
		require.ErrorIs(t, err, stat.ErrNoBacklog)
		_, err = letters.Purge(Row{Target: "nobody"})
		require.ErrorIs(t, err, stat.ErrNoBacklog)
		rows, err := letters.Rows()
		require.NoError(t, err)
		require.Empty(t, rows)
	}
	require.NoDirExists(t, filepath.Join(dir, deadFolder, "nobody"))
	require.NoError(t, store.Close())
}
