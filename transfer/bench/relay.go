package bench

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	jsoniter "github.com/json-iterator/go"
)

// relay is this very program, as the relay.
type relay struct{ binary string }

// settings is one section of a configuration file, or the file itself.
type settings map[string]any

// launch starts the relay with a configuration for the row.
func (r relay) launch(dir string, row Row, s *site) (*process, string, error) {
	switch row.Way {
	case "rpc", "http", "socket":
	default:
		return nil, "", fmt.Errorf("cannot play by %q to the relay: it takes points by rpc, http and socket", row.Way)
	}
	text, err := jsoniter.MarshalIndent(relayConfig(row, s), "", "    ")
	if err != nil {
		return nil, "", fmt.Errorf("cannot compose the relay's configuration: %w", err)
	}
	file := filepath.Join(dir, "cfg.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, "", fmt.Errorf("cannot write the relay's configuration: %w", err)
	}
	p, err := startProcess(dir, r.binary, "-c", file)
	if err != nil {
		return nil, "", err
	}
	var ports map[string]string
	if err := p.Await(func() bool { ports = readPorts(p.Log()); return ports != nil }); err != nil {
		return nil, "", err
	}
	p.pprof = ports["http"]
	return p, ports[row.Way], nil
}

// relayConfig is the configuration that a row runs with: as shipped but for
// what the measurement needs.
func relayConfig(row Row, s *site) settings {
	anyPort := settings{"enabled": true, "listen": "127.0.0.1:0"}
	cfg := settings{
		"debug":      true, // the profiles
		"durability": cmp.Or(row.Durability, "memory"),
		"dataDir":    "data",
		"logFormat":  "json",
		"http":       anyPort,
		"rpc":        anyPort,
		"socket":     anyPort,
	}
	for _, name := range row.Backends {
		backend := settings{"enabled": true}
		if row.Rate == 0 {
			// Nothing is to be dropped while the players are faster than the way behind.
			backend["queueBytes"] = "256MiB"
		}
		addresses := s.addresses(name)
		switch name {
		case "tsdb":
			// A telnet connection confirms 4 MiB each 100 ms: one is too slow at full speed.
			backend["address"], backend["lanes"] = addresses[0], 4
		case "influxdb":
			backend["address"], backend["db"], backend["precision"] = "http://"+addresses[0], "falcon", "s"
		default:
			cluster := settings{}
			for i, address := range addresses {
				cluster[fmt.Sprintf("%s-%02d", name, i)] = address
			}
			backend["cluster"] = cluster
		}
		cfg[name] = backend
	}
	return cfg
}

// readPorts returns the addresses that the relay's log gives when it is ready, by
// receiver, or nil.
func readPorts(file string) map[string]string {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte(`"relay is ready"`)) {
			var ready map[string]string
			if jsoniter.Unmarshal(line, &ready) != nil {
				return nil // half a line
			}
			return ready
		}
	}
	return nil
}
