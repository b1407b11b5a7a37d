package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// original returns the configuration of the original, its ports free ones.
func original(t *testing.T) section {
	t.Helper()
	text, err := os.ReadFile("../../g/testdata/original.json")
	require.NoError(t, err)
	var cfg section
	require.NoError(t, json.Unmarshal(text, &cfg))
	for _, name := range []string{"http", "rpc", "socket"} {
		cfg[name].(map[string]any)["listen"] = "127.0.0.1:0"
	}
	cfg["dataDir"] = filepath.Join(t.TempDir(), "data")
	return cfg
}

func TestSitesConfigurationsStart(t *testing.T) {
	for name, change := range map[string]func(cfg section){
		"the original's": func(section) {},
		"sections missing": func(cfg section) {
			for _, key := range []string{"p8s_relay", "influxdb", "transfer", "tsdb", "socket", "minStep", "debug"} {
				delete(cfg, key)
			}
		},
		"nonsense in disabled sections": func(cfg section) {
			cfg["tsdb"] = section{"enabled": false, "batch": "many", "address": []int{1}, "cluster": 7}
			cfg["influxdb"] = "none"
			cfg["transfer"] = section{"batch": -1, "cluster": "here"}
			cfg["p8s_relay"] = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := original(t)
			change(cfg)
			r := startRelay(t, cfg)
			require.Equal(t, "ok\n", r.get(t, "/health"))
			require.Equal(t, "ready\n", r.get(t, "/ready"))
			r.stop(t)
		})
	}
}
