package servertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// InfluxDB is a running server.
type InfluxDB struct {
	HTTP string // host:port
}

// StartInfluxDB starts an InfluxDB 1.x without databases, which ends with the test.
func StartInfluxDB(t testing.TB) InfluxDB {
	t.Helper()
	path := installed(t, "influxd", "influxdb")
	free := freeAddresses(t, 2)
	data := t.TempDir()
	config := filepath.Join(data, "influxdb.conf")
	text := fmt.Sprintf(`
reporting-disabled = true
bind-address = %[1]q
[meta]
dir = "%[3]s/meta"
[data]
dir = "%[3]s/data"
wal-dir = "%[3]s/wal"
[http]
bind-address = %[2]q
log-enabled = false
[monitor]
store-enabled = false
`, free[1], free[0], data)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatalf("cannot write the configuration of influxd: %v", err)
	}
	run(t, "http://"+free[0]+"/ping", path, "-config", config)
	return InfluxDB{HTTP: free[0]}
}
