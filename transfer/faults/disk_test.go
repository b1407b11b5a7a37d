package faults

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// backWithin is how soon after the end of a disk's trouble health must be good again:
// 10 s are promised (P8).
const backWithin = 15 * time.Second

// killedAndStarted kills the relay, which says that its points are safe, and starts
// it again.
func killedAndStarted(s *trial.Stage, l trial.Load) {
	s.T.Helper()
	s.Relay.Kill()
	s.Crashed = true
	s.Allowed.Duplicates += 3 * l.Rate
	s.Relay.Start()
	s.Flows()
}

// P8: the disk is full when the relay starts, and has space later.
func TestDiskIsFullAtTheStart(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "disk full at the start", Injected: "a full file system under the data directory, space later, then kill -9",
		Expected: "it works in memory, health says degraded, then ok; nothing acknowledged lost"}, site,
		trial.Section{"dataDir": filepath.Join(dir, "data")})
	free := fill(t, dir)
	l := usual()
	s.Relay.Start()
	s.Play(l)
	s.Flows()
	s.Relay.Becomes("degraded", 5*time.Second)
	graphs[3].Fail(t, trial.Dead())
	time.Sleep(time.Second)
	free()
	s.Relay.Becomes("ok", backWithin)
	killedAndStarted(s, l) // what was in memory only must be on the disk by now
	graphs[3].Fail(t, trial.Well())
	s.Finish()
}

// P7, P8: the disk becomes full under load while a graph is away.
func TestDiskBecomesFull(t *testing.T) {
	const injected = "the file system fills up under load, a graph goes, space later, then kill -9"
	for _, test := range []struct {
		policy string
		fault  trial.Case
	}{
		{"memory", trial.Case{Name: "disk becomes full", Injected: injected, Expected: "goes on in memory, health says degraded, then ok; nothing acknowledged lost"}},
		{"refuse", trial.Case{Name: "disk becomes full, refusing", Injected: injected + `, "onDiskError": "refuse"`, Expected: "requests are refused, then accepted; nothing acknowledged lost"}},
	} {
		t.Run(test.policy, func(t *testing.T) {
			t.Parallel()
			dir := smallDisk(t)
			site, _, graphs := suite.UsualSite(t)
			s := trial.NewStage(t, test.fault, site, trial.Section{"dataDir": filepath.Join(dir, "data"), "onDiskError": test.policy})
			l := trial.Load{Rate: usual().Rate, Answers: test.policy == "refuse"}
			s.Relay.Start()
			s.Relay.Becomes("ok", 5*time.Second)
			s.Play(l)
			s.Flows()
			free := fill(t, dir)
			graphs[3].Fail(t, trial.Dead())
			if test.policy == "refuse" {
				// The journal's segment was made before and holds a while.
				trial.Eventually(t, 60*time.Second, "nothing is refused", func() bool { return s.Refused() > 3 })
			} else {
				s.Relay.Becomes("degraded", 60*time.Second)
			}
			time.Sleep(time.Second)
			free()
			s.Relay.Becomes("ok", backWithin)
			s.Flows()
			killedAndStarted(s, l)
			graphs[3].Fail(t, trial.Well())
			s.Note("%d requests refused", s.Refused())
			s.Finish()
		})
	}
}

// P8: a data directory on which nothing can be written.
func TestDataDirectoryIsReadOnly(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	mountAt(t, dir, "-o", "remount,ro")
	site, _, _ := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "data directory read-only", Injected: "a file system mounted read-only",
		Expected: `goes on in memory, health says so; with "refuse" it does not start`}, site,
		trial.Section{"dataDir": filepath.Join(dir, "data"), "onDiskError": "refuse"})
	p := s.Relay.Launch()
	require.True(t, p.EndsWithin(10*time.Second), "it starts although it has to refuse")
	require.Equal(t, 2, p.Cmd.ProcessState.ExitCode())
	require.Contains(t, p.Output.String(), "data directory")
	s.Relay.Config["onDiskError"] = "memory"
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	durability, details := s.Relay.Health()
	require.Equal(t, "degraded", durability)
	require.Contains(t, strings.Join(details, " "), "data directory")
	time.Sleep(time.Second)
	s.Finish()
}

// P8: every fsync fails for a while. What the system could not write may be lost in
// a power cut, so health says it, or requests are refused.
func TestFsyncFails(t *testing.T) {
	for _, test := range []struct {
		durability string
		fault      trial.Case
	}{
		{"journal", trial.Case{Name: "fsync fails", Injected: "fdatasync and fsync return EIO for seconds, then kill -9", Expected: "health says degraded, then ok; nothing acknowledged lost"}},
		{"fsync", trial.Case{Name: "fsync fails in fsync mode", Injected: "fdatasync and fsync return EIO for seconds, then kill -9", Expected: "requests are refused meanwhile; nothing acknowledged lost"}},
	} {
		t.Run(test.durability, func(t *testing.T) {
			t.Parallel()
			suite.OnlyInFull(t)
			site, _, graphs := suite.UsualSite(t)
			s := trial.NewStage(t, test.fault, site, trial.Section{"durability": test.durability})
			l := trial.Load{Rate: usual().Rate, Answers: true}
			s.Relay.Start()
			s.Relay.Becomes("ok", 5*time.Second)
			s.Play(l)
			s.Flows()
			graphs[3].Fail(t, trial.Dead())
			end := inject(t, s.Relay, "fdatasync,fsync", "error=EIO")
			if test.durability == "fsync" {
				trial.Eventually(t, 20*time.Second, "nothing is refused", func() bool { return s.Refused() > 3 })
			} else {
				s.Relay.Becomes("degraded", 20*time.Second)
			}
			time.Sleep(time.Second)
			end()
			s.Relay.Becomes("ok", backWithin)
			s.Flows()
			killedAndStarted(s, l)
			graphs[3].Fail(t, trial.Well())
			s.Note("%d requests refused", s.Refused())
			s.Finish()
		})
	}
}

// P8: every fsync takes 2 s. In fsync mode replies wait for it; else nobody does.
func TestFsyncIsSlow(t *testing.T) {
	for _, durability := range []string{"journal", "fsync"} {
		t.Run(durability, func(t *testing.T) {
			t.Parallel()
			suite.OnlyInFull(t)
			site, _, _ := suite.UsualSite(t)
			s := trial.NewStage(t, trial.Case{Name: "fsync is slow, " + durability + " mode", Injected: "fdatasync and fsync take 2 s", Expected: "points flow, nothing lost"},
				site, trial.Section{"durability": durability})
			s.Relay.Start()
			s.Play(trial.Load{Rate: usual().Rate, Answers: true})
			s.Flows()
			end := inject(t, s.Relay, "fdatasync,fsync", "delay_enter=2000000")
			time.Sleep(5 * time.Second)
			s.Flows()
			end()
			s.Finish()
		})
	}
}
