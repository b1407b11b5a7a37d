package folder

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPath(t *testing.T) {
	for id, path := range map[string]string{
		"tsdb":                               "tsdb",
		"graph/graph-00/10.0.0.1:6070":       "graph/graph-00/10.0.0.1_6070",
		"graph/graph_00/graph_1:6070":        "graph/graph_00/graph_1_6070",
		"judge/a b/10.0.0.1:6080":            "judge/a%20b/10.0.0.1_6080",
		"judge/a/b/10.0.0.1:6080":            "judge/a%2Fb/10.0.0.1_6080",
		"judge/../10.0.0.1:6080":             "judge/%2E./10.0.0.1_6080",
		"judge/./10.0.0.1:6080":              "judge/%2E/10.0.0.1_6080",
		"judge//10.0.0.1:6080":               "judge/%/10.0.0.1_6080",
		"judge/%/10.0.0.1:6080":              "judge/%25/10.0.0.1_6080",
		"judge/ü\x00/10.0.0.1:6080":          "judge/%C3%BC%00/10.0.0.1_6080",
		"judge/a/[2001:db8::1]:6080":         "judge/a/%5B2001%3Adb8%3A%3A1%5D_6080",
		"judge/a/host":                       "judge/a/host",
		"judge/" + long(200) + "/host:1":     "judge/" + long(200) + "/host_1",
		"judge/" + long(201) + "/host:1":     "judge/" + long(160) + "%291c4194382c6bd5/host_1",
		"judge/" + long(200) + "ü" + "/ho:1": "judge/" + long(160) + "%ce271e845eee9b46/ho_1",
		"odd/two":                            "odd/two",
		"":                                   "%",
	} {
		require.Equal(t, filepath.FromSlash(path), Path(id), id)
	}
}

func long(n int) string { return strings.Repeat("n", n) }

func TestOwnerFitsIntoAHeader(t *testing.T) {
	require.Equal(t, "graph/graph-00/10.0.0.1_6070/0", Owner(filepath.Join(Path("graph/graph-00/10.0.0.1:6070"), "0")))
	one, other := Owner(long(99)+"/0"), Owner(long(99)+"/1")
	require.LessOrEqual(t, len(one), 64)
	require.NotEqual(t, one, other)
}

// FuzzPath: whatever the id, its path lies in the store's folder, at most three
// folders below, and no file system refuses it.
func FuzzPath(f *testing.F) {
	for _, id := range []string{"tsdb", "graph/graph-00/10.0.0.1:6070", "a/../..", "/", "a//:", "\x00/\xff/\n:", ".../.:./.", long(300)} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		path := Path(id)
		require.True(t, filepath.IsLocal(path), path)
		require.Equal(t, filepath.Clean(path), path)
		names := strings.Split(path, string(filepath.Separator))
		require.LessOrEqual(t, len(names), deepest)
		for _, name := range names {
			require.NotEmpty(t, name)
			require.LessOrEqual(t, len(name), 255)
			require.NotEqual(t, manifestName, strings.TrimPrefix(name, "."))
		}
	})
}
