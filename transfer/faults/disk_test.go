package faults

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// backWithin is how soon after the end of a disk's trouble health must be good again:
// 10 s are promised (P8).
const backWithin = 15 * time.Second

// killedAndStarted kills the relay, which says that its points are safe, and starts
// it again.
func (s *stage) killedAndStarted(l load) {
	s.t.Helper()
	s.relay.kill()
	s.crashed = true
	s.allowed.duplicates += 3 * l.rate
	s.relay.start()
	s.flows()
}

// P8: the disk is full when the relay starts, and has space later.
func TestDiskIsFullAtTheStart(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"disk full at the start", "a full file system under the data directory, space later, then kill -9",
		"it works in memory, health says degraded, then ok; nothing acknowledged lost"}, site,
		section{"dataDir": filepath.Join(dir, "data")})
	free := fill(t, dir)
	l := usual()
	s.relay.start()
	s.play(l)
	s.flows()
	s.relay.becomes("degraded", 5*time.Second)
	graphs[3].fail(t, dead())
	time.Sleep(time.Second)
	free()
	s.relay.becomes("ok", backWithin)
	s.killedAndStarted(l) // what was in memory only must be on the disk by now
	graphs[3].fail(t, well())
	s.finish()
}

// P7, P8: the disk becomes full under load while a graph is away.
func TestDiskBecomesFull(t *testing.T) {
	const injected = "the file system fills up under load, a graph goes, space later, then kill -9"
	for _, test := range []struct {
		policy string
		fault  fault
	}{
		{"memory", fault{"disk becomes full", injected, "goes on in memory, health says degraded, then ok; nothing acknowledged lost"}},
		{"refuse", fault{"disk becomes full, refusing", injected + `, "onDiskError": "refuse"`, "requests are refused, then accepted; nothing acknowledged lost"}},
	} {
		t.Run(test.policy, func(t *testing.T) {
			t.Parallel()
			dir := smallDisk(t)
			site, _, graphs := usualSite(t)
			s := newStage(t, test.fault, site, section{"dataDir": filepath.Join(dir, "data"), "onDiskError": test.policy})
			l := load{rate: usual().rate, answers: test.policy == "refuse"}
			s.relay.start()
			s.relay.becomes("ok", 5*time.Second)
			s.play(l)
			s.flows()
			free := fill(t, dir)
			graphs[3].fail(t, dead())
			if test.policy == "refuse" {
				// The journal's segment was made before and holds a while.
				eventually(t, 60*time.Second, "nothing is refused", func() bool { return s.refused() > 3 })
			} else {
				s.relay.becomes("degraded", 60*time.Second)
			}
			time.Sleep(time.Second)
			free()
			s.relay.becomes("ok", backWithin)
			s.flows()
			s.killedAndStarted(l)
			graphs[3].fail(t, well())
			s.note("%d requests refused", s.refused())
			s.finish()
		})
	}
}

// P8: a data directory on which nothing can be written.
func TestDataDirectoryIsReadOnly(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	mountAt(t, dir, "-o", "remount,ro")
	site, _, _ := usualSite(t)
	s := newStage(t, fault{"data directory read-only", "a file system mounted read-only",
		`goes on in memory, health says so; with "refuse" it does not start`}, site,
		section{"dataDir": filepath.Join(dir, "data"), "onDiskError": "refuse"})
	p := s.relay.launch()
	require.True(t, p.endsWithin(10*time.Second), "it starts although it has to refuse")
	require.Equal(t, 2, p.cmd.ProcessState.ExitCode())
	require.Contains(t, p.output.String(), "data directory")
	s.relay.config["onDiskError"] = "memory"
	s.relay.start()
	s.play(usual())
	s.flows()
	durability, details := s.relay.health()
	require.Equal(t, "degraded", durability)
	require.Contains(t, strings.Join(details, " "), "data directory")
	time.Sleep(time.Second)
	s.finish()
}

// P8: every fsync fails for a while. What the system could not write may be lost in
// a power cut, so health says it, or requests are refused.
func TestFsyncFails(t *testing.T) {
	for _, test := range []struct {
		durability string
		fault      fault
	}{
		{"journal", fault{"fsync fails", "fdatasync and fsync return EIO for seconds, then kill -9", "health says degraded, then ok; nothing acknowledged lost"}},
		{"fsync", fault{"fsync fails in fsync mode", "fdatasync and fsync return EIO for seconds, then kill -9", "requests are refused meanwhile; nothing acknowledged lost"}},
	} {
		t.Run(test.durability, func(t *testing.T) {
			t.Parallel()
			onlyInFull(t)
			site, _, graphs := usualSite(t)
			s := newStage(t, test.fault, site, section{"durability": test.durability})
			l := load{rate: usual().rate, answers: true}
			s.relay.start()
			s.relay.becomes("ok", 5*time.Second)
			s.play(l)
			s.flows()
			graphs[3].fail(t, dead())
			end := inject(t, s.relay, "fdatasync,fsync", "error=EIO")
			if test.durability == "fsync" {
				eventually(t, 20*time.Second, "nothing is refused", func() bool { return s.refused() > 3 })
			} else {
				s.relay.becomes("degraded", 20*time.Second)
			}
			time.Sleep(time.Second)
			end()
			s.relay.becomes("ok", backWithin)
			s.flows()
			s.killedAndStarted(l)
			graphs[3].fail(t, well())
			s.note("%d requests refused", s.refused())
			s.finish()
		})
	}
}

// P8: every fsync takes 2 s. In fsync mode replies wait for it; else nobody does.
func TestFsyncIsSlow(t *testing.T) {
	for _, durability := range []string{"journal", "fsync"} {
		t.Run(durability, func(t *testing.T) {
			t.Parallel()
			onlyInFull(t)
			site, _, _ := usualSite(t)
			s := newStage(t, fault{"fsync is slow, " + durability + " mode", "fdatasync and fsync take 2 s", "points flow, nothing lost"},
				site, section{"durability": durability})
			s.relay.start()
			s.play(load{rate: usual().rate, answers: true})
			s.flows()
			end := inject(t, s.relay, "fdatasync,fsync", "delay_enter=2000000")
			time.Sleep(5 * time.Second)
			s.flows()
			end()
			s.finish()
		})
	}
}
