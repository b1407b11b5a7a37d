package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/servertest"
	"transfer/transfer/sink"
)

// runCommand runs a command of the binary and returns what it printed and its exit code.
func runCommand(t *testing.T, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command(binary, args...).CombinedOutput()
	if exit := new(exec.ExitError); err != nil {
		require.ErrorAs(t, err, &exit)
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// fingerprint returns that of graph's ring.
func (r *relay) fingerprint(t *testing.T) string {
	t.Helper()
	var status struct{ Rings []stat.Ring }
	require.NoError(t, json.Unmarshal([]byte(r.get(t, "/api/status")), &status))
	require.Len(t, status.Rings, 1)
	return status.Rings[0].Fingerprint
}

// switched returns when the relay says that the version came into force.
func (r *relay) switched(t *testing.T, version uint64) time.Time {
	t.Helper()
	line := regexp.MustCompile(fmt.Sprintf(`time=(\S+) .*msg="the shared topology is in force" version=%d before=`, version)).FindStringSubmatch(r.output.String())
	require.NotNil(t, line, "version %d\n%s", version, r.output)
	at, err := time.Parse(time.RFC3339Nano, line[1])
	require.NoError(t, err)
	return at
}

// Three relays take the clusters that the command sets, all at the time that it names; what
// cannot be taken changes none of them.
func TestOneTopologyForThreeRelays(t *testing.T) {
	server := servertest.StartRedis(t)
	graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(func() { graph.Close() })
	withNodes := func(nodes section) section {
		return section{
			"graph": section{"enabled": true, "maxMove": 0.6, "cluster": nodes},
			"redis": section{"enabled": true, "addrs": []string{server.Address}},
		}
	}
	one := withNodes(section{"graph-00": graph.Addr()})
	file := func(cfg section) string {
		text, err := json.Marshal(withPorts(t, cfg))
		require.NoError(t, err)
		return writeFile(t, "cfg.json", text)
	}
	operator := file(one)
	var relays []*relay
	for range 3 {
		relays = append(relays, startRelay(t, withPorts(t, one)))
	}

	two := file(withNodes(section{"graph-00": graph.Addr(), "graph-01": graph.Addr()}))
	out, code := runCommand(t, "topology", "set", "-c", operator, "--wait", "--json", two)
	require.Zero(t, code, out)
	var set struct {
		Version     uint64
		EffectiveAt int64
	}
	require.NoError(t, json.Unmarshal([]byte(out), &set), out)
	require.Equal(t, uint64(1), set.Version)
	for _, r := range relays {
		require.Equal(t, relays[0].fingerprint(t), r.fingerprint(t))
		at := r.switched(t, 1)
		require.False(t, at.Before(time.UnixMilli(set.EffectiveAt)), "%s before %d", at, set.EffectiveAt)
		require.WithinDuration(t, time.UnixMilli(set.EffectiveAt), at, 2*time.Second)
	}
	require.Eventually(t, func() bool { return strings.Contains(relays[2].get(t, "/api/peers"), `"agree":true,"alive":3`) },
		20*time.Second, 20*time.Millisecond)

	before := relays[0].fingerprint(t)
	out, code = runCommand(t, "topology", "set", "-c", operator, file(withNodes(section{"other": graph.Addr()})))
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "over its maxMove of 60.0 %: force it with --force")
	out, code = runCommand(t, "topology", "set", "-c", operator, file(withNodes(section{"graph-00": "nowhere"})))
	require.Equal(t, 2, code, out)
	for _, r := range relays {
		require.Equal(t, before, r.fingerprint(t))
	}

	// Without Redis a relay stays and starts with what it has.
	server.Kill()
	relays[0].stop(t)
	require.Eventually(t, func() bool {
		_, body := httpGet(t, "http://"+relays[1].http+"/api/health")
		return regexp.MustCompile(`^\{"durability":"ok","details":\["Redis cannot be asked for the shared topology, version 1 stays in force`).MatchString(body)
	}, 20*time.Second, 20*time.Millisecond)
	again := startRelayFile(t, relays[0].cmd.Args[2])
	require.Equal(t, before, again.fingerprint(t))
	again.stop(t)
}
