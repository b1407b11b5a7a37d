package changes

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// resources are what a relay has of the system.
type resources struct{ goroutines, descriptors int }

// look returns the resources of now.
func look(s *trial.Stage) resources {
	s.T.Helper()
	text, err := s.Relay.Get("/metrics")
	require.NoError(s.T, err)
	return resources{gauge(s.T, text, "go_goroutines"), gauge(s.T, text, "process_open_fds")}
}

// quiet returns the most of some looks: connections of clients that look come and go.
func quiet(s *trial.Stage) (most resources) {
	s.T.Helper()
	for range 10 {
		time.Sleep(50 * time.Millisecond)
		r := look(s)
		most = resources{max(most.goroutines, r.goroutines), max(most.descriptors, r.descriptors)}
	}
	return most
}

// few is what comes and goes with the connections of those who look.
const few = 4

// baseline waits until a relay has no more than before, and returns what it has.
func baseline(s *trial.Stage, before resources) (after resources) {
	s.T.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		after = look(s)
		if after.goroutines <= before.goroutines+few && after.descriptors <= before.descriptors+few {
			return after
		}
	}
	require.Fail(s.T, "goroutines and descriptors stay", "%+v, before %+v", after, before)
	return after
}

// gauge returns the value of a metric without labels.
func gauge(t *testing.T, text, name string) int {
	t.Helper()
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err)
			return int(n)
		}
	}
	require.Fail(t, "no such metric", name)
	return 0
}
