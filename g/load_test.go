package g

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	c, err := Load(filepath.Join("testdata", name))
	require.NoError(t, err)
	return c
}

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("cfg.json", []byte(text))
	require.NoError(t, err)
	return c
}

func TestOriginalFileUnchanged(t *testing.T) {
	c := load(t, "original.json")

	require.Empty(t, c.Warnings)
	require.True(t, c.Debug)
	require.Equal(t, 30, c.MinStep)
	require.True(t, c.HTTP.Enabled)
	require.Equal(t, "0.0.0.0:8433", c.RPC.Listen)
	require.Equal(t, "0.0.0.0:4444", c.Socket.Listen)
	require.Equal(t, 3600*time.Second, c.Socket.IdleTimeout)
	require.Len(t, c.Backends, 2)
	require.Nil(t, c.Backend("tsdb"))
	require.Equal(t, &Backend{
		Name: "graph", Batch: 200, ConnTimeout: time.Second, CallTimeout: 5 * time.Second, MaxConns: 32, MaxIdle: 32,
		Replicas: 500, Hash: "crc32", Nodes: []Node{{"graph-00", []string{"127.0.0.1:6070"}}},
		QueueBytes: 16 * MiB, SpoolBytes: 4 * GiB, MaxAge: 12 * time.Hour,
		ProbeInterval: 5 * time.Second, EjectAfter: 3, OnDown: "wait", OnRemove: "reroute", Overflow: "disk",
	}, c.Backend("graph"))
}

func TestMissingSectionsAndKeysTakeDefaults(t *testing.T) {
	c := load(t, "old_release.json")

	require.Empty(t, c.Warnings)
	require.False(t, c.Socket.Enabled)
	require.Equal(t, Limits{
		Connections: 16384, ConnectionsPerIP: 8192, RequestBytes: 32 * MiB, PointsPerRequest: 200_000,
		IdleTimeout: time.Hour, HeaderTimeout: 10 * time.Second, RequestTimeout: time.Minute,
	}, c.RPC.Limits)
	require.Equal(t, 64*KiB, parse(t, `{"socket": {"enabled": true}}`).Socket.RequestBytes)
	require.Equal(t, []Node{
		{"graph-00", []string{"127.0.0.1:6070"}},
		{"graph-01", []string{"127.0.0.2:6070", "127.0.0.3:6070"}},
	}, c.Backend("graph").Nodes)
	require.Equal(t, 500, c.Backend("graph").Replicas)

	empty := parse(t, `{}`)
	require.Equal(t, 30, empty.MinStep)
	require.Equal(t, "journal", empty.Durability)
	require.Equal(t, "./var/transfer", empty.DataDir)
	require.Equal(t, 1_000_000, empty.SeriesCache)
	require.Equal(t, "memory", empty.OnDiskError)
	require.Positive(t, empty.MemoryLimit)
	require.Empty(t, empty.Backends)
}

func TestDisabledSectionsMayHoldNonsense(t *testing.T) {
	c := load(t, "nonsense_disabled.json")

	require.True(t, c.RPC.Enabled)
	require.False(t, c.HTTP.Enabled)
	require.False(t, c.Socket.Enabled)
	require.Empty(t, c.Backends)
	var keys []string
	for _, w := range c.Warnings {
		keys = append(keys, w.Key)
		require.NotContains(t, w.String(), "s3cret")
	}
	require.Equal(t, []string{"http", "socket", "influxdb.enabled", "p8s_relay.enabled"}, keys)
}

