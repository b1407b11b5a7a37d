package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// testBinary is the path of the program under measurement; TestMain builds it.
var testBinary string

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() == "" { // a fuzzer's workers start no relay
		var err error
		if testBinary, err = buildBinary(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	code := m.Run()
	if testBinary != "" {
		_ = os.RemoveAll(filepath.Dir(testBinary))
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// buildBinary builds the program in a folder of its own.
func buildBinary() (string, error) {
	dir, err := os.MkdirTemp("", "transfer-bench-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "transfer")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("cannot build the relay: %w\n%s", err, out), os.RemoveAll(dir))
	}
	return path, nil
}

// smallMeter measures in a moment.
func smallMeter() *meter {
	return &meter{
		subjects: subjects(testBinary), points: 20_000, paced: 500 * time.Millisecond,
		warmPoints: 4000, warmTime: 100 * time.Millisecond,
	}
}

// Every way and every backend, by the real relay: all points are taken and arrive.
func TestRows(t *testing.T) {
	for name, row := range map[string]Row{
		"rpc":          {Way: "rpc", Backends: allSix(), Nodes: 3, Series: 4000},
		"http":         {Way: "http", Backends: alarmAndGraph(), Nodes: 2, Series: 4000},
		"socket":       {Way: "socket", Backends: []string{"tsdb"}, Series: 4000},
		"random order": {Way: "rpc", Backends: alarmAndGraph(), Nodes: 2, Series: 4000, Random: true},
		"paced rpc":    {Way: "rpc", Backends: allSix(), Nodes: 3, Series: 4000, Rate: 20_000},
		"paced http":   {Way: "http", Backends: alarmAndGraph(), Nodes: 2, Series: 4000, Rate: 20_000},
		"paced socket": {Way: "socket", Backends: []string{"tsdb"}, Series: 4000, Rate: 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			row.Name, row.Subject = "smoke", "transfer"
			m := smallMeter()
			if name == "paced http" {
				m.profiles = t.TempDir()
			}
			r, err := m.run(t.Context(), row)
			require.NoError(t, err)
			planned := pointsFor(row, m.points)
			if row.Rate > 0 {
				planned = int(float64(row.Rate) * m.paced.Seconds())
			}
			// Requests are whole, and each connection has as many of them.
			require.InDelta(t, planned, r.Points, 5000)
			require.InDelta(t, 1, r.Share, 0)
			require.Positive(t, r.CPU)
			require.Positive(t, r.Took)
			require.Greater(t, r.Memory, int64(5<<20))
			require.Equal(t, row.Way != "socket", r.Ack.P50 > 0)
			require.GreaterOrEqual(t, r.Ack.P99, r.Ack.P50)
			require.Equal(t, row.Rate > 0, r.Arrival.P50 > 0)
			require.GreaterOrEqual(t, r.Arrival.P99, r.Arrival.P50)
			if m.profiles != "" {
				profile, err := os.ReadFile(filepath.Join(m.profiles, "smoke.pprof"))
				require.NoError(t, err)
				require.Equal(t, []byte{0x1f, 0x8b}, profile[:2], "a profile is packed by gzip")
			}
		})
	}
}

// What stands behind the relay is gone, and no point moves.
func TestRunEndsWhenInterrupted(t *testing.T) {
	row := Row{Subject: "transfer", Way: "rpc", Backends: alarmAndGraph(), Nodes: 1, Series: 2000, Rate: 1000}
	m := smallMeter()
	m.paced = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := m.run(ctx, row)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestRunRefuses(t *testing.T) {
	m := smallMeter()
	for want, row := range map[string]Row{
		`it takes points by rpc`:   {Subject: "transfer", Way: "graphite", Backends: []string{"judge"}, Nodes: 1, Series: 200},
		`a backend called "kafka"`: {Subject: "transfer", Way: "rpc", Backends: []string{"judge", "kafka"}, Nodes: 1, Series: 200},
	} {
		_, err := m.run(t.Context(), row)
		require.ErrorContains(t, err, want)
	}
}
