package metric

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// part parts a counter by the way of a point.
func part(counter string) [2]string {
	p := Point{Endpoint: "e", Metric: counter, Joined: true}
	p.Part()
	parted := p
	p.Part()
	if p.Joined || p.Endpoint != "e" || p.Metric != parted.Metric || p.RawTags != parted.RawTags {
		panic("what is parted is parted no further")
	}
	return [2]string{p.Metric, p.RawTags}
}

func TestPart(t *testing.T) {
	for counter, want := range map[string][2]string{
		"m":             {"m", ""},
		"m/":            {"m/", ""},
		"m/k=v":         {"m", "k=v"},
		"m/k=":          {"m", "k="},
		"m/=v":          {"m/=v", ""},
		"a/b/k=v":       {"a", "b/k=v"},
		"a/b":           {"a/b", ""},
		"a/b,k=v":       {"a/b,k=v", ""},
		"a,b=c/d=e":     {"a,b=c", "d=e"},
		"a/b=c,d":       {"a/b=c,d", ""},
		"a/b=c,=d":      {"a/b=c,=d", ""},
		"a/b,c=d/e=f,g": {"a/b,c=d/e=f,g", ""},
		"a/b,c=d/e=f":   {"a/b,c=d", "e=f"},
		"/k=v":          {"", "k=v"},
		"m//k=v":        {"m", "/k=v"},
		"m/k=v=w,x=/":   {"m", "k=v=w,x=/"},
		"":              {"", ""},
	} {
		require.Equal(t, want, part(counter), counter)
	}
	p := Point{Metric: "m/k=v", RawTags: "x=y"}
	p.Part()
	require.Equal(t, Point{Metric: "m/k=v", RawTags: "x=y"}, p, "only what is joined is parted")
}

func FuzzPart(f *testing.F) {
	for _, seed := range []string{
		"", "cpu.idle", "cpu.idle/core=6,idc=bj7", "a/b/c=d", "m/", "m/=x", "m/a=,b=", "m/a=1,,b=2", "m/a,b=1", "=,/=,=", "m/=/=/,=/a=",
		"m/mount=/home,x=1/2", "m/a=b\xffc", "a=b/c=d,e=f", "////", "m/a=1,b=2/c=3/d", "a/b,c=d/e=f", "m\u00e9/k\u00e9=\u2003",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, counter string) {
		if len(counter) > 1000 { // the plain way takes long
			return
		}
		require.Equal(t, plainParts(counter), part(counter))
	})
}

// plainParts follows the words of the rule, slash by slash.
func plainParts(counter string) [2]string {
	for i := range len(counter) {
		if counter[i] != '/' {
			continue
		}
		good := true
		for piece := range strings.SplitSeq(counter[i+1:], ",") {
			good = good && strings.Index(piece, "=") > 0
		}
		if good {
			return [2]string{counter[:i], counter[i+1:]}
		}
	}
	return [2]string{counter, ""}
}
