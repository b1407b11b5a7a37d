package several

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

// command runs `transfer WORDS` with the configuration of the first relay, and returns what
// it prints on its standard output.
func (f *fleet) command(words ...string) string {
	f.T.Helper()
	run := exec.Command(f.Relay.Binary, append(words, "-c", f.Relay.File())...)
	run.Dir = f.T.TempDir()
	out, err := run.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		require.NoError(f.T, err, "%q:\n%s%s", words, out, exit.Stderr)
	}
	require.NoError(f.T, err)
	return string(out)
}

// set changes the site and makes all relays follow by the command. The files of the relays
// stay as they are: what the topology says counts.
func (f *fleet) set(edit func()) {
	f.T.Helper()
	var before []map[string]any
	for _, relay := range f.Relays {
		before = append(before, maps.Clone(relay.Config))
	}
	f.Request(edit, func() {
		file := filepath.Join(f.T.TempDir(), "new.json")
		require.NoError(f.T, os.WriteFile(file, f.Relay.Text(), 0o600))
		for i, relay := range f.Relays {
			maps.Copy(relay.Config, before[i])
		}
		f.command("topology", "set", file, "--wait")
	})
}

// effectiveAt returns from when the topology holds that was set last.
func (f *fleet) effectiveAt() time.Time {
	f.T.Helper()
	var document struct{ EffectiveAt int64 }
	text := f.command("topology", "get", "--json")
	require.NoError(f.T, json.Unmarshal([]byte(text), &document), text)
	return time.UnixMilli(document.EffectiveAt)
}

// watchSwitch looks at the rings of all relays until they have changed. The returned func
// waits for that, and says how much later than at an instant the last one was seen to have
// changed, and requires that none had before.
func (f *fleet) watchSwitch() (after func(at time.Time) time.Duration) {
	f.T.Helper()
	seen := make([]time.Time, len(f.Relays))
	var watching sync.WaitGroup
	for i, relay := range f.Relays {
		status, err := relay.Status()
		require.NoError(f.T, err)
		before := rings(status)
		watching.Go(func() {
			for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				asked := time.Now()
				status, err := relay.Status()
				if err == nil && before != rings(status) {
					seen[i] = asked
					return
				}
			}
		})
	}
	return func(at time.Time) (last time.Duration) {
		f.T.Helper()
		watching.Wait()
		for i := range seen {
			require.False(f.T, seen[i].IsZero(), "relay %d has not changed", i)
			late := seen[i].Sub(at)
			require.Greater(f.T, late, -clockSlack, "relay %d has changed too early", i)
			last = max(last, late)
		}
		return last
	}
}

// clockSlack is by how much the clocks of this machine's processes may seem to differ.
const clockSlack = 100 * time.Millisecond
