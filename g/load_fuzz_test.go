package g

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse: nothing panics, what is no JSON is refused, and the configuration in
// force, written as a file, is read as the same configuration.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	for _, file := range append(files, "../cfg.example.json") {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	for _, text := range []string{
		``, ` `, `null`, `{}`, `[]`, `{"":{}}`, `{"graph":{"enabled":true}}`,
		`{"judge":{"enabled":true,"batch":1e400}}`, `{"judge":{"enabled":false,"batch":1e400}}`,
		`{"graph":{"enabled":true,"cluster":{"":":1","\u0000":"[::1]:2,"}}}`,
		`{"influxdb":{"enabled":true,"address":"http://u:p@h:8086?p=x","password":"p","db":"\ud800"}}`,
		`{"http":{"enabled":true,"listen":"[::]:0","idleTimeout":"1h0m0.5s","requestBytes":"1mb"}}`,
		`{"memoryLimit":"99999999999TiB","x":[[[[{"y":"]}\"\\"}]]]]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("cfg.json", data)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.True(t, json.Valid(data))
		for _, b := range c.Backends {
			b.Address = "" // not shown as it was written
		}
		text := effective(t, c)
		again, err := Parse("cfg.json", text)
		require.NoError(t, err)
		require.Empty(t, again.Warnings)
		require.Equal(t, string(text), string(effective(t, again)))
	})
}

// FuzzMembers holds the splitting of an object to the standard library's.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{`{}`, `{"a":1}`, ` { "a" : [1, "]", {"b":"\\"}] , "\u0041\"" : -1.5E+7 , "" : null } `, `{"a":1e999,"b":{}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			return
		}
		got := make(map[string]json.RawMessage)
		for _, m := range members(data) {
			require.Equal(t, bytes.Trim(m.raw, spaces), m.raw)
			got[m.key] = m.raw
		}
		require.Equal(t, want, got)
	})
}
