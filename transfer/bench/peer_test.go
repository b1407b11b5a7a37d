package bench

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/program"
)

// needs skips the test where the program that row measures is not installed.
func needs(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	require.ErrorIs(t, err, errAbsent)
	require.NotEqual(t, "true", os.Getenv("CI"), "in CI nothing may go untested unnoticed: %v", err)
	t.Skip("SKIP:", err)
}

// TestPeersDeliver sends a few points through each peer, as a client would.
func TestPeersDeliver(t *testing.T) {
	const count = 500
	for _, row := range peerRows() {
		t.Run(row.Name, func(t *testing.T) {
			row.Series = count
			s, err := openSite(row)
			require.NoError(t, err)
			defer func() { require.NoError(t, s.close()) }()
			p, address, err := peerSubjects(testBinary)[row.Subject].launch(t.TempDir(), row, s)
			needs(t, err)
			defer func() { require.NoError(t, p.Stop()) }()

			w, err := wayOf(row)
			require.NoError(t, err)
			var points []byte
			for i := range count {
				if i > 0 {
					points = append(points, w.sep...)
				}
				one := newFleet().series(i)
				var stamp int
				points, stamp = w.append(points, &one, []byte("1.5"))
				copy(points[stamp:], "1600000020")
			}
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close()) }()
			_, err = io.WriteString(conn, w.head(len(points))+string(points)+w.tail)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return s.delivered() == count }, program.ReadyWithin, 10*time.Millisecond)
		})
	}
}

func TestAbsentPeers(t *testing.T) {
	for _, row := range peerRows() {
		absent := map[string]subject{"carbon-c-relay": carbon{"no-such-program"}, "vmagent": vmagent{"no-such-program"}}[row.Subject]
		if absent == nil {
			continue
		}
		_, _, err := absent.launch(t.TempDir(), row, &site{})
		require.ErrorIs(t, err, errAbsent)
		require.ErrorContains(t, err, "apt-get install", "it says what helps")
	}
}

func TestPeersRefuse(t *testing.T) {
	for name, peer := range peerSubjects(testBinary) {
		_, _, err := peer.launch(t.TempDir(), Row{Subject: name, Way: "socket"}, &site{})
		require.ErrorContains(t, err, "cannot play by \"socket\" to "+name)
	}
}

func TestCarbonConfig(t *testing.T) {
	golden(t, "carbon.conf", []byte(carbonConfig("127.0.0.1:2003", []string{"127.0.0.1:2103", "127.0.0.1:2104"})))
}

// TestFailedLaunch checks that a program that ends at once leaves nothing behind
// and that its words are told.
func TestFailedLaunch(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho 'no luck today'\nexit 3\n"), 0o700))
	address, err := freeAddress()
	require.NoError(t, err)
	_, _, err = launchPeer(dir, address, program)
	require.ErrorContains(t, err, "no luck today")
	require.ErrorContains(t, err, "exit status 3")
}
