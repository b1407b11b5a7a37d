package sender

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/servertest"
)

func tsdbOver(t testing.TB, protocol, address string) plan {
	s := section("tsdb", address)
	s.Protocol = protocol
	return build(t, "tsdb", s, 30)
}

func TestTSDBPlan(t *testing.T) {
	telnet, http := Rules{Window: 4 << 20, Encoding: "tsdb/1 telnet"}, Rules{Encoding: "tsdb/1 http"}
	for protocol, rules := range map[string]Rules{"": telnet, "telnet": telnet, "http": http} {
		p := tsdbOver(t, protocol, "host:4242")
		require.Equal(t, rules, p.Rules)
		require.Equal(t, []string{"host:4242"}, p.group)
	}
	_, err := newTSDB(&g.Backend{Name: "tsdb", Address: "h:1", Protocol: "udp"}, 30)
	require.EqualError(t, err, `tsdb.protocol: "udp" is unknown; write "telnet" or "http"`)
}

func TestTSDBLine(t *testing.T) {
	tests := []struct {
		endpoint, metric, tags string
		want                   string // between the value and the line end
	}{
		{"host", "cpu.idle", "", "put cpu.idle TS V endpoint=host"},
		{"host", "cpu.idle", "b=2,a=1", "put cpu.idle TS V endpoint=host a=1 b=2"},
		{"a host", "a b", "K=v", "put a_b TS V endpoint=a_host k=v"},
		{"h\nput x 1 1 a=b", "m\r\nput y", "k\n=v\n", "put m__put_y TS V endpoint=h_put_x_1_1_a_b k_=v_"},
		{"host", "m", "endpoint=x,Endpoint=y,ENDPOINT=", "put m TS V endpoint=host"},
		{"host", "m", "A=1,a=2,b=3", "put m TS V endpoint=host a=2 b=3"},
		{"host", "m", "A=1,a=", "put m TS V endpoint=host a=1"},
		{"host", "m", "b=1,B=2,a=3", "put m TS V endpoint=host a=3 b=1"},
		{"host", "m", "=v,k=,x=y", "put m TS V endpoint=host x=y"},
		{"host", "m", "k=a=b", "put m TS V endpoint=host k=a_b"},
		{"höst", "загрузка/1-2_3.4", "Ключ=日本", "put загрузка/1-2_3.4 TS V endpoint=höst ключ=日本"},
		{"\xff", "%$", "k=\xfe\x00", "put __ TS V endpoint=_ k=__"},
		{"", "", "", "put _ TS V endpoint=_"},
		{"host", "m", "C=1,a=2,b=3", "put m TS V endpoint=host a=2 b=3 c=1"},
	}
	for _, test := range tests {
		p := point(test.endpoint, test.metric, test.tags, 1.25)
		want := strings.Replace(test.want, " TS V ", " 1700000007 1.25 ", 1) + "\n"
		require.Equal(t, want, string(itemOf(tsdbTelnet{}, &p)))
	}
}

// plainTSDBTags is section 5.5 of the wire formats in plain words.
func plainTSDBTags(p *metric.Point) map[string]string {
	tags := make(map[string]string)
	for _, t := range p.Tags {
		if t.Key != "" && t.Value != "" {
			tags[tsdbKey(t.Key)] = tsdbName(t.Value)
		}
	}
	tags["endpoint"] = tsdbName(p.Endpoint)
	return tags
}

