package servertest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// OwnAddress returns an address on loopback for one server alone. At 127.0.0.1 a port that is
// free now may be that of somebody's connection when the server starts, or starts again.
func OwnAddress(t testing.TB) string {
	t.Helper()
	const hosts = 250
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(hosts), rand.IntN(hosts), 1+rand.IntN(hosts))
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatalf("cannot find a free port: %v", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
