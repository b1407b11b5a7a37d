package faults

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P14: gigabytes of spool don't delay the start. The segments are as large as those
// of a large spool, and each holds a record; the rest of them takes no disk.
func TestStartWithLargeSpool(t *testing.T) {
	t.Parallel()
	k := killedRelay(t, 2000)
	k.site.Set("graph", "spoolBytes", "32GiB")
	s := k.again(t, trial.Case{Name: "10 GiB of spool at the start", Injected: "10 GiB in 160 segments of 64 MiB wait for a graph that is away",
		Expected: "points are taken within 2 s, others get theirs"})
	const segments, bytes = 160, 64 << 20
	folder := spoolOf(t, s.Relay.Data)
	grow(t, folder, segments, bytes)
	away := s.Site.Addrs[0]
	away.In.(earlier).Fail(t, trial.Dead())
	took := s.Relay.Start()
	require.Less(t, took, startWithin)
	s.Play(trial.Load{Rate: 400, Answers: true})
	s.Flows()
	s.EndClients()
	id := s.Site.Addrs[1].ID()
	trial.Eventually(t, trial.DrainTime, "others don't get their points", func() bool {
		l := s.Relay.MustLedger()
		return l.Target(t, id).Queued == 0
	})
	ledger := s.Relay.MustLedger()
	s.Relay.Stop()
	s.Note("the start took %s", took.Round(time.Millisecond))
	s.Unheard = s.Site.Addrs[0].ID()
	s.Uncounted = true
	s.Allowed.Duplicates = killedRate // of the second before the kill
	s.Verdict(ledger)
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
	site, _, _ := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "a second process", Injected: "a relay is started on the data directory of one that runs",
		Expected: "it refuses to start, the first goes on"}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	second := suite.NewRelay(t, s.Relay.Config)
	second.Config["dataDir"] = s.Relay.Data
	p := second.Launch()
	require.True(t, p.EndsWithin(10*time.Second), "two relays share a data directory")
	require.Equal(t, 2, p.Cmd.ProcessState.ExitCode())
	require.Contains(t, p.Output.String(), "another process uses it")
	s.Flows()
	s.Finish()
}

// P9: what is not known in a data directory stays.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	site, _, _ := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "foreign files", Injected: "files and folders of others in the data directory", Expected: "it starts, and they are left alone"}, site, nil)
	foreign := []string{
		"notes", "spool/graph/graph-99/10.9.9.9_6070/0/notes", "spool/unknown/notes", "journal/notes", "dead/notes",
	}
	for _, name := range foreign {
		path := filepath.Join(s.Relay.Data, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(name), 0o600))
	}
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	s.Finish()
	for _, name := range foreign {
		content, err := os.ReadFile(filepath.Join(s.Relay.Data, filepath.FromSlash(name)))
		require.NoError(t, err)
		require.Equal(t, name, string(content))
	}
}
