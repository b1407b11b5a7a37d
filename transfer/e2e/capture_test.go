package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/sender/servertest"
)

// sent is a POINT of the capture.
type sent struct {
	Endpoint  string `json:"endpoint"`
	Metric    string `json:"metric"`
	Value     any    `json:"value"`
	Step      int64  `json:"step"`
	Tags      string `json:"tags"`
	Timestamp int64  `json:"timestamp"`
}

func (p *sent) key() string {
	return string(metric.AppendKey(nil, p.Endpoint, p.Metric, metric.ParseTags(p.Tags)))
}

func (p *sent) value(t *testing.T) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(fmt.Sprint(p.Value), 64)
	require.NoError(t, err)
	return v
}

// capture returns the bytes that a real agent wrote, and the points of each request.
func capture(t *testing.T) (raw []byte, requests [][]sent) {
	t.Helper()
	raw, err := os.ReadFile("../../receiver/testdata/agent.jsonrpc")
	require.NoError(t, err)
	for decoder := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var request struct{ Params [][]sent }
		if err := decoder.Decode(&request); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		requests = append(requests, request.Params[0])
	}
	require.Len(t, requests, 28)
	return raw, requests
}

// reply is what the original answers to Transfer.Update.
type reply struct {
	ID     json.RawMessage `json:"id"`
	Result *struct {
		Message string
		Total   int
		Invalid int
		Latency int64
	} `json:"result"`
	Error *string `json:"error"`
}

// readReply reads one reply, which stands on a line of its own.
func readReply(t *testing.T, r *bufio.Reader) reply {
	t.Helper()
	line, err := r.ReadString('\n')
	require.NoError(t, err, "reply so far: %q", line)
	var answer reply
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&answer), line)
	return answer
}

// What a real agent wrote, in pieces of any size, arrives once at every backend, and
// the site's databases answer queries for it.
func TestCaptureArrivesOnceEverywhere(t *testing.T) {
	raw, requests := capture(t)
	metrics := servertest.StartVictoriaMetrics(t)
	influx := servertest.StartInfluxDB(t)
	created, err := http.PostForm("http://"+influx.HTTP+"/query", url.Values{"q": {"CREATE DATABASE falcon"}})
	require.NoError(t, err)
	_ = created.Body.Close()
	require.Equal(t, http.StatusOK, created.StatusCode)

	for _, size := range []int{1, 7, 4096} {
		t.Run(fmt.Sprintf("pieces of %d", size), func(t *testing.T) {
			site := newSite(t)
			cfg := withPorts(t, site.sections())
			cfg["tsdb"] = section{"enabled": true, "address": metrics.Telnet}
			cfg["influxdb"] = section{"enabled": true, "address": "http://" + influx.HTTP, "db": "falcon", "precision": "s", "timeout": 5000}
			r := startRelay(t, cfg)
			conn, err := net.Dial("tcp", r.rpc)
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			go func() {
				for rest := raw; len(rest) > 0; {
					n := min(size, len(rest))
					if _, err := conn.Write(rest[:n]); err != nil {
						return // the reader below says so
					}
					rest = rest[n:]
				}
			}()
			replies := bufio.NewReader(conn)
			judged, graphed := make(map[arrival]int), make(map[arrival]int)
			for id, points := range requests {
				answer := readReply(t, replies)
				require.Equal(t, strconv.Itoa(id), string(answer.ID))
				require.Nil(t, answer.Error)
				require.Equal(t, "ok", answer.Result.Message)
				require.Equal(t, len(points), answer.Result.Total)
				require.Zero(t, answer.Result.Invalid)
				for _, p := range points {
					step := max(p.Step, 30)
					a := arrival{p.key(), p.Timestamp - p.Timestamp%step, p.value(t)}
					judged[a]++
					graphed[a]++
				}
			}
			r.drained(t)
			r.stop(t)
			requireEachOnce(t, judged, site.judges)
			requireEachOnce(t, graphed, site.graphs)
		})
	}
	requireInVictoriaMetrics(t, metrics.HTTP, requests)
	requireInInfluxDB(t, influx.HTTP, requests)
}

// requireInVictoriaMetrics asks for every point, by metric and endpoint.
func requireInVictoriaMetrics(t *testing.T, address string, requests [][]sent) {
	t.Helper()
	want := make(map[string]map[int64]float64) // by series, by milliseconds
	for _, points := range requests {
		for _, p := range points {
			key := p.key()
			if want[key] == nil {
				want[key] = make(map[int64]float64)
			}
			want[key][p.Timestamp*1000] = p.value(t)
		}
	}
	_, _ = httpGet(t, "http://"+address+"/internal/force_flush")
	query := "http://" + address + "/api/v1/export?match[]=" + url.QueryEscape(`{endpoint!=""}`)
	require.Eventually(t, func() bool {
		got := make(map[string]map[int64]float64)
		_, body := httpGet(t, query)
		for decoder := json.NewDecoder(strings.NewReader(body)); decoder.More(); {
			var series struct {
				Metric     map[string]string
				Values     []float64
				Timestamps []int64
			}
			require.NoError(t, decoder.Decode(&series))
			var tags []string
			for k, v := range series.Metric {
				if k != "__name__" && k != "endpoint" {
					tags = append(tags, k+"="+v)
				}
			}
			p := sent{Endpoint: series.Metric["endpoint"], Metric: series.Metric["__name__"], Tags: strings.Join(tags, ",")}
			points := make(map[int64]float64)
			for i, ts := range series.Timestamps {
				points[ts] = series.Values[i]
			}
			got[p.key()] = points
		}
		return sameValues(want, got)
	}, 20*time.Second, 200*time.Millisecond, "not all points can be queried")
}

// sameValues compares within what VictoriaMetrics keeps: decimal digits that all
// values of a series share.
func sameValues(want, got map[string]map[int64]float64) bool {
	if len(want) != len(got) {
		return false
	}
	for key, points := range want {
		if len(points) != len(got[key]) {
			return false
		}
		largest := 0.0
		for _, v := range points {
			largest = max(largest, math.Abs(v))
		}
		for ts, v := range points {
			if g, ok := got[key][ts]; !ok || math.Abs(g-v) > largest*1e-9 {
				return false
			}
		}
	}
	return true
}

// requireInInfluxDB counts the points of each metric.
func requireInInfluxDB(t *testing.T, address string, requests [][]sent) {
	t.Helper()
	want := make(map[string]float64)
	for _, points := range requests {
		for _, p := range points {
			want[p.Metric]++
		}
	}
	form := url.Values{"db": {"falcon"}, "q": {"SELECT count(value) FROM /.*/"}}
	resp, err := http.Get("http://" + address + "/query?" + form.Encode())
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Results []struct {
			Series []struct {
				Name   string
				Values [][]any
			}
		}
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	got := make(map[string]float64)
	for _, s := range answer.Results[0].Series {
		got[s.Name] = s.Values[0][1].(float64)
	}
	require.Equal(t, want, got)
}
