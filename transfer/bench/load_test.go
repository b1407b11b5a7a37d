package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// jsonPoint is a point as the relay reads it.
type jsonPoint struct {
	Endpoint, Metric, CounterType, Tags string
	Value                               float64
	Step, Timestamp                     int64
}

// body returns the points of a JSON-RPC request.
func body(t *testing.T, request []byte) []jsonPoint {
	t.Helper()
	var call struct {
		Method string
		Params [][]jsonPoint
	}
	require.NoError(t, json.Unmarshal(request, &call))
	require.Equal(t, "Transfer.Update", call.Method)
	return call.Params[0]
}

// round plays one round of a stream.
func round(t *testing.T, s *stream) (requests [][]jsonPoint) {
	t.Helper()
	for range s.requests() {
		r, _ := s.next()
		points := body(t, r.bytes)
		require.Len(t, points, r.points())
		requests = append(requests, points)
	}
	return requests
}

func key(p jsonPoint) string { return p.Endpoint + "/" + p.Metric + "/" + p.Tags }

func keys(points []jsonPoint) (all []string) {
	for _, p := range points {
		all = append(all, key(p))
	}
	return all
}

// Each round holds each series once, in an agent's steady order or in one that is
// new each time, and is a step younger than the last.
func TestLoad(t *testing.T) {
	const series = 40 * agentSeries
	for _, random := range []bool{false, true} {
		l, err := newLoad(Row{Way: "rpc", Series: series, Random: random})
		require.NoError(t, err)
		require.Len(t, l.streams, agentConns)
		seen := make(map[string]bool)
		for _, s := range l.streams {
			first, second := round(t, s), round(t, s)
			require.Equal(t, 2*s.requests(), s.played())
			for i, points := range first {
				require.LessOrEqual(t, len(points), agentSeries)
				endpoints := make(map[string]bool)
				for k, p := range points {
					require.False(t, seen[key(p)], "twice in a round: %v", p)
					seen[key(p)] = true
					endpoints[p.Endpoint] = true
					require.EqualValues(t, loadStep, p.Step)
					require.Contains(t, []string{"GAUGE", "COUNTER"}, p.CounterType)
					require.Equal(t, s.start, p.Timestamp)
					require.Equal(t, s.start+loadStep, second[i][k].Timestamp)
				}
				require.Equal(t, random, len(endpoints) > 1)
				require.Equal(t, random, !slices.Equal(keys(points), keys(second[i])), "the order changes")
			}
			rising := round(t, s)
			require.Equal(t, s.start+2*loadStep, rising[0][0].Timestamp)
		}
		require.Len(t, seen, series)
	}
}

// The values alternate, and are those of agents: some zeros, integers, decimals.
func TestLoadValues(t *testing.T) {
	l, err := newLoad(Row{Way: "rpc", Series: agentSeries})
	require.NoError(t, err)
	require.Len(t, l.streams, 1)
	request, _ := l.streams[0].next()
	text := string(request.bytes)
	another, _ := l.streams[0].next()
	require.NotEqual(t, text, string(another.bytes))
	zeros := strings.Count(text, `"value":0,`)
	decimals := len(regexp.MustCompile(`"value":\d+\.\d{2,6},`).FindAllString(text, -1))
	integers := len(regexp.MustCompile(`"value":[1-9]\d*,`).FindAllString(text, -1))
	require.Equal(t, agentSeries, zeros+decimals+integers)
	require.Greater(t, min(zeros, decimals, integers), agentSeries/10)
	require.InDelta(t, pointBytes, len(text)/agentSeries, 20)
}

// Paced, each request holds one probe in its middle, with a new turn each time.
func TestLoadProbes(t *testing.T) {
	for _, name := range []string{"rpc", "http", "socket"} {
		l, err := newLoad(Row{Way: name, Series: 5 * agentSeries, Rate: 1000})
		require.NoError(t, err)
		require.Len(t, l.streams, 5)
		s := l.streams[3]
		for i := range probeTurns + 2 {
			r, turn := s.next()
			require.Equal(t, i%probeTurns, turn)
			require.Equal(t, 1, bytes.Count(r.bytes, []byte(probeMark)))
			require.Contains(t, string(r.bytes), fmt.Sprintf("Zprobe-003-%02d", turn))
			require.Equal(t, agentSeries, r.points())
		}
	}
}

func TestWays(t *testing.T) {
	s := series{endpoint: "host-00001.example.com", metric: "df.bytes.used", tags: "mount=/var/lib,fstype=ext4", kind: "GAUGE"}
	bare := series{endpoint: "host", metric: "load.1min", kind: "GAUGE"}
	for name, want := range map[string][2]string{
		"rpc": {
			`{"endpoint":"host-00001.example.com","metric":"df.bytes.used","value":1.5,"step":60,"counterType":"GAUGE","tags":"mount=/var/lib,fstype=ext4","timestamp":0000000000}`,
			`{"endpoint":"host","metric":"load.1min","value":1.5,"step":60,"counterType":"GAUGE","tags":"","timestamp":0000000000}`,
		},
		"socket": {
			"update host-00001.example.com df.bytes.used/mount=/var/lib,fstype=ext4 0000000000 1.5 GAUGE 60\n",
			"update host load.1min 0000000000 1.5 GAUGE 60\n",
		},
		"graphite": {
			"host-00001_example_com.df.bytes.used.mount__var_lib_fstype_ext4 1.5 0000000000\n",
			"host.load.1min 1.5 0000000000\n",
		},
		"opentsdb": {
			"put df.bytes.used 0000000000 1.5 endpoint=host-00001.example.com mount=/var/lib fstype=ext4\n",
			"put load.1min 0000000000 1.5 endpoint=host\n",
		},
	} {
		for i, s := range []series{s, bare} {
			got, stamp := ways()[name].append([]byte("before"), &s, []byte("1.5"))
			require.Equal(t, "before"+want[i], string(got))
			require.Equal(t, stampZeros, string(got[stamp:stamp+stampDigits]))
		}
	}
	_, err := newLoad(Row{Way: "telex", Series: 200})
	require.ErrorContains(t, err, `a way called "telex"`)
}

func TestAgentsHaveAllTheirSeries(t *testing.T) {
	f := newFleet()
	require.Len(t, f.slots, agentSeries)
	seen := make(map[string]bool)
	for i := range 3 * agentSeries {
		s := f.series(i)
		seen[s.endpoint+"/"+s.metric+"/"+s.tags] = true
	}
	require.Len(t, seen, 3*agentSeries)
}
