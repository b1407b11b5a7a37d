package rings

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/metric"
)

func TestKeyOf(t *testing.T) {
	for words, want := range map[string]string{
		"web-1 cpu.busy":                       "web-1/cpu.busy",
		"web-1 cpu.busy b=2,a=1":               "web-1/cpu.busy/a=1,b=2",
		"web-1 df.used mount=/home":            "web-1/df.used/mount=/home",
		"web-1/cpu.busy":                       "web-1/cpu.busy",
		"web-1/cpu.busy/b=2,a=1":               "web-1/cpu.busy/a=1,b=2",
		"web-1/df.used/mount=/home":            "web-1/df.used/mount=/home",
		"web-1/cpu/busy":                       "web-1/cpu/busy",
		"web-1 cpu/core=1":                     "web-1/cpu/core=1",
		"图-1 cpu ,,a,x=1":                      "图-1/cpu/x=1",
		"web-1 " + strings.Repeat("m", 510):    "web-1/" + strings.Repeat("m", 510),
		"web-1 " + strings.Repeat("m", 511):    "over 510 bytes",
		"web-1 m " + strings.Repeat("t=", 255): "over 510 bytes",
		"web-1":                                "cannot tell the series",
		"/cpu":                                 "cannot tell the series",
		"web-1/":                               "cannot tell the series",
	} {
		key, err := keyOf(strings.Fields(words))
		if err != nil {
			require.ErrorContains(t, err, want, words)
		} else {
			require.Equal(t, want, key)
		}
	}
	key, err := keyOf([]string{"web-1", "cpu", "b = 2, a = 1"})
	require.NoError(t, err)
	require.Equal(t, "web-1/cpu/a=1,b=2", key, "spaces are none of the tags")
	_, err = keyOf([]string{"", "cpu", ""})
	require.ErrorIs(t, err, errWords)
}

func FuzzKeyOf(f *testing.F) {
	f.Add("web-1", "cpu", "b=2,a=1")
	f.Add("web-1", "df/used", "mount=/home, a")
	f.Fuzz(func(t *testing.T, endpoint, name, tags string) {
		key, err := keyOf([]string{endpoint, name, tags})
		if err != nil {
			return
		}
		p := metric.Point{Endpoint: endpoint, Metric: name, RawTags: tags}
		var b metric.Batch
		b.Resolve(&p)
		require.Equal(t, p.Key, key)
	})
}

// The file holds placements computed by the library that the query side uses: the
// command names the same nodes, and each by a point that is the node's.
func TestPlaceIsTheReferences(t *testing.T) {
	file, err := os.ReadFile("../../sender/ring/testdata/ring.json")
	require.NoError(t, err)
	var vectors []struct {
		Replicas int
		Nodes    []string
		Keys     map[string]string
	}
	require.NoError(t, jsoniter.Unmarshal(file, &vectors))
	require.NotEmpty(t, vectors)
	for i, v := range vectors {
		cluster := make(map[string]string)
		for _, node := range v.Nodes {
			cluster[node] = "127.0.0.1:6070"
		}
		config := writeConfig(t, map[string]any{"graph": map[string]any{"enabled": true, "replicas": v.Replicas, "lanes": 4, "cluster": cluster}})
		cfg, err := g.Load(config)
		require.NoError(t, err)
		all, err := fromConfig(cfg)
		require.NoError(t, err)
		require.Len(t, all, 1)
		byCommand := 0
		require.NotEmpty(t, v.Keys)
		for word, node := range v.Keys {
			key, err := keyOf([]string{word})
			require.NoError(t, err)
			require.Equal(t, word, key)
			p := all[0].place(key)
			require.Equal(t, node, p.Node, "%d x %v: %s", v.Replicas, v.Nodes, key)
			require.Equal(t, p.PointOf, fmt.Sprint(p.Number)+node)
			require.Equal(t, p.Wrapped, p.Point <= p.Hash)
			if byCommand++; byCommand <= 3 {
				out, err := run("place", "--json", "-c", config, word)
				require.NoError(t, err)
				var said placement
				require.NoError(t, json.Unmarshal([]byte(out), &said))
				require.Equal(t, p, said, i)
			}
		}
	}
}

// writeConfig writes a configuration without an admin server, unless it has one, and
// returns its path.
func writeConfig(t *testing.T, sections map[string]any) string {
	t.Helper()
	text, err := json.Marshal(sections)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cfg.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}
