package sender

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/servertest"
)

// influxTo returns the plan for address, a URL.
func influxTo(t testing.TB, address, precision string) plan {
	s := section("influxdb", address)
	s.Precision = precision
	return build(t, "influxdb", s, 30)
}

func TestInfluxLine(t *testing.T) {
	tests := []struct{ endpoint, metric, tags, want string }{
		{"host", "cpu.idle", "", `cpu.idle,endpoint=host`},
		{"host", "cpu", "a=1,b=2", `cpu,endpoint=host,a=1,b=2`},
		{"a host", "a b,c=d", "", `a\ b\,c=d,endpoint=a\ host`},
		{"h=1,x", "m", "k=a=b", `m,endpoint=h\=1\,x,k=a\=b`},
		{"host\n", "m\r\nx value=1", "k\n=v\x00", `m__x\ value=1,endpoint=host_,k_=v_`},
		{`host\`, `m\`, `a\=b\,c=d\e\`, `m_,endpoint=host_,a_=b_,c=d\e_`},
		{`h\ h`, `m\,m`, `a=b\=c`, `m_\,m,endpoint=h_\ h,a=b_\=c`},
		{`h\\`, `m`, `a=\\\\`, `m,endpoint=h\_,a=\\\_`},
		{`h\"`, `C:\d "x`, `a=C:\d`, `C:\d\ "x,endpoint=h_",a=C:\d`},
		{"host", "#m", "#=#", `_m,endpoint=host,#=#`},
		{"host", "m", "time=1,endpoint=x,Endpoint=y,k=,=v", `m,endpoint=host,Endpoint=y,time_=1`},
		{"host", "m", "time=1,time_=2", `m,endpoint=host,time_=2`},
		{"höst", "загрузка", "日本=語\xff", "загрузка,endpoint=höst,日本=語\uFFFD"},
		{"", "", "", `_,endpoint=_`},
	}
	b := influxTo(t, "http://h:8086", "s")
	for _, test := range tests {
		p := point(test.endpoint, test.metric, test.tags, 1.25)
		require.Equal(t, test.want+" value=1.25 1700000007\n", string(itemOf(b, &p)))
	}
}

func TestInfluxPrecisions(t *testing.T) {
	for name, want := range map[string]struct {
		query     string
		timestamp int64
	}{
		"":   {"ns", 1700000007000000000},
		"n":  {"ns", 1700000007000000000},
		"ns": {"ns", 1700000007000000000},
		"u":  {"u", 1700000007000000},
		"us": {"u", 1700000007000000},
		"ms": {"ms", 1700000007000},
		"s":  {"s", 1700000007},
		"m":  {"m", 28333333},
		"h":  {"h", 472222},
	} {
		p, ok := parseInfluxPrecision(name)
		require.True(t, ok)
		require.Equal(t, want.query, p.name)
		require.Equal(t, want.timestamp, p.timestamp(1700000007), name)
	}
	p, _ := parseInfluxPrecision("")
	require.Equal(t, int64(9223372036000000000), p.timestamp(math.MaxInt64))
	_, err := newInfluxDB(&g.Backend{Name: "influxdb", Address: "http://h", DB: "d", Precision: "d"}, 30)
	require.ErrorContains(t, err, `influxdb.precision: "d" is unknown; write `)
}

// plainInfluxTags is the tags of a point in plain words.
func plainInfluxTags(p *metric.Point) map[string]string {
	tags := make(map[string]string)
	for _, t := range p.Tags {
		if t.Key != "" && t.Value != "" {
			tags[influxKey(t.Key)] = influxName(t.Value)
		}
	}
	tags["endpoint"] = influxName(p.Endpoint)
	return tags
}

// FuzzInfluxItem reads items with the decoder of InfluxData, which must find one
// line with the same names.
func FuzzInfluxItem(f *testing.F) {
	for _, p := range oddPoints() {
		f.Add(p.Endpoint, p.Metric, "k=v\n,=,A=x y,time=\\", p.Value, p.Timestamp)
	}
	b := influxTo(f, "http://h:8086", "s").Backend
	f.Fuzz(func(t *testing.T, endpoint, name, tags string, value float64, timestamp int64) {
		if math.IsNaN(value) || math.IsInf(value, 0) || endpoint == "" || name == "" || timestamp <= 0 {
			t.Skip("refused by the validation")
		}
		p := metric.Point{Endpoint: endpoint, Metric: name, Tags: metric.ParseTags(tags), Value: value, Timestamp: timestamp}
		item := itemOf(b, &p)
		require.Equal(t, 1, strings.Count(string(item), "\n"))
		lines := lineprotocol.NewDecoderWithBytes(append(item, item...))
		for range 2 {
			require.True(t, lines.Next())
			measurement, err := lines.Measurement()
			require.NoError(t, err)
			require.Equal(t, influxMeasurement(name), string(measurement))
			got := make(map[string]string)
			for {
				k, v, err := lines.NextTag()
				require.NoError(t, err)
				if k == nil {
					break
				}
				require.NotContains(t, got, string(k))
				got[string(k)] = string(v)
			}
			require.Equal(t, plainInfluxTags(&p), got)
			field, v, err := lines.NextField()
			require.NoError(t, err)
			require.Equal(t, "value", string(field))
			require.Equal(t, value, v.FloatV())
			field, _, err = lines.NextField()
			require.NoError(t, err)
			require.Nil(t, field)
			at, err := lines.TimeBytes()
			require.NoError(t, err)
			require.Equal(t, strconv.FormatInt(timestamp, 10), string(at))
		}
		require.False(t, lines.Next())
	})
}

func TestInfluxDBTakesPoints(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	server := servertest.StartInfluxDB(t)
	for _, precision := range []string{"", "ms", "m"} {
		t.Run("precision "+precision, func(t *testing.T) {
			db := "falcon " + precision
			ask(t, "POST", "http://"+server.HTTP+"/query", url.Values{"q": {fmt.Sprintf("CREATE DATABASE %q", db)}})
			s := section("influxdb", "http://"+server.HTTP)
			s.DB, s.Precision = db, precision
			p := build(t, "influxdb", s, 30)

			points := append(oddPoints(), randomPoints(6, 500)...)
			want := make(map[sample]float64)
			for i := range points {
				p := &points[i]
				p.Timestamp = 1700000040 + 60*int64(i)
				want[sample{influxMeasurement(p.Metric), fmt.Sprint(plainInfluxTags(p)), p.Timestamp}] = p.Value
			}
			c := dial(t, p.Backend, p.group[0])
			for size := 1; len(points) > 0; size *= 3 {
				n := min(size, len(points))
				require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(p, points[:n])))
				points = points[n:]
			}
			got := influxSamples(t, server, db)
			for s, v := range want {
				read, ok := got[s]
				require.True(t, ok, "%+v", s)
				require.Equal(t, v, read, "%+v", s)
			}
			require.Equal(t, len(want), len(got))
		})
	}
}

