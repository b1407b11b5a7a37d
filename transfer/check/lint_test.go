package check

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

// site is a file without any finding, but for the lines that a case changes.
const (
	receivers = `"durability": "memory", "memoryLimit": "1GiB",
		"http": {"enabled": true, "listen": "10.0.0.1:6060"}, "rpc": {"enabled": true, "listen": ":8433"}`
	site = `{` + receivers + `, "graph": {"enabled": true, "cluster": {"graph-00": "h1:6070", "graph-01": "h2:6070"}}}`
)

// graph returns the site with other settings in graph's section.
func graph(settings string) string {
	return `{` + receivers + `, "graph": {"enabled": true, ` + settings + `}}`
}

// backend returns the site with another backend beside graph.
func backend(name, settings string) string {
	return site[:len(site)-1] + `, "` + name + `": {"enabled": true, ` + settings + `}}`
}

// even returns a ring with equal shares for each ring backend of cfg.
func even(cfg *g.Config) []stat.Ring {
	var rings []stat.Ring
	for _, b := range cfg.Backends {
		if b.Name != "graph" && b.Name != "judge" {
			continue
		}
		r := stat.Ring{Backend: b.Name, Hash: b.Hash, Replicas: b.Replicas, Fingerprint: "0123456789abcdef"}
		for _, n := range b.Nodes {
			r.Shares = append(r.Shares, stat.Share{Node: n.Name, Addresses: n.Addresses, Share: 1 / float64(len(b.Nodes))})
		}
		rings = append(rings, r)
	}
	return rings
}