func TestValues(t *testing.T) {
	graph := func(settings string) string {
		return `{"graph": {"enabled": true, "cluster": {"a": "h:1"}, ` + settings + `}}`
	}
	get := func(text string) *Backend { return parse(t, text).Backend("graph") }

	require.Equal(t, 4000, get(graph(`"hash": "murmur3"`)).Replicas)
	require.Equal(t, 500, get(graph(`"hash": "murmur3", "replicas": 500`)).Replicas)
	require.Equal(t, 200, get(graph(`"batch": 0`)).Batch)
	require.Equal(t, 200, get(graph(`"batch": null`)).Batch)
	require.Equal(t, 64*KiB, get(graph(`"queueBytes": "64KiB"`)).QueueBytes)
	require.Equal(t, Bytes(512e6), get(graph(`"queueBytes": "512MB"`)).QueueBytes)
	require.Equal(t, Bytes(123456), get(graph(`"queueBytes": 123456`)).QueueBytes)
	require.Equal(t, 90*time.Minute, get(graph(`"maxAge": "1h30m"`)).MaxAge)
	require.Equal(t, 250*time.Millisecond, get(graph(`"CALLTIMEOUT": 250`)).CallTimeout)
	require.Equal(t, 100*time.Millisecond, get(graph(`"probeInterval": "100ms"`)).ProbeInterval)
	for _, off := range []string{`0`, `"0"`, `"0s"`} {
		require.Zero(t, get(graph(`"probeInterval": `+off)).ProbeInterval, off)
	}
	require.Equal(t, 5*time.Second, get(graph(`"probeInterval": ""`)).ProbeInterval)
	require.Equal(t, BalanceSticky, parse(t, `{"transfer": {"enabled": true, "cluster": {"a": "h:1"}}}`).Backend("transfer").Balance)
	require.InDelta(t, 0.2, get(graph(`"maxMove": 0.2`)).MaxMove, 0)
	require.Equal(t, "h\ufffd\ufffd", get(graph("\"db\": \"h\xff\xfe\"")).DB)
	require.Equal(t, []string{"go."}, get(graph(`"notSyncMetrics": ["go.", ""]`)).NotSyncMetrics)

	require.Equal(t, 30, parse(t, `{"minStep": -7}`).MinStep)
	require.Equal(t, 1, parse(t, `{"MinStep": 1}`).MinStep)
	require.Zero(t, parse(t, `{"seriesCache": 0}`).SeriesCache)
	require.Equal(t, 3*GiB, parse(t, `{"memoryLimit": "3gib"}`).MemoryLimit)

	influxdb := parse(t, `{"influxdb": {"enabled": true, "timeout": 700}}`).Backend("influxdb")
	require.Equal(t, 700*time.Millisecond, influxdb.CallTimeout)
	require.Empty(t, influxdb.Protocol)
	require.Equal(t, "telnet", parse(t, `{"tsdb": {"enabled": true}}`).Backend("tsdb").Protocol)
}

func TestWarnings(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"slip at the top", `{"minstep ": 30}`, `"minstep ": unknown key, it has no effect; did you mean minStep?`},
		{"slip in a section", `{"graph": {"enabled": true, "bacth": 1}}`, `graph.bacth: unknown key, it has no effect; did you mean batch?`},
		{"unheard of", `{"kafka": {}}`, `kafka: unknown key, it has no effect; take it away, or see docs/configuration.md for the keys`},
		{"another section's key", `{"judge": {"enabled": true, "timeout": 5}}`, `judge.timeout: unknown key, it has no effect; take it away, or see docs/configuration.md for the keys`},
		{"repeated key", `{"debug": true, "Debug": false}`, `debug: the key stands there more than once, the last one counts; take the others away`},
		{"repeated node", `{"graph": {"enabled": true, "cluster": {"a": "h:1", "a": "h:2"}}}`, `graph.cluster.a: the node stands there more than once, the last one counts; take the others away`},
		{"repeated address", `{"graph": {"enabled": true, "cluster": {"a": "h:1,h:1"}}}`, `graph.cluster.a: h:1 stands there twice, it is used once; take one away`},
		{"enabled in quotes", `{"rpc": {"enabled": "true"}}`, `rpc.enabled: neither true nor false, so the section stays disabled; write it without quotes`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			warnings := parse(t, c.text).Warnings
			require.Len(t, warnings, 1)
			require.Equal(t, c.want, warnings[0].String())
		})
	}
}

