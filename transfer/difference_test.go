package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

func parse(t *testing.T, text string) *g.Config {
	t.Helper()
	cfg, err := g.Parse("test.json", []byte(text))
	require.NoError(t, err)
	return cfg
}

func TestDifferences(t *testing.T) {
	for name, one := range map[string]struct {
		old, now string
		want     []string
	}{
		"nothing":            {`{}`, `{}`, nil},
		"order and defaults": {`{"minStep": 30, "debug": false}`, `{"debug": false, "MINSTEP": 0}`, nil},
		"what has no effect": {`{"tsdb": {"enabled": true, "address": "h:1", "retry": 3}}`, `{"tsdb": {"enabled": true, "address": "h:1", "maxIdle": 4, "unknown": 1}}`, nil},
		"a disabled section": {`{}`, `{"rpc": {"enabled": false, "listen": "h:1"}}`, nil},
		"values":             {`{}`, `{"minStep": 10, "memoryLimit": "100MiB"}`, []string{"minStep: 30 -> 10"}},
		"enabled":            {`{}`, `{"socket": {"enabled": true}}`, []string{"socket: enabled"}},
		"disabled":           {`{"tsdb": {"enabled": true, "address": "h:1"}}`, `{}`, []string{"tsdb: disabled"}},
		"nodes": {
			`{"graph": {"enabled": true, "cluster": {"a": "h:1", "b": "h:2", "c": "h:3"}}}`,
			`{"graph": {"enabled": true, "cluster": {"d": "h:4", "b": "h:2,h:5", "c": "h:3"}}}`,
			[]string{"graph.cluster.b: h:2 -> h:2,h:5", "graph.cluster.d: h:4 added", "graph.cluster.a: h:1 removed"},
		},
		"a node's odd name": {
			`{"graph": {"enabled": true, "cluster": {"enabled": "h:1", "b": "h:2"}}}`,
			`{"graph": {"enabled": true, "cluster": {"b": "h:2"}}}`,
			[]string{"graph.cluster.enabled: h:1 removed"},
		},
		"a password": {
			`{"influxdb": {"enabled": true, "address": "http://h", "db": "d", "username": "u", "password": "secret"}}`,
			`{"influxdb": {"enabled": true, "address": "http://h", "db": "d", "username": "u", "password": "other"}}`,
			[]string{"influxdb.password: changed"},
		},
		"a login": {
			`{"influxdb": {"enabled": true, "db": "d", "address": "http://u:secret@h"}}`,
			`{"influxdb": {"enabled": true, "db": "d", "address": "http://u:other@h"}}`,
			[]string{"a value that is not shown has changed"},
		},
	} {
		old, now := parse(t, one.old), parse(t, one.now)
		old.MemoryLimit = now.MemoryLimit
		require.Equal(t, one.want, differences(old, now), name)
		if one.want == nil {
			require.Equal(t, hashOf(old), hashOf(now), name)
		}
	}
	require.NotEqual(t, hashOf(parse(t, `{}`)), hashOf(parse(t, `{"minStep": 10}`)))
}
