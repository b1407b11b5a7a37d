package g

import (
	"os"
	"path/filepath"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
)

func effective(t *testing.T, c *Config) []byte {
	t.Helper()
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(c.Effective())
	require.NoError(t, err)
	return text
}

func TestEffectiveIsShapedAsTheFile(t *testing.T) {
	c := load(t, "secrets.json")
	got, err := c.Effective().Indent()
	require.NoError(t, err)
	want, err := os.ReadFile(filepath.Join("testdata", "secrets.effective.json"))
	require.NoError(t, err)
	require.Equal(t, string(want), got+"\n")
}

func TestEffectiveHoldsNoSecret(t *testing.T) {
	text := string(effective(t, load(t, "secrets.json")))
	require.Contains(t, text, `"password":"***"`)
	require.NotContains(t, text, "s3cret")
	require.NotContains(t, string(effective(t, load(t, "nonsense_disabled.json"))), "s3cret")
}

func TestEffectiveFillsInTheDefaultsOfEachBackend(t *testing.T) {
	for name, want := range map[string]string{
		"judge": `"maxAge":"10m"`, "graph": `"maxAge":"12h"`, "p8s_relay": `"maxAge":"24h"`, "tsdb": `"maxAge":"24h"`,
		"transfer": `"maxAge":"24h"`, "influxdb": `"precision":"ns"`,
	} {
		require.Contains(t, string(effective(t, parse(t, `{"`+name+`": {"enabled": true}}`))), want, name)
	}
}

func TestObjectWithout(t *testing.T) {
	o := Object{{"a", 1}, {"secret", 2}, {"b", Object{{"secret", 3}, {"c", 4}}}}
	require.Equal(t, Object{{"a", 1}, {"b", Object{{"c", 4}}}}, o.Without("secret"))
}

func TestRedactAddress(t *testing.T) {
	cases := []struct{ address, want string }{
		{"127.0.0.1:8086", "127.0.0.1:8086"},
		{"http://127.0.0.1:8086", "http://127.0.0.1:8086"},
		{"https://u:p@h:8086/influx", "https://h:8086/influx"},
		{"http://u:p@ss/w@h:8086", "http://h:8086"},
		{"u:p@h:8086", "h:8086"},
		{"u:p://w@h:8086", "h:8086"},
		{"http://h:8086/?u=u&p=p", "http://h:8086/?***"},
		{"http://h/#p", "http://h/?***"},
		{"http://", "http://"},
	}
	for _, c := range cases {
		require.Equal(t, c.want, RedactAddress(c.address), c.address)
	}
}
