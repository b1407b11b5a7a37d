package bench

import (
	"fmt"
	"strings"

	"transfer/transfer/bench/plain"
)

// plainRelay is the relay written the usual way, which binary holds as well.
type plainRelay struct{ binary string }

// launch starts the plain relay with the row's nodes of judge and graph.
func (r plainRelay) launch(dir string, row Row, s *site) (*process, string, error) {
	if err := takes(row, "rpc"); err != nil {
		return nil, "", err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	return launchPeer(dir, address, r.binary, "bench", plain.CommandName,
		"--listen", address,
		"--judge", plainNodes("judge", s.addresses("judge")),
		"--graph", plainNodes("graph", s.addresses("graph")),
	)
}

// plainNodes returns a flag's list of nodes, called as the relay's own are.
func plainNodes(backend string, addresses []string) string {
	nodes := make([]string, len(addresses))
	for i, address := range addresses {
		nodes[i] = fmt.Sprintf("%s-%02d=%s", backend, i, address)
	}
	return strings.Join(nodes, ",")
}
