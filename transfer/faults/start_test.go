package faults

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P14: gigabytes of spool don't delay the start. The segments are as large as those
// of a large spool, and each holds a record; the rest of them takes no disk.
func TestStartWithLargeSpool(t *testing.T) {
	t.Parallel()
	k := killedRelay(t, 2000)
	k.site.set("graph", "spoolBytes", "32GiB")
	s := k.again(t, fault{"10 GiB of spool at the start", "10 GiB in 160 segments of 64 MiB wait for a graph that is away",
		"points are taken within 2 s, others get theirs"})
	const segments, bytes = 160, 64 << 20
	folder := spoolOf(t, s.relay.data)
	grow(t, folder, segments, bytes)
	away := s.site.addrs[0]
	away.in.(earlier).fail(t, dead())
	took := s.relay.start()
	require.Less(t, took, startWithin)
	s.play(load{rate: 400, answers: true})
	s.flows()
	s.endClients()
	id := s.site.addrs[1].id()
	eventually(t, drainTime, "others don't get their points", func() bool {
		l := s.relay.mustLedger()
		return l.target(t, id).Queued == 0
	})
	ledger := s.relay.mustLedger()
	s.relay.stop()
	s.note("the start took %s", took.Round(time.Millisecond))
	s.unheard = s.site.addrs[0].id()
	s.uncounted = true
	s.allowed.duplicates = killedRate // of the second before the kill
	s.verdict(ledger)
}

// grow makes the log have so many segments more, of so many bytes.
func grow(t *testing.T, folder string, segments int, bytes int64) {
	t.Helper()
	all := withPoints(records(t, folder))
	require.NotEmpty(t, all)
	l := openLog(t, folder)
	last := all[len(all)-1].record
	before := segmentsOf(t, folder)
	for range segments {
		record := last
		record.First = l.End().Next
		require.NoError(t, l.Append(record))
		l.Seal()
	}
	require.NoError(t, l.Sync())
	require.NoError(t, l.Close())
	after := segmentsOf(t, folder)
	require.Equal(t, len(before)+segments, len(after))
	for _, path := range after[len(before):] {
		require.NoError(t, os.Truncate(path, bytes))
	}
}

// P14: a data directory belongs to one process.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	site, _, _ := usualSite(t)
	s := newStage(t, fault{"a second process", "a relay is started on the data directory of one that runs",
		"it refuses to start, the first goes on"}, site, nil)
	s.relay.start()
	s.play(usual())
	s.flows()
	second := newRelay(t, s.relay.config)
	second.config["dataDir"] = s.relay.data
	p := second.launch()
	require.True(t, p.endsWithin(10*time.Second), "two relays share a data directory")
	require.Equal(t, 2, p.cmd.ProcessState.ExitCode())
	require.Contains(t, p.output.String(), "another process uses it")
	s.flows()
	s.finish()
}

// P9: what is not known in a data directory stays.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	site, _, _ := usualSite(t)
	s := newStage(t, fault{"foreign files", "files and folders of others in the data directory", "it starts, and they are left alone"}, site, nil)
	foreign := []string{
		"notes", "spool/graph/graph-99/10.9.9.9_6070/0/notes", "spool/unknown/notes", "journal/notes", "dead/notes",
	}
	for _, name := range foreign {
		path := filepath.Join(s.relay.data, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(name), 0o600))
	}
	s.relay.start()
	s.play(usual())
	s.flows()
	s.finish()
	for _, name := range foreign {
		content, err := os.ReadFile(filepath.Join(s.relay.data, filepath.FromSlash(name)))
		require.NoError(t, err)
		require.Equal(t, name, string(content))
	}
}
