package g

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdminURL(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:6060": "http://127.0.0.1:6060",
		"10.0.0.1:6060":  "http://10.0.0.1:6060",
		"relay-1:6060":   "http://relay-1:6060",
		":6060":          "http://127.0.0.1:6060",
		"0.0.0.0:6060":   "http://127.0.0.1:6060",
		"[::]:6060":      "http://127.0.0.1:6060",
		"[::1]:6060":     "http://[::1]:6060",
		":0":             "",
		"":               "",
	} {
		c := &Config{HTTP: Listener{Enabled: true, Listen: listen}}
		require.Equal(t, want, c.AdminURL(), listen)
		c.HTTP.Enabled = false
		require.Empty(t, c.AdminURL())
	}
}
