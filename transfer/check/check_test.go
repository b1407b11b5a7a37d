package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

func TestRun(t *testing.T) {
	cfg, err := g.Parse("cfg.json", []byte(backend("influxdb", `"address": "http://u:s3cret@h:8086", "password": "s3cret", "retry": 3`)))
	require.NoError(t, err)
	rings := even(cfg)
	rings[0].Shares[0].Share, rings[0].Shares[1].Share = 0.6, 0.4

	var out strings.Builder
	require.NoError(t, Run(&out, cfg, rings))
	require.NotContains(t, out.String(), "s3cret")
	require.True(t, strings.HasPrefix(out.String(), "cfg.json is valid."))
	require.NotContains(t, out.String(), "clusterList", "it says what cluster says")
	require.Contains(t, out.String(), `"address": "http://h:8086"`)
	require.Contains(t, out.String(), `
Ring of graph: crc32, nodes: 2, virtual points a node: 500, fingerprint 0123456789abcdef
  graph-00   60.00 %  ########################################  h1:6070
  graph-01   40.00 %  ###########################               h2:6070
  largest share: 1.20 x the mean (graph-00)

Things to know (1):

  influxdb.retry: it has no meaning left: a failed call is tried until it succeeds or a limit of age or bytes is reached
      -> take it away when no original transfer reads this file any more
`)
}

func TestRunWithoutFindingsAndRings(t *testing.T) {
	cfg, err := g.Parse("cfg.json", []byte(site))
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, Run(&out, cfg, []stat.Ring{{Backend: "graph", Hash: g.HashCRC32, Replicas: 500}}))
	require.True(t, strings.HasSuffix(out.String(), "\nNo known trap found.\n"))
}

func TestRunBoundsTheFindings(t *testing.T) {
	cfg, err := g.Parse("cfg.json", []byte(site))
	require.NoError(t, err)
	for range maxFindings + 7 {
		cfg.Warnings = append(cfg.Warnings, g.Finding{Key: "x", Text: "odd"})
	}
	var out strings.Builder
	require.NoError(t, Run(&out, cfg, nil))
	require.Equal(t, maxFindings, strings.Count(out.String(), "x: odd"))
	require.True(t, strings.HasSuffix(out.String(), "\n  and 7 more\n"))
}

func TestRunReportsTheWritersError(t *testing.T) {
	cfg, err := g.Parse("cfg.json", []byte(site))
	require.NoError(t, err)
	require.EqualError(t, Run(full{}, cfg, nil), "cannot write the report on cfg.json: no space left on device")
}

// full is a writer that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