func TestLint(t *testing.T) {
	cases := []struct {
		name, file string
		keys       []string // of the findings
		text       string   // in the first one
	}{
		{"nothing to say", site, nil, ""},
		{"no receiver", `{"durability": "memory", "graph": {"enabled": true, "cluster": {"a": "h:1"}}}`, []string{"rpc.enabled"}, "no receiver"},
		{"no backend", `{` + receivers + `}`, []string{"graph.enabled"}, "goes nowhere"},
		{"warnings first", backend("judge", `"bacth": 7, "retry": 3`), []string{"judge.bacth", "judge.retry"}, "unknown key"},
		{"two listeners, one port", backend("judge", `"cluster": {"a": "h:1"}}, "socket": {"enabled": true, "listen": "10.0.0.1:6060"`),
			[]string{"socket.listen"}, "port 6060 is that of http.listen too"},
		{"one port on two addresses", backend("judge", `"cluster": {"a": "h:1"}}, "socket": {"enabled": true, "listen": "10.0.0.2:6060"`), nil, ""},
		{"loop over loopback", backend("transfer", `"cluster": {"t1": "127.0.0.1:8433"}`), []string{"transfer.cluster.t1"}, "own rpc listener"},
		{"loop over the own name", backend("transfer", `"cluster": {"t1": "Relay-1:8433"}`), []string{"transfer.cluster.t1"}, "loop"},
		{"loop to a named interface", backend("transfer", `"cluster": {"t1": "10.0.0.1:6060"}`), []string{"transfer.cluster.t1"}, "own http listener"},
		{"same port elsewhere", backend("transfer", `"cluster": {"t1": "10.0.0.7:8433"}`), nil, ""},
		{"loopback, listening elsewhere", backend("transfer", `"cluster": {"t1": "127.0.0.1:6060"}`), nil, ""},
		{"address of two nodes", graph(`"cluster": {"a": "h:1", "b": "h:1,h:2"}`), []string{"graph.cluster.b"}, "h:1 is an address of node a too"},
		{"address of many nodes", graph(`"cluster": {"a": "h:1", "b": "h:1", "c": "h:1", "d": "h:1"}`), []string{"graph.cluster.b"}, "node a too, and of 2 more"},
		{"stray space", graph(`"cluster": {"graph-00 ": "h:1"}`), []string{`graph.cluster."graph-00 "`}, "white space"},
		{"other replicas", graph(`"replicas": 1000, "cluster": {"a": "h:1"}`), []string{"graph.replicas"}, "1000 virtual points"},
		{"replicas of murmur3", graph(`"hash": "murmur3", "cluster": {"a": "h:1"}`), nil, ""},
		{"telnet", backend("tsdb", `"address": "h:4242"`), []string{"tsdb.protocol"}, "telnet has no reply"},
		{"http", backend("tsdb", `"address": "h:4242", "protocol": "http"`), nil, ""},
		{"too much queue", graph(`"queueBytes": "300MiB", "cluster": {"a": "h:1,h:2"}`), []string{"memoryLimit"}, "2 targets with their queueBytes full take 600 MiB"},
		{"a group is one target", backend("transfer", `"queueBytes": "300MiB", "cluster": {"a": "h:1", "b": "h:2"}`), nil, ""},
		{"more lanes than connections", graph(`"lanes": 8, "maxConns": 4, "cluster": {"a": "h:1"}`), []string{"graph.lanes"}, "8 lanes"},
		{"admin for all", `{"durability": "memory", "http": {"enabled": true}, "graph": {"enabled": true, "cluster": {"a": "h:1"}}}`,
			[]string{"http.listen"}, "all interfaces"},
		{"debug", `{"debug": true, ` + site[1:], []string{"debug"}, "pprof"},
		{"without meaning", graph(`"retry": 3, "maxIdle": 32, "cluster": {"a": "h:1"}`), []string{"graph.retry", "graph.maxIdle"}, "no meaning left"},
		{"overflow without redis", `{"rpc": {"enabled": true}, "watchConfig": true, "graph": {"enabled": true, "handoff": "10m", "maxMove": 0.1, "overflow": "redis", "cluster": {"a": "h:1"}}}`,
			[]string{"graph.overflow"}, "stays in memory"},
		{"overflow to disk alone", graph(`"overflow": "disk+redis", "cluster": {"a": "h:1"}`), []string{"graph.overflow"}, "to disk alone"},
		{"overflow of memory", `{"rpc": {"enabled": true}, "durability": "memory", "redis": {"enabled": true, "addrs": ["h:6379"]}, "graph": {"enabled": true, "overflow": "redis", "cluster": {"a": "h:1"}}}`,
			[]string{"graph.overflow"}, "no backlog leaves memory"},
		{"overflow", `{"rpc": {"enabled": true}, "redis": {"enabled": true, "addrs": ["h:6379"]}, "graph": {"enabled": true, "overflow": "disk+redis", "cluster": {"a": "h:1"}}}`,
			nil, ""},
		{"failover of graph", graph(`"onDown": "failover", "cluster": {"a": "h:1", "b": "h:2"}`), []string{"graph.onDown"}, "does not find"},
		{"failover without a ring", backend("transfer", `"onDown": "failover", "cluster": {"a": "h:1", "b": "h:2"}`), []string{"transfer.onDown"}, "without a ring"},
		{"failover of judge", backend("judge", `"onDown": "failover", "cluster": {"a": "h:1", "b": "h:2"}`), nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := g.Parse("cfg.json", []byte(c.file))
			require.NoError(t, err)
			found := Lint(cfg, even(cfg), []string{"relay-1", "10.0.0.1"})
			var keys []string
			for _, f := range found {
				keys = append(keys, f.Key)
				require.NotEmpty(t, f.Remedy)
			}
			require.Equal(t, c.keys, keys)
			if len(found) > 0 {
				require.Contains(t, found[0].Text, c.text)
			}
		})
	}
}

func TestLintUnevenRing(t *testing.T) {
	cfg, err := g.Parse("cfg.json", []byte(site))
	require.NoError(t, err)
	ring := stat.Ring{Backend: "graph", Hash: g.HashCRC32, Replicas: 500, Shares: []stat.Share{
		{Node: "graph-00", Share: 0.63}, {Node: "graph-01", Share: 0.37}}}

	found := Lint(cfg, []stat.Ring{ring}, nil)
	require.Len(t, found, 1)
	require.Equal(t, "graph.cluster", found[0].Key)
	require.Equal(t, "node graph-00 gets 1.26 x the mean share, since CRC32 spreads unevenly", found[0].Text)

	ring.Hash = g.HashMurmur3
	require.Empty(t, Lint(cfg, []stat.Ring{ring}, nil))
}
