package g

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRedisTakesDefaults(t *testing.T) {
	require.False(t, parse(t, `{"redis": {"enabled": false, "addrs": 7}}`).Redis.Enabled)
	c := parse(t, `{"redis": {"enabled": true, "addrs": ["h:6379"], "streamShare": 0, "lease": null, "relay": ""}}`)
	require.Empty(t, c.Warnings)
	require.Equal(t, Redis{
		Enabled: true, Addrs: []string{"h:6379"}, Prefix: "transfer", ConnTimeout: time.Second, CallTimeout: time.Second,
		Lease: 10 * time.Second, StreamShare: 0.1, Share: 0.5,
	}, c.Redis)
}

func TestRedisIsShownAsTheFileHasItWithoutSecrets(t *testing.T) {
	c := parse(t, `{"redis": {"enabled": true, "addrs": ["h1:26379", "h2:26379"], "masterName": "m", "username": "u", "password": "s3cret",
		"db": 3, "tls": {"enabled": true, "caFile": "ca.pem", "serverName": "redis"}, "prefix": "site-1", "relay": "r1",
		"connTimeout": 200, "callTimeout": 300, "lease": "2s", "streamShare": 0.2, "share": 0.9}}`)
	require.Empty(t, c.Warnings)
	text := string(effective(t, c))
	require.NotContains(t, text, "s3cret")
	require.Contains(t, text, `"redis":{"enabled":true,"addrs":["h1:26379","h2:26379"],"masterName":"m","username":"u","password":"***",`+
		`"db":3,"tls":{"enabled":true,"caFile":"ca.pem","serverName":"redis"},"prefix":"site-1","relay":"r1",`+
		`"connTimeout":200,"callTimeout":300,"lease":"2s","streamShare":0.2,"share":0.9}`)
	require.Contains(t, string(effective(t, parse(t, `{}`))), `"redis":{"enabled":false}`)
}

func TestRedisRefusesWhatCannotWork(t *testing.T) {
	cases := []struct{ name, keys, want string }{
		{"no address", `"addrs": []`, `redis.addrs: no address is there; write where Redis listens, as in ["10.0.0.1:6379"]`},
		{"no port", `"addrs": ["h"]`, `redis.addrs: "h" is no host:port; write it as in ["10.0.0.1:6379"]`},
		{"a login", `"addrs": ["redis://u:s3cret@h:1"]`, `redis.addrs: an address with a login or query is no host:port; write it as in ["10.0.0.1:6379"]`},
		{"database of a cluster", `"addrs": ["h:1", "h:2"], "db": 1`, `redis.db: a Redis Cluster has only database 0; take db away, or name one address, or masterName for Sentinels`},
		{"short lease", `"addrs": ["h:1"], "lease": "3s"`, `redis.lease: 3s is less than four times callTimeout; make it longer, or callTimeout shorter`},
		{"prefix", `"addrs": ["h:1"], "prefix": "a{b}"`, `redis.prefix: "a{b}" cannot stand in a name; take letters, digits, '-', '_' and '.', at most 64`},
		{"relay", `"addrs": ["h:1"], "relay": "a/b"`, `redis.relay: "a/b" cannot stand in a name; take letters, digits, '-', '_' and '.', at most 64`},
		{"half a certificate", `"addrs": ["h:1"], "tls": {"enabled": true, "certFile": "c"}`, `redis.tls: certFile and keyFile go together; name both, or none`},
		{"share", `"addrs": ["h:1"], "share": 50`, `redis.share: 50 is no number from 0 to 1; write a share, as in 0.2 for a fifth`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("cfg.json", []byte(`{"redis": {"enabled": true, `+c.keys+`}}`))
			require.EqualError(t, err, "cfg.json: "+c.want)
		})
	}
}

func TestKeyParts(t *testing.T) {
	for _, s := range []string{"a", "web-1.site_2", strings.Repeat("x", 64)} {
		require.True(t, IsKeyPart(s), s)
	}
	for _, s := range []string{"", ".", "..", "a b", "a:b", "a@b", "é", strings.Repeat("x", 65)} {
		require.False(t, IsKeyPart(s), s)
	}
}
