package metric

import (
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainTags is the rule for tags, written down without a thought for speed.
func plainTags(raw string) map[string]string {
	tags := map[string]string{}
	for _, piece := range strings.Split(strings.ReplaceAll(raw, " ", ""), ",") {
		if key, value, ok := strings.Cut(piece, "="); ok {
			tags[key] = value
		}
	}
	return tags
}

// plainKey is the rule for keys, likewise.
func plainKey(endpoint, metric, raw string) string {
	tags := plainTags(raw)
	if len(tags) == 0 {
		return endpoint + "/" + metric
	}
	pairs := []string{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, key+"="+tags[key])
	}
	return endpoint + "/" + metric + "/" + strings.Join(pairs, ",")
}

func TestParseTags(t *testing.T) {
	cases := []struct {
		raw  string
		want []Tag
	}{
		{"", nil},
		{"a=1", []Tag{{"a", "1"}}},
		{"a=1,b=2", []Tag{{"a", "1"}, {"b", "2"}}},
		{"b=2,a=1", []Tag{{"a", "1"}, {"b", "2"}}},
		{" b = 2 , a = 1 ", []Tag{{"a", "1"}, {"b", "2"}}},
		{"a=\t1", []Tag{{"a", "\t1"}}}, // only U+0020 is a space
		{"a=1,a=2", []Tag{{"a", "2"}}},
		{"a=1,b=3,a=2,b=4", []Tag{{"a", "2"}, {"b", "4"}}},
		{"a=1=2", []Tag{{"a", "1=2"}}},
		{"a=", []Tag{{"a", ""}}},
		{"=1", []Tag{{"", "1"}}},
		{"=", []Tag{{"", ""}}},
		{"a,b=1,", []Tag{{"b", "1"}}},
		{",,,", nil},
		{"   ", nil},
		{"ä=1,z=2,a=3", []Tag{{"a", "3"}, {"z", "2"}, {"ä", "1"}}}, // by bytes
		{"a=1,ab=2,a-=3", []Tag{{"a", "1"}, {"a-", "3"}, {"ab", "2"}}},
	}
	for _, c := range cases {
		got := ParseTags(c.raw)
		require.Len(t, got, len(c.want), c.raw)
		for i := range c.want {
			require.Equal(t, c.want[i], got[i], c.raw)
		}
	}
}

func TestAppendKey(t *testing.T) {
	require.Equal(t, "e/m", string(AppendKey(nil, "e", "m", nil)))
	require.Equal(t, "e/m/a=1,b=2", string(AppendKey(nil, "e", "m", []Tag{{"a", "1"}, {"b", "2"}})))
	require.Equal(t, "before e/m", string(AppendKey([]byte("before "), "e", "m", nil)))
}

func FuzzTags(f *testing.F) {
	for _, raw := range []string{
		"", "a=1", "b=2,a=1", "a=1,a=2", " a = 1 ", "a=1=2,=,a,,", "idc=bj,module=api,core=3",
		strings.Repeat("k=v,", 100), "\xff=\x00,图=1",
	} {
		f.Add("host", "cpu.idle", raw)
	}
	f.Fuzz(func(t *testing.T, endpoint, metric, raw string) {
		tags := ParseTags(raw)
		require.True(t, slices.IsSortedFunc(tags, func(x, y Tag) int { return strings.Compare(x.Key, y.Key) }))
		got := map[string]string{}
		for _, tag := range tags {
			got[tag.Key] = tag.Value
		}
		require.Len(t, tags, len(got), "no key twice")
		require.Equal(t, plainTags(raw), got)

		var b Batch
		p := b.Add()
		p.Endpoint, p.Metric, p.RawTags = endpoint, metric, raw
		b.Resolve(p)
		require.Equal(t, plainKey(endpoint, metric, raw), p.Key)
		require.Equal(t, crc32.ChecksumIEEE([]byte(p.Key)), p.Sum)
		require.Equal(t, string(AppendKey(nil, endpoint, metric, tags)), p.Key)
	})
}
