package servertest

import "testing"

// VictoriaMetrics is a running server; all addresses are host:port.
type VictoriaMetrics struct {
	HTTP         string // queries; also /write for InfluxDB's line protocol
	Telnet       string // OpenTSDB put lines
	OpenTSDBHTTP string // POST /api/put
}

// StartVictoriaMetrics starts an empty victoria-metrics that ends with the test.
// Fresh points can be queried after GET /internal/force_flush.
func StartVictoriaMetrics(t testing.TB) VictoriaMetrics {
	t.Helper()
	path := installed(t, "victoria-metrics", "victoria-metrics")
	free := freeAddresses(t, 3)
	s := VictoriaMetrics{HTTP: free[0], Telnet: free[1], OpenTSDBHTTP: free[2]}
	run(t, "http://"+s.HTTP+"/health", path,
		"-storageDataPath="+t.TempDir(),
		"-retentionPeriod=100y",
		"-httpListenAddr="+s.HTTP,
		"-opentsdbListenAddr="+s.Telnet,
		"-opentsdbHTTPListenAddr="+s.OpenTSDBHTTP,
		"-memory.allowedBytes=128MB",
		"-maxLabelsPerTimeseries=200",
	)
	return s
}
