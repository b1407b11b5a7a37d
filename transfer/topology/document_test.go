package topology

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

const whole = `{"version":7,"id":"ab","parent":"aa","effectiveAt":1700000000000,"at":1,"by":"u@h","note":"n","forced":true,` +
	`"backends":{"graph":{"hash":"crc32","replicas":500,"cluster":{"b":"h2:1","a":"h1:1,h3:1"}},"judge":{"hash":"murmur3","cluster":{"j":"h:1"}}}}`

func TestDecode(t *testing.T) {
	d, err := Decode([]byte(whole))
	require.NoError(t, err)
	require.Equal(t, uint64(7), d.Version)
	require.True(t, d.Forced)
	require.Equal(t, []g.Node{{Name: "a", Addresses: []string{"h1:1", "h3:1"}}, {Name: "b", Addresses: []string{"h2:1"}}}, d.Backends()[0].Nodes)
	require.Equal(t, 4000, d.Backends()[1].Replicas, "the hash's default")
	text, err := d.MarshalJSON()
	require.NoError(t, err)
	again, err := Decode(text)
	require.NoError(t, err)
	require.Equal(t, d, again)
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":     {`{`, "it is no topology"},
		"no backend":  {`{"version":1}`, "it names no backend"},
		"no ring":     {`{"backends":{"tsdb":{"cluster":{"a":"h:1"}}}}`, `"tsdb" is no backend with a ring`},
		"no node":     {`{"backends":{"graph":{"cluster":{}}}}`, "graph.cluster: a ring needs at least one node"},
		"bad node":    {`{"backends":{"graph":{"cluster":{"a":"h"}}}}`, `graph.cluster.a: "h" is no host:port`},
		"bad hash":    {`{"backends":{"graph":{"hash":"md5","cluster":{"a":"h:1"}}}}`, `graph.hash: "md5" is not known here`},
		"not set":     {`{"backends":{"graph":{"cluster":{"a":"h:1"}}}}`, "it lacks version, id or effectiveAt"},
		"spaced id":   {`{"id":"a b","backends":{"graph":{"cluster":{"a":"h:1"}}}}`, `id "a b" has a space in it`},
		"long note":   {`{"note":"` + strings.Repeat("x", 2000) + `"}`, "longer than 1024 bytes"},
		"large":       {strings.Repeat(" ", maxBytes+1), "bytes, more than"},
		"replicas<0":  {`{"backends":{"graph":{"replicas":-1,"cluster":{"a":"h:1"}}}}`, "graph.replicas: -1 is out of range"},
		"other types": {`{"backends":{"graph":{"cluster":{"a":1}}}}`, "it is no topology"},
	} {
		_, err := Decode([]byte(c.text))
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestFromTakesRingsAlone(t *testing.T) {
	d := graphOf(t, "a", "b")
	require.Len(t, d.Backends(), 1)
	require.True(t, d.Names("graph"))
	require.False(t, d.Names("transfer"))
	_, err := From(&g.Config{Path: "cfg.json"})
	require.ErrorContains(t, err, "cannot make a topology of cfg.json: it names no backend")
}

func TestOn(t *testing.T) {
	file := configOf(t, "a")
	file.Backend("graph").MaxMove = 0.5
	cfg := graphOf(t, "a", "b").On(file)
	require.Len(t, cfg.Backend("graph").Nodes, 2)
	require.InDelta(t, 0.5, cfg.Backend("graph").MaxMove, 0)
	require.Len(t, file.Backend("graph").Nodes, 1, "the file stays as it is")
	require.Same(t, file, (*Document)(nil).On(file))
	require.Empty(t, (*Document)(nil).Differs(file))

	judge, err := g.Parse("cfg.json", []byte(`{"judge": {"enabled": true, "cluster": {"j": "h:1"}}}`))
	require.NoError(t, err)
	require.Equal(t, judge.Backends, graphOf(t, "a").On(judge).Backends, "a backend that is not enabled here")
}

func TestLastGood(t *testing.T) {
	path := filepath.Join(t.TempDir(), "topology.json")
	d, err := Load(path, "site")
	require.NoError(t, err)
	require.Nil(t, d)
	d, err = Decode([]byte(whole))
	require.NoError(t, err)
	require.NoError(t, Save(path, "site", d))
	again, err := Load(path, "site")
	require.NoError(t, err)
	require.Equal(t, d, again)
	other, err := Load(path, "other")
	require.NoError(t, err)
	require.Nil(t, other, "it is of another site")

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), "h2:1", "h9:1", 1)), 0o600))
	_, err = Load(path, "site")
	require.ErrorContains(t, err, "is damaged")
	require.NoError(t, os.WriteFile(path, text[:len(text)/2], 0o600))
	_, err = Load(path, "site")
	require.ErrorContains(t, err, "cannot read the topology that was kept")
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]Version{"": {}, "7 ab": {7, "ab"}} {
		v, err := parseVersion(text)
		require.NoError(t, err)
		require.Equal(t, want, v)
		require.Equal(t, text, v.String())
	}
	for _, text := range []string{"7", "x y", "0 a", "-1 a", "7 "} {
		_, err := parseVersion(text)
		require.Error(t, err, text)
	}
}

// What stands in Redis or on disk is refused, or is a topology that stays what it is.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{whole, `{}`, `{"version":1,"id":"x","effectiveAt":1,"backends":{"graph":{"cluster":{"a":"h:1"}}}}`,
		`{"backends":{"graph":{"cluster":{"":"h:1","a":"h:1,h:1"}}}}`, `{"backends":null}`, `[]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Decode(text)
		if err != nil {
			return
		}
		require.NotEmpty(t, d.Backends())
		for _, b := range d.Backends() {
			require.NotEmpty(t, b.Nodes)
		}
		out, err := d.MarshalJSON()
		require.NoError(t, err)
		again, err := Decode(out)
		require.NoError(t, err)
		require.Equal(t, d.version(), again.version())
		require.True(t, d.sameRings(again))
	})
}

// What relays say of themselves may be anything.
func FuzzReadBeat(f *testing.F) {
	f.Add(`1700000000000 {"host":"h","rings":{"graph":"ff"}}`)
	f.Add(`x {}`)
	f.Add(`1 null`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readBeat("r", text)
		if err != nil {
			return
		}
		require.Equal(t, "r", p.Relay)
		require.False(t, p.Alive)
	})
}
