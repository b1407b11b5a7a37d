package backlog

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/dead"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestDeadList(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	fillLetters(t, dir)
	out, err := run(t, DeadCommand(data.open), "", dir, "list")
	require.NoError(t, err)
	require.Equal(t, []string{
		"TARGET  LANE  STATE  POINTS  MEMORY  BYTES    OLDEST               NEWEST               ENCODING",
		"tsdb    -     -      3       0       8.3 KiB  2026-01-02 03:04:05  2026-01-02 03:06:05",
		"all     -     -      3       0       8.3 KiB",
	}, lines(out))
	require.Equal(t, 1, data.closed)
}

func TestDeadShow(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	fillLetters(t, dir)
	out, err := run(t, DeadCommand(data.open), "", dir, "show", tsdb)
	require.NoError(t, err)
	head := `  hash 000000ab  tsdb/1 telnet  refused by 10.0.0.9:4242: "bad\nvalue"`
	require.Equal(t, []string{
		"tsdb",
		"2026-01-02 03:04:05  1" + head, "    put cpu 1 2 host=a",
		"2026-01-02 03:05:05  2" + head, "    put mem 1 2 host=a",
		"2026-01-02 03:06:05  3" + head, "    put .", "    70757420ff",
	}, lines(out))
	out, err = run(t, DeadCommand(data.open), "", dir, "show", tsdb, "--json", "--limit", "1")
	require.NoError(t, err)
	require.Len(t, lines(out), 1)
	require.Contains(t, out, `"reason":"bad\nvalue"`)
}

func TestDeadPurge(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	fillLetters(t, dir)
	_, err := run(t, DeadCommand(data.open), "yes\n", dir, "purge", tsdb)
	require.NoError(t, err)
	require.Empty(t, data.purged, "dead letters are none of the ledger's any more")
	require.Empty(t, segmentsIn(t, dir))
	out, err := run(t, DeadCommand(data.open), "", dir, "list")
	require.NoError(t, err)
	require.Equal(t, "no dead letters\n", out)
	store, err := dead.Open(filepath.Join(dir, deadFolder), dead.Options{})
	require.NoError(t, err)
	require.NoError(t, store.Add(tsdb, dead.Letter{Item: []byte("x")}))
	r, err := store.Letters(tsdb, segment.Position{})
	require.NoError(t, err)
	_, behind, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, uint64(5), behind.Next, "numbers go on")
	r.Close()
	require.NoError(t, store.Close())
}

func TestDataDirectory(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	_, err := run(t, SpoolCommand(data.open), "", filepath.Join(dir, "nowhere"), "list")
	require.ErrorContains(t, err, "name it by --data")
	require.NoDirExists(t, filepath.Join(dir, "nowhere"))

	locked := errors.New("another process uses it")
	_, err = run(t, DeadCommand(func(string) (Data, error) { return nil, locked }), "", dir, "list")
	require.ErrorIs(t, err, locked)

	config := filepath.Join(dir, "cfg.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"dataDir": "`+dir+`"}`), 0o600))
	var asked string
	open := func(dir string) (Data, error) { asked = dir; return data, nil }
	_, err = run(t, SpoolCommand(open), "", "", "list", "-c", config)
	require.NoError(t, err)
	require.Equal(t, dir, asked)
	_, err = run(t, SpoolCommand(open), "", "", "list", "-c", config+".not")
	require.ErrorContains(t, err, "cannot find the data directory")
}

func TestSizes(t *testing.T) {
	for bytes, text := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536 << 10: "1.5 MiB", 5 << 40: "5.0 TiB", 5 << 50: "5120.0 TiB",
	} {
		require.Equal(t, text, size(bytes))
	}
}

func TestItemsAreShownSafely(t *testing.T) {
	for item, want := range map[string]Point{
		"cpu,host=a value=1 1\n": {Text: "cpu,host=a value=1 1"},
		"ü":                      {Text: "ü"},
		"":                       {},
		"a\x1b[2Jb":              {Text: "a.[2Jb", Hex: "611b5b324a62"},
		"a\nb":                   {Text: "a.b", Hex: "610a62"},
		"\xff\x00":               {Text: "..", Hex: "ff00"},
	} {
		var p Point
		setItem(&p, []byte(item))
		require.Equal(t, want, p)
	}
	require.True(t, strings.HasPrefix(visible("a\x1bb"), `"`))
}