// FuzzTSDBItem holds both protocols together: one line each, whatever the names.
func FuzzTSDBItem(f *testing.F) {
	for _, p := range oddPoints() {
		f.Add(p.Endpoint, p.Metric, "k=v\n,=,A=x y", p.Value, p.Timestamp)
	}
	line := regexp.MustCompile(`^put ([-_./\pL0-9]+) (-?[0-9]+) (-?[0-9][-+.e0-9]*)((?: [-_./\pL0-9]+=[-_./\pL0-9]+)+)\n$`)
	f.Fuzz(func(t *testing.T, endpoint, name, tags string, value float64, timestamp int64) {
		if math.IsNaN(value) || math.IsInf(value, 0) || endpoint == "" || name == "" {
			t.Skip("refused by the validation")
		}
		p := metric.Point{Endpoint: endpoint, Metric: name, Tags: metric.ParseTags(tags), Value: value, Timestamp: timestamp}
		parts := line.FindStringSubmatch(string(itemOf(tsdbTelnet{}, &p)))
		require.NotNil(t, parts)
		require.Equal(t, tsdbName(name), parts[1])
		require.Equal(t, strconv.FormatInt(timestamp, 10), parts[2])
		read, err := strconv.ParseFloat(parts[3], 64)
		require.NoError(t, err)
		require.Equal(t, value, read)
		got := make(map[string]string)
		for _, tag := range strings.Fields(parts[4]) {
			k, v, _ := strings.Cut(tag, "=")
			require.NotContains(t, got, k)
			got[k] = v
		}
		require.Equal(t, plainTSDBTags(&p), got)

		item := itemOf(tsdbHTTP{}, &p)
		var object struct {
			Metric    string
			Timestamp int64
			Value     float64
			Tags      map[string]string
		}
		require.NoError(t, json.Unmarshal(jsonList(item), &object))
		require.Equal(t, tsdbName(name), object.Metric)
		require.Equal(t, timestamp, object.Timestamp)
		require.Equal(t, value, object.Value)
		require.Equal(t, got, object.Tags)
	})
}

func TestVictoriaMetricsTakesTelnet(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	server := servertest.StartVictoriaMetrics(t)
	victoriaMetricsTakes(t, server, tsdbOver(t, "telnet", server.Telnet), server.Telnet)
}

func TestVictoriaMetricsTakesHTTP(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	server := servertest.StartVictoriaMetrics(t)
	victoriaMetricsTakes(t, server, tsdbOver(t, "http", server.OpenTSDBHTTP), server.OpenTSDBHTTP)
}

// sample is a point as VictoriaMetrics shows it.
type sample struct {
	name, tags string
	timestamp  int64
}

func victoriaMetricsTakes(t *testing.T, server servertest.VictoriaMetrics, b Backend, address string) {
	points := append(oddPoints(), randomPoints(5, 1000)...)
	now := time.Now().Unix()
	want := make(map[sample]float64)
	for i := range points {
		p := &points[i]
		p.Timestamp = now - int64(i)
		p.Metric += strconv.Itoa(i) // its precision suffers when values of a series differ much
		if math.Abs(p.Value) < 1e-300 || math.Abs(p.Value) > 1e300 {
			p.Value = 1 // its own encoding of floats is coarser there
		}
		want[sample{tsdbName(p.Metric), fmt.Sprint(plainTSDBTags(p)), p.Timestamp}] = p.Value
	}
	c := dial(t, b, address)
	for size := 1; len(points) > 0; size *= 3 {
		n := min(size, len(points))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(b, points[:n])))
		points = points[n:]
	}
	var got map[sample]float64
	require.Eventually(t, func() bool {
		got = exported(t, server.HTTP)
		return len(got) >= len(want)
	}, 20*time.Second, 100*time.Millisecond, "%d of %d samples", len(got), len(want))
	for s, v := range want {
		read, ok := got[s]
		require.True(t, ok, "%+v", s)
		require.LessOrEqual(t, math.Abs(read-v), 1e-12*math.Abs(v), "%+v", s)
	}
	require.Equal(t, len(want), len(got))
}

// exported returns all samples of a VictoriaMetrics.
func exported(t *testing.T, address string) map[sample]float64 {
	get(t, "http://"+address+"/internal/force_flush", nil)
	text := get(t, "http://"+address+"/api/v1/export?match[]={endpoint!=''}", nil)
	samples := make(map[sample]float64)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line == "" {
			continue
		}
		var series struct {
			Metric     map[string]string
			Values     []float64
			Timestamps []int64
		}
		require.NoError(t, jsoniter.UnmarshalFromString(line, &series))
		name := series.Metric["__name__"]
		delete(series.Metric, "__name__")
		for i, v := range series.Values {
			samples[sample{name, fmt.Sprint(series.Metric), series.Timestamps[i] / 1000}] = v
		}
	}
	return samples
}