func TestErrorsNameFileKeyAndRemedy(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"empty", ``, `the file is empty; cfg.example.json is a file to begin with`},
		{"blank", " \r\n\t", `the file is empty; cfg.example.json is a file to begin with`},
		{"byte order mark", "\ufeff{}", `line 1, column 1: invalid character 'ï' looking for beginning of value; save the file without a byte order mark`},
		{"comment", "{\n  // ports\n}", `line 2, column 3: invalid character '/' looking for beginning of object key string; JSON has no comments, take it away`},
		{"comma missing", "{\n  \"debug\": true\n  \"minStep\": 30}", `line 3, column 3: invalid character '"' after object key:value pair; is there a comma or colon missing before it?`},
		{"comma too many", "{\n  \"debug\": true,\n}", `line 3, column 1: invalid character '}' looking for beginning of object key string; is there a comma too many before it?`},
		{"half-written", "{\"graph\": {\"ena", `line 1, column 15: unexpected end of JSON input; mend the JSON there`},
		{"column in characters", `{"é": x}`, `line 1, column 7: invalid character 'x' looking for beginning of value; mend the JSON there`},
		{"behind the object", `{} {}`, `line 1, column 4: invalid character '{' after top-level value; mend the JSON there`},
		{"no object", `[1]`, `the configuration is no JSON object; begin it with { and end it with }`},
		{"bool", `{"debug": "yes"}`, `debug: "yes" is neither true nor false; write true or false without quotes`},
		{"number in quotes", `{"judge": {"enabled": true, "batch": "200"}}`, `judge.batch: "200" is no whole number; write it without quotes and fraction, as in 200`},
		{"out of range", `{"judge": {"enabled": true, "batch": -1}}`, `judge.batch: -1 is out of range; take 1 to 100000`},
		{"number too long", `{"judge": {"enabled": true, "batch": 1e400}}`, `judge.batch: 1e400 is no whole number; write it without quotes and fraction, as in 200`},
		{"object for a number", "{\"judge\": {\"enabled\": true, \"batch\": {\n}}}", `judge.batch: an object is no whole number; write it without quotes and fraction, as in 200`},
		{"list for a bool", `{"debug": []}`, `debug: a list is neither true nor false; write true or false without quotes`},
		{"unknown word", `{"graph": {"enabled": true, "hash": "md5"}}`, `graph.hash: "md5" is not known here; take crc32 or murmur3`},
		{"size", `{"tsdb": {"enabled": true, "queueBytes": "lots"}}`, `tsdb.queueBytes: "lots" is no size; write bytes as in 16777216, or as in "16MiB", "4GiB", "512MB"`},
		{"size too small", `{"tsdb": {"enabled": true, "queueBytes": 100}}`, `tsdb.queueBytes: 100 is out of range; take 64KiB to 1TiB`},
		{"duration as a number", `{"graph": {"enabled": true, "maxAge": 10}}`, `graph.maxAge: 10 is no duration; write it as in "10m", "1h30m" or "500ms"`},
		{"hasty probes", `{"graph": {"enabled": true, "probeInterval": "99ms", "cluster": {"a": "h:1"}}}`, `graph.probeInterval: "99ms" is too short; take "100ms" or more, or 0 for off`},
		{"probes in seconds", `{"graph": {"enabled": true, "probeInterval": 5, "cluster": {"a": "h:1"}}}`, `graph.probeInterval: 5 is no duration; write it as in "5s", or 0 for off`},
		{"unknown balance", `{"transfer": {"enabled": true, "balance": "random", "cluster": {"a": "h:1"}}}`, `transfer.balance: "random" is not known here; take sticky or roundRobin or leastInFlight`},
		{"negative duration", `{"rpc": {"enabled": true, "idleTimeout": "-1s"}}`, `rpc.idleTimeout: "-1s" is too short; take "1ms" or more`},
		{"listen without port", `{"http": {"enabled": true, "listen": "6060"}}`, `http.listen: "6060" is no host:port; write it as in "0.0.0.0:8433" or ":8433"`},
		{"port out of range", `{"http": {"enabled": true, "listen": ":66000"}}`, `http.listen: ":66000" is no host:port; write it as in "0.0.0.0:8433" or ":8433"`},
		{"secret of another type", `{"influxdb": {"enabled": true, "password": 4711}}`, `influxdb.password: it is no string; write it in double quotes`},
		{"list", `{"p8s_relay": {"enabled": true, "notSyncMetrics": "go."}}`, `p8s_relay.notSyncMetrics: it is no list of strings; write it as in ["first", "second"]`},
		{"share", `{"graph": {"enabled": true, "maxMove": 20}}`, `graph.maxMove: 20 is no number from 0 to 1; write a share, as in 0.2 for a fifth`},
		{"cluster", `{"graph": {"enabled": true, "cluster": ["h:1"]}}`, `graph.cluster: it is no object; write it as in {"graph-00": "10.0.0.1:6070"}`},
		{"address", `{"graph": {"enabled": true, "cluster": {"graph-00": "h:1, h2"}}}`, `graph.cluster.graph-00: "h2" is no host:port; write it as in "10.0.0.1:6070" or "10.0.0.1:6070,10.0.0.2:6070"`},
		{"address with a login", `{"graph": {"enabled": true, "cluster": {"graph-00": "root:s3cret@h:6070"}}}`, `graph.cluster.graph-00: an address with a login or query is no host:port; write it as in "10.0.0.1:6070" or "10.0.0.1:6070,10.0.0.2:6070"`},
		{"address with port 0", `{"graph": {"enabled": true, "cluster": {"graph-00": "h:0"}}}`, `graph.cluster.graph-00: "h:0" is no host:port; write it as in "10.0.0.1:6070" or "10.0.0.1:6070,10.0.0.2:6070"`},
		{"no address", `{"graph": {"enabled": true, "cluster": {"graph 00": ","}}}`, `graph.cluster."graph 00": the node has no address; write it as in "10.0.0.1:6070" or "10.0.0.1:6070,10.0.0.2:6070"`},
		{"address of another type", `{"graph": {"enabled": true, "cluster": {"graph-00": 6070}}}`, `graph.cluster.graph-00: it is no string of addresses; write it as in "10.0.0.1:6070" or "10.0.0.1:6070,10.0.0.2:6070"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("cfg.json", []byte(c.text))
			require.EqualError(t, err, "cfg.json: "+c.want)
		})
	}
}

func TestAllErrorsOfAFileAreTold(t *testing.T) {
	_, err := Parse("cfg.json", []byte(`{"debug": 1, "graph": {"enabled": true, "batch": -1, "cluster": {"a": "b"}}}`))
	require.Len(t, strings.Split(err.Error(), "\n"), 3)

	var nodes []string
	for i := range 10_000 {
		nodes = append(nodes, fmt.Sprintf(`"n%d": "nowhere"`, i))
	}
	_, err = Parse("cfg.json", []byte(`{"graph": {"enabled": true, "cluster": {`+strings.Join(nodes, ",")+`}}}`))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, maxFindings+1)
	require.Equal(t, "cfg.json: 9900 more like these", lines[maxFindings])
}

func TestFindingsOfNodesComeInTheOrderOfTheirNames(t *testing.T) {
	_, err := Parse("cfg.json", []byte(`{"graph": {"enabled": true, "cluster": {"d": "", "b": "", "a": "", "c": ""}}}`))
	var nodes []string
	for line := range strings.Lines(err.Error()) {
		nodes = append(nodes, strings.Split(line, ": ")[1])
	}
	require.Equal(t, []string{"graph.cluster.a", "graph.cluster.b", "graph.cluster.c", "graph.cluster.d"}, nodes)
}

func TestTenThousandNodes(t *testing.T) {
	var nodes []string
	for i := range 10_000 {
		nodes = append(nodes, fmt.Sprintf(`"graph-%05d": "10.0.%d.%d:6070"`, i, i/250, i%250))
	}
	c := parse(t, `{"graph": {"enabled": true, "cluster": {`+strings.Join(nodes, ",")+`}}}`)
	require.Len(t, c.Backend("graph").Nodes, 10_000)
	require.Equal(t, Node{"graph-09999", []string{"10.0.39.249:6070"}}, c.Backend("graph").Nodes[9999])
}

func TestHugeAndDeepFilesAreRefused(t *testing.T) {
	_, err := Parse("cfg.json", make([]byte, maxFileBytes+1))
	require.EqualError(t, err, "cfg.json: the file is over 64MiB; is it the right one?")

	_, err = Parse("cfg.json", []byte(`{"x": `+strings.Repeat("[", 100_000)))
	require.ErrorContains(t, err, "exceeded max depth")

	c := parse(t, `{"judge": {"x": `+strings.Repeat("[", 9_000)+strings.Repeat("]", 9_000)+`}}`)
	require.Empty(t, c.Backends)
}

func TestTooManyAddressesOfANode(t *testing.T) {
	var all []string
	for i := range maxAddresses + 1 {
		all = append(all, fmt.Sprintf("h%d:1", i))
	}
	_, err := Parse("cfg.json", []byte(`{"graph": {"enabled": true, "cluster": {"a": "`+strings.Join(all, ",")+`"}}}`))
	require.ErrorContains(t, err, "cfg.json: graph.cluster.a: the node has more than 64 addresses; ")
}

func TestUnreadableFiles(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "cfg.json")
	_, err := Load(missing)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.EqualError(t, err, missing+": cannot read the configuration: no such file or directory; name a readable file with -c")

	folder := t.TempDir()
	_, err = Load(folder)
	require.EqualError(t, err, folder+": cannot read the configuration: is a directory; name a readable file with -c")
}

func TestBackendNamesAreKnownKeys(t *testing.T) {
	for _, name := range BackendNames() {
		require.NotNil(t, parse(t, `{"`+name+`": {"enabled": true}}`).Backend(name))
	}
	require.IsIncreasing(t, BackendNames())
}

func TestExampleFile(t *testing.T) {
	c, err := Load(filepath.Join("..", "cfg.example.json"))
	require.NoError(t, err)
	require.Empty(t, c.Warnings)
	require.Len(t, c.Backends, 2)
}

func TestEveryKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "configuration.md"))
	require.NoError(t, err)
	c := newConfig("")
	keys := slices.Concat(c.keys(), c.HTTP.requestKeys(), c.Socket.lineKeys())
	for _, traits := range backends() {
		keys = append(keys, newBackend(traits).keys(traits)...)
	}
	for _, k := range keys {
		require.Contains(t, string(text), "`"+k.name+"`")
	}
}
