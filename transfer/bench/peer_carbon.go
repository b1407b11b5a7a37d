package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// carbon is carbon-c-relay: lines of Graphite in, the same lines out by a ring.
type carbon struct{ program string }

// launch starts carbon-c-relay with the row's nodes as one cluster.
func (c carbon) launch(dir string, row Row, s *site) (*process, string, error) {
	if err := takes(row, "graphite"); err != nil {
		return nil, "", err
	}
	binary, err := installed(c.program, "carbon-c-relay")
	if err != nil {
		return nil, "", err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(dir, "relay.conf")
	if err := os.WriteFile(file, []byte(carbonConfig(address, s.addresses("graphite"))), 0o600); err != nil {
		return nil, "", fmt.Errorf("cannot write carbon-c-relay's configuration: %w", err)
	}
	return launchPeer(dir, address, binary, carbonFlags(file)...)
}

// carbonConfig returns a configuration that takes lines on listen and spreads them
// over nodes.
func carbonConfig(listen string, nodes []string) string {
	var text strings.Builder
	fmt.Fprintln(&text, "cluster nodes")
	fmt.Fprintln(&text, "    fnv1a_ch")
	for i, address := range nodes {
		fmt.Fprintf(&text, "        %s=node-%02d\n", address, i)
	}
	fmt.Fprintln(&text, "    ;")
	fmt.Fprintln(&text, "match * send to nodes stop;")
	fmt.Fprintf(&text, "listen type linemode %s proto tcp;\n", listen)
	return text.String()
}

// carbonFlags returns the flags of carbon-c-relay's best fair setting. A queue of
// 500,000 lines a node holds all that the players have under way: the default of
// 25,000 lost 13 % of them at full speed. Against the defaults, 2 workers and
// batches of 2,500, neither 1 worker nor batches of 10,000 nor larger socket
// buffers took less CPU a line.
func carbonFlags(config string) []string {
	return []string{
		"-f", config,
		"-q", "500000",
		"-s",        // adds no lines of its own to those that are counted
		"-B", "128", // clients that may wait to be accepted
	}
}
