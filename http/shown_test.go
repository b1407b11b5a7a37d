package http

import (
	"path"
	"regexp"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

func TestMetrics(t *testing.T) {
	relay := newFakeRelay()
	problems, err := testutil.GatherAndLint(newRegistry(relay))
	require.NoError(t, err)
	require.Empty(t, problems)

	_, body := ask(t, "GET", start(t, relay)+"/metrics", "")
	for _, line := range []string{
		`transfer_build_info{commit="abc123",goversion="go`,
		`transfer_ready 1`,
		`transfer_received_points_total{receiver="rpc"} 100`,
		`transfer_refused_points_total{reason="step",receiver="http"} 2`,
		`transfer_receiver_connections{receiver="http"} 2`,
		`transfer_receiver_troubles_total{reason="malformed",receiver="rpc"} 1`,
		`transfer_target_delivered_points_total{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 200`,
		`transfer_target_dropped_points_total{address="h1:6070",backend="graph",node="graph-00",reason="age",target="graph/graph-00/h1:6070"} 10`,
		`transfer_target_up{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 0`,
		`transfer_target_up{address="h2:6070",backend="graph",node="graph-01",target="graph/graph-01/h2:6070"} 1`,
		`transfer_durability 1`,
		`transfer_journal_bytes 4096`,
		`transfer_target_spooled{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 1`,
		`transfer_target_spool_points{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 80`,
		`transfer_target_spool_bytes{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 8192`,
		`transfer_target_dead_letters{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 3`,
		`transfer_target_replayed_points_total{address="h1:6070",backend="graph",node="graph-00",target="graph/graph-00/h1:6070"} 6`,
		`transfer_target_ledger_mismatches_total{address="h2:6070",backend="graph",node="graph-01",target="graph/graph-01/h2:6070"} 0`,
		`transfer_ring_info{backend="graph",fingerprint="00c0ffee",hash="crc32",replicas="500"} 1`,
		`transfer_ring_share{backend="graph",node="graph-01"} 0.75`,
		`transfer_unit_state{state="probing",unit="graph/graph-00/h1:6070"} 1`,
		`transfer_unit_state{state="up",unit="graph/graph-01/h2:6070"} 1`,
		`transfer_unit_restarts_total{unit="listener/rpc"} 2`,
		`transfer_config_hash 77`,
		`transfer_config_loaded_timestamp_seconds 1.7e+09`,
		`transfer_config_reload_failed 0`,
		`transfer_reloads_total{result="applied"} 4`,
		`transfer_reloads_total{result="unchanged"} 0`,
		"go_goroutines ",
		"process_open_fds ",
	} {
		require.Contains(t, body, "\n"+line)
	}
}

// TestMetricsOfAMovingListener: a metric that stands there twice would be an error.
func TestMetricsOfAMovingListener(t *testing.T) {
	relay := newFakeRelay()
	relay.units = []stat.Unit{
		{ID: "listener/rpc", Kind: stat.KindListener, Address: "127.0.0.1:2", State: stat.UnitUp},
		{ID: "listener/rpc", Kind: stat.KindListener, Address: "127.0.0.1:1", State: stat.UnitDraining},
	}
	_, err := newRegistry(relay).Gather()
	require.NoError(t, err)
	_, body := ask(t, "GET", start(t, relay)+"/metrics", "")
	require.Contains(t, body, `transfer_unit_state{state="up",unit="listener/rpc"} 1`)
}

func TestMetricsHoldAnyName(t *testing.T) {
	relay := newFakeRelay()
	relay.targets = []stat.Target{target("graph", "a\xff\n\"", "h", stat.Ledger{})}
	reply, body := ask(t, "GET", start(t, relay)+"/metrics", "")
	require.Equal(t, 200, reply.StatusCode)
	require.Contains(t, body, "node=\"a\uFFFD\\n\\\"\"")
}

func TestLedger(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	ledger := func() string { return from(s, "10.0.0.1:1", "GET", "/api/ledger").Body.String() }

	body := ledger()
	require.True(t, strings.HasPrefix(body, `{"balanced":true,"totals":{"accepted":335,"movedIn":0,"delivered":221,"queued":91,"dropped":{"age":10,"queue_full":3},"movedOut":10,"resent":5,"failed":7,"rejected":0,"replayed":6},"targets":[`), body)
	require.Contains(t, body, `{"id":"graph/graph-01/h2:6070","backend":"graph","node":"graph-01","address":"h2:6070","balanced":true,"accepted":30,"movedIn":0,"delivered":20,"queued":0,"dropped":{},"movedOut":10,"resent":0,"failed":0,"rejected":0,"replayed":0}`)
	require.NotContains(t, body, `"error"`)

	relay.targets[1].Delivered++
	body = ledger()
	require.Contains(t, body, `{"balanced":false,"error":"points unaccounted for at graph/graph-01/h2:6070: please report this as a bug"`)

	relay.targets = nil
	require.Equal(t, `{"balanced":true,"totals":{"accepted":0,"movedIn":0,"delivered":0,"queued":0,"dropped":{},"movedOut":0,"resent":0,"failed":0,"rejected":0,"replayed":0},"targets":[]}`, ledger())
}

func TestStatus(t *testing.T) {
	relay := newFakeRelay()
	relay.notReady = errStarting
	_, body := ask(t, "GET", start(t, relay)+"/api/status", "")
	shown := func(path ...any) string { return jsoniter.Get([]byte(body), path...).ToString() }

	require.Equal(t, "starting: replaying the journal", shown("notReady"))
	require.Equal(t, "1073741824", shown("memory", "limit"))
	require.Positive(t, jsoniter.Get([]byte(body), "memory", "used").ToInt64())
	require.GreaterOrEqual(t, jsoniter.Get([]byte(body), "uptimeSeconds").ToFloat64(), 3600.0)
	require.JSONEq(t, `{"step":2}`, shown("receivers", 2, "refused"))
	require.JSONEq(t, `{"malformed":1}`, shown("receivers", 0, "troubles"))
	require.Equal(t, "down", shown("targets", 0, "state"))
	require.Equal(t, "300", shown("targets", 0, "accepted"))
	require.Equal(t, "true", shown("targets", 0, "spooled"))
	require.Equal(t, "80", shown("targets", 0, "spoolPoints"))
	require.Equal(t, "3", shown("targets", 0, "deadLetters"))
	require.Equal(t, "6", shown("totals", "replayed"))
	require.Equal(t, "true", shown("balanced"))
	require.Equal(t, "listener/rpc", shown("units", 0, "id"))
	require.Equal(t, "added by the API", shown("units", 2, "differs"))
	require.Equal(t, "graph-01", shown("rings", 0, "shares", 1, "node"))
}

// TestStatusEmpty: the page counts on lists and maps that are there though empty.
func TestStatusEmpty(t *testing.T) {
	body := from(unstarted(t, &fakeRelay{}, false), "10.0.0.1:1", "GET", "/api/status").Body.String()
	require.NotContains(t, body, "null")
}

func TestPage(t *testing.T) {
	url := start(t, newFakeRelay())
	_, html := ask(t, "GET", url+"/", "")
	require.Contains(t, html, "<title>transfer</title>")
	require.NotRegexp(t, `<script>|<style|\son\w+=|\sstyle=`, html, "the policy forbids inline script and style")

	assets := []string{""}
	for _, found := range regexp.MustCompile(`(?:src|href)="([^"/]+\.\w+)"`).FindAllStringSubmatch(html, -1) {
		assets = append(assets, found[1])
	}
	require.Contains(t, assets, "page.js")
	types := map[string]string{"": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, name := range assets {
		reply, body := ask(t, "GET", url+"/"+name, "")
		require.Equal(t, 200, reply.StatusCode, name)
		require.NotEmpty(t, body, name)
		require.Equal(t, types[path.Ext(name)], reply.Header.Get("Content-Type"), name)
		require.Contains(t, reply.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'", name)
		require.Equal(t, "nosniff", reply.Header.Get("X-Content-Type-Options"), name)
		require.NotContains(t, body, "innerHTML", name)
		require.NotRegexp(t, `https?://[^w]`, body, name+": no outside assets") // www.w3.org names the SVG namespace
	}
}
