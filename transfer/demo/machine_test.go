package demo

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

func TestMachineReadsItsFigures(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	m, err := newMachine(func() time.Time { return now })
	require.NoError(t, err)
	first, err := m.read()
	require.NoError(t, err)
	require.NotContains(t, metrics(first), "cpu.idle", "a share needs two readings")

	// The kernel counts a processor's time in hundredths of a second.
	var second []figure
	require.Eventually(t, func() bool {
		now = now.Add(time.Second)
		second, err = m.read()
		require.NoError(t, err)
		return metrics(second)["cpu.idle"] != nil
	}, patience, 20*time.Millisecond)

	found := metrics(second)
	for _, name := range []string{
		"agent.alive", "cpu.user", "cpu.switches", "mem.memfree", "mem.memused.percent", "load.1min", "load.5min",
		"df.bytes.free", "net.if.in.bytes",
	} {
		require.Contains(t, found, name)
	}
	keys := make(map[string]bool)
	for _, f := range second {
		keys[f.metric+"/"+f.tags] = true
		require.GreaterOrEqual(t, f.value, 0.0, f.metric)
		if len(f.metric) > 8 && f.metric[len(f.metric)-8:] == ".percent" || f.metric == "cpu.idle" || f.metric == "disk.io.util" {
			require.LessOrEqual(t, f.value, 100.0, f.metric)
		}
	}
	require.Len(t, keys, len(second), "no series twice")
	require.InDelta(t, 100, found["cpu.idle"].value+found["cpu.busy"].value, 1e-9)
	require.Regexp(t, `^fstype=.+,mount=/`, found["df.bytes.free"].tags)
	require.True(t, found["net.if.in.bytes"].rising)
}

// metrics returns the figures by metric.
func metrics(figures []figure) map[string]*figure {
	m := make(map[string]*figure)
	for i := range figures {
		m[figures[i].metric] = &figures[i]
	}
	return m
}

func TestAgentDialsAgain(t *testing.T) {
	m, err := newMachine(time.Now)
	require.NoError(t, err)
	relay, err := sink.NewTransfer("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	defer relay.Close()
	var told bytes.Buffer
	a := agent{machine: m, endpoint: "host", relay: relay.Addr(), step: time.Second, out: &told, now: time.Now}
	defer a.hangUp()

	require.NoError(t, relay.SetFault(sink.Fault{Mode: sink.Refuse}))
	require.ErrorContains(t, a.push(60), "cannot connect to the relay")
	require.NoError(t, relay.SetFault(sink.Fault{Mode: sink.Error}))
	require.ErrorContains(t, a.push(60), "cannot push")
	a.hangUp()
	require.NoError(t, relay.SetFault(sink.Fault{}))
	require.NoError(t, a.push(60))
	require.NoError(t, a.push(61))
	require.NotEmpty(t, relay.Points())
	require.Empty(t, told.String())
}