// influxSamples returns all samples of a database.
func influxSamples(t *testing.T, server servertest.InfluxDB, db string) map[sample]float64 {
	text := get(t, "http://"+server.HTTP+"/query", url.Values{
		"db": {db}, "epoch": {"s"}, "q": {"SELECT value FROM /.*/ GROUP BY *"},
	})
	var reply struct {
		Results []struct {
			Series []struct {
				Name   string
				Tags   map[string]string
				Values [][2]float64
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &reply))
	samples := make(map[sample]float64)
	for _, series := range reply.Results[0].Series {
		for k, v := range series.Tags {
			if v == "" { // a tag that only other series of the measurement have
				delete(series.Tags, k)
			}
		}
		for _, v := range series.Values {
			samples[sample{series.Name, fmt.Sprint(series.Tags), int64(v[0])}] = v[1]
		}
	}
	return samples
}

func TestInfluxDBRefuses(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	server := servertest.StartInfluxDB(t)
	p := influxTo(t, "http://"+server.HTTP, "s")
	c := dial(t, p.Backend, p.group[0])

	require.NoError(t, c.Send(onePoint(p)))
	_, err := c.Confirm()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.False(t, refusal.Permanent)
	require.ErrorContains(t, err, "database not found")
	ask(t, "POST", "http://"+server.HTTP+"/query", url.Values{"q": {`CREATE DATABASE "falcon"`}})
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(p)))

	// A line that is none: the whole is refused, so that it can be parted.
	broken := onePoint(p)
	broken.Payload = append(broken.Payload, "no line\n"...)
	broken.Close(0)
	require.NoError(t, c.Send(broken))
	_, err = c.Confirm()
	require.ErrorAs(t, err, &refusal)
	require.True(t, refusal.Permanent)
	require.ErrorContains(t, err, "unable to parse 'no line'")

	// A point older than the retention policy allows: only that one is dropped.
	ask(t, "POST", "http://"+server.HTTP+"/query", url.Values{"q": {`CREATE RETENTION POLICY "short" ON "falcon" DURATION 1h REPLICATION 1 DEFAULT`}})
	points := []metric.Point{point("host", "cpu", "", 1), point("host", "cpu", "", 2)}
	points[1].Timestamp = time.Now().Unix()
	r := send(t, c, blockOf(p, points))
	require.Equal(t, 1, r.Blocks)
	require.Equal(t, 1, r.Rejected)
}
