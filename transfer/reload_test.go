package main

import (
	"fmt"
	nethttp "net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
	"transfer/http"
)

// refusedReload reloads the file as it is; it must be refused.
func (r *liveRelay) refusedReload(t *testing.T) string {
	t.Helper()
	_, err := r.Reload(false)
	require.Error(t, err)
	return err.Error()
}

// A file that is broken or cannot be had changes nothing, and says why at each place
// where an operator looks, until one is good again.
func TestBrokenFileChangesNothing(t *testing.T) {
	r := startLive(t)
	web, before := r.listeners.address(listenerHTTP), r.conf.Load()
	text, err := os.ReadFile(r.file)
	require.NoError(t, err)
	for name, broken := range map[string]string{
		"half written":  string(text[:len(text)/2]),
		"empty":         "",
		"a wrong value": `{"rpc": {"enabled": true, "connections": "many"}}`,
		"two faults":    `{"durability": "never", "logLevel": "loud"}`,
	} {
		require.NoError(t, os.WriteFile(r.file, []byte(broken), 0o600))
		why := r.refusedReload(t)
		require.Contains(t, why, r.file, name)
		require.Same(t, before, r.conf.Load(), name)
		require.Equal(t, why, (&view{r.Service}).Loaded().Failed, name)
	}
	require.NoError(t, os.Remove(r.file))
	require.Contains(t, r.refusedReload(t), "cannot read the configuration")
	code, body := get(t, web, "/config/reload")
	require.Equal(t, nethttp.StatusBadRequest, code)
	require.Contains(t, body, "cannot read the configuration")
	require.Equal(t, http.DurabilityOK, (&view{r.Service}).Health().Durability, "no point is in danger for that")
	_, body = get(t, web, "/api/health")
	require.Contains(t, body, `"durability":"ok"`)
	require.Contains(t, body, "cannot read the configuration")
	_, body = get(t, web, "/metrics")
	require.Contains(t, body, `transfer_reloads_total{result="refused"} 6`)

	require.NoError(t, os.WriteFile(r.file, text, 0o600))
	done, err := r.Reload(false)
	require.NoError(t, err)
	require.Empty(t, done.Changed)
	require.Empty(t, (&view{r.Service}).Loaded().Failed)
	_, body = get(t, web, "/api/health")
	require.Equal(t, `{"durability":"ok","details":[]}`, body)
	require.NoError(t, dialRPC(t, r.listeners.address(listenerRPC)).push("e"))
	r.arrived(t, "e")
}

// What cannot change live is refused by name, all of it at once, and nothing else of
// that file is taken.
func TestWhatCannotChangeIsRefused(t *testing.T) {
	r := startLive(t)
	moved := freePort(t)
	r.cfg["durability"], r.cfg["dataDir"], r.cfg["rpc"] = "memory", t.TempDir(), listenOn(moved)
	r.cfg["redis"] = section{"enabled": true, "addrs": []string{"127.0.0.1:1"}}
	r.write(t)
	why := r.refusedReload(t)
	require.Contains(t, why, "cannot change durability while the relay runs")
	require.Contains(t, why, "cannot change dataDir while the relay runs")
	require.Contains(t, why, "cannot change redis while the relay runs")
	require.NotEqual(t, moved, r.listeners.address(listenerRPC))
	delete(r.cfg, "durability")
	delete(r.cfg, "redis")
	r.cfg["dataDir"] = r.config().DataDir
	r.cfg["onDiskError"] = "refuse"
	require.Equal(t, []string{"onDiskError: memory -> refuse", "rpc.listen: " + r.listeners.address(listenerRPC) + " -> " + moved}, r.reload(t))
}

// Without its data directory a relay cannot begin to refuse what it cannot keep.
func TestRefuseNeedsADataDirectory(t *testing.T) {
	s := &Service{} // one that could not have its data directory
	old, now := parse(t, `{}`), parse(t, `{"onDiskError": "refuse"}`)
	require.ErrorContains(t, s.fixed(old, now), "cannot change onDiskError while the relay runs")
	require.NoError(t, s.fixed(now, old))
	s.storage = &storage{}
	require.NoError(t, s.fixed(old, now))
}

// Of many reloads at once each is answered and the last one wins; nothing of them stays
// behind.
func TestManyReloads(t *testing.T) {
	r := startLive(t)
	first, second := freePort(t), freePort(t)
	agent := dialRPC(t, r.listeners.address(listenerRPC))
	require.NoError(t, agent.push("before"))
	r.arrived(t, "before") // so that graph's connection is among the descriptors
	load := func(n int) {
		address := first
		if n%2 == 0 {
			address = second
		}
		r.cfg["socket"] = section{"enabled": true, "listen": address, "connections": 100 + n}
		r.cfg["seriesCache"] = 1000 + n
		r.cfg["http"] = section{"enabled": true, "listen": r.listeners.address(listenerHTTP), "connections": 100 + n}
		r.reload(t)
	}
	load(0)
	load(1)
	r.listeners.ending.Wait()
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	for n := 2; n <= 100; n++ {
		load(n)
	}
	load(1)
	require.Equal(t, first, r.listeners.address(listenerSocket))
	require.Equal(t, 1001, r.config().SeriesCache)
	require.Equal(t, 101, r.config().Socket.Connections)
	r.listeners.ending.Wait()
	const ofTheTest = 2 // goroutines of Eventually
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+ofTheTest }, 10*time.Second, 10*time.Millisecond)
	const ofTheRelay = 4 // files of its state, which it opens when there is some
	require.Eventually(t, func() bool { return openDescriptors(t) <= descriptors+ofTheRelay }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, agent.push("after"), "the connection that nobody touched is open")
	r.arrived(t, "before", "after")

	var callers sync.WaitGroup
	for n := range 50 {
		callers.Go(func() {
			_, err := r.Reload(false)
			if err != nil {
				t.Errorf("reload %d: %v", n, err)
			}
		})
	}
	callers.Wait()
	total := uint64(0)
	for _, n := range (&view{r.Service}).Loaded().Reloads {
		total += n
	}
	require.LessOrEqual(t, total, uint64(102+50))
}

func openDescriptors(t *testing.T) int {
	all, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(all)
}

// Those that ask while a reload is under way share the next one, which is forced if one
// of them asks for that.
func TestReloadsJoin(t *testing.T) {
	r := newReloads()
	running, first := r.join(false)
	require.True(t, first)
	require.False(t, r.begin(running))
	next, first := r.join(false)
	require.True(t, first)
	require.NotSame(t, running, next)
	for _, force := range []bool{true, false} {
		same, first := r.join(force)
		require.False(t, first)
		require.Same(t, next, same)
	}
	running.err, next.err = errNotReady, errNotReady
	require.True(t, r.finish(running), "news")
	require.True(t, r.begin(next))
	require.False(t, r.finish(next), "it is known")
	<-next.done
	require.ErrorIs(t, next.err, errNotReady)
	var shown stat.Loaded
	r.tell(&shown)
	require.Equal(t, stat.Loaded{Failed: errNotReady.Error(), Reloads: map[string]uint64{stat.ReloadRefused: 2}}, shown)
}

// With watchConfig the relay takes the file when it is written, replaced, or is another
// one behind a link; a broken one is said once.
func TestWatchedFile(t *testing.T) {
	r := startLive(t)
	r.cfg["watchConfig"] = true
	r.reload(t)
	until := func(connections int) {
		t.Helper()
		require.Eventually(t, func() bool { return r.config().RPC.Connections == connections }, 10*time.Second, 10*time.Millisecond)
	}
	set := func(connections int) {
		r.cfg["rpc"] = section{"enabled": true, "listen": r.listeners.address(listenerRPC), "connections": connections}
	}
	set(11)
	r.write(t)
	until(11)

	refused := func() uint64 { return (&view{r.Service}).Loaded().Reloads[stat.ReloadRefused] }
	require.NoError(t, os.WriteFile(r.file, []byte("{"), 0o600))
	require.Eventually(t, func() bool { return refused() == 1 }, 10*time.Second, 10*time.Millisecond)
	time.Sleep(2 * watchEvery)
	require.EqualValues(t, 1, refused(), "it has not changed since")

	// As a volume of Kubernetes: a link to a link to a folder, which is switched.
	volume := t.TempDir()
	file := r.file
	publish := func(version string, connections int) {
		set(connections)
		r.file = filepath.Join(volume, version, "cfg.json")
		require.NoError(t, os.Mkdir(filepath.Dir(r.file), 0o700))
		r.write(t)
		next := filepath.Join(volume, "next")
		require.NoError(t, os.Symlink(version, next))
		require.NoError(t, os.Rename(next, filepath.Join(volume, "data")))
	}
	publish("v1", 12)
	link := file + ".link"
	require.NoError(t, os.Symlink(filepath.Join(volume, "data", "cfg.json"), link))
	require.NoError(t, os.Rename(link, file))
	until(12)
	publish("v2", 13)
	until(13)
	r.file = file

	r.cfg["watchConfig"] = false
	set(14)
	require.NoError(t, os.Remove(file))
	r.write(t)
	until(14)
	set(15)
	r.write(t)
	time.Sleep(2 * watchEvery)
	require.Equal(t, 14, r.config().RPC.Connections, "nobody watches any more")
	r.Reread()
	until(15)
}

func TestWatchedFileFirstLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	f := &watchedFile{path: path}
	require.False(t, f.changed(), "there is none")
	require.NoError(t, os.WriteFile(path, []byte("a"), 0o600))
	require.True(t, f.changed())
	require.False(t, f.changed())
	require.NoError(t, os.Remove(path))
	require.False(t, f.changed(), "it is about to come back")
	for i := range 3 {
		require.NoError(t, os.WriteFile(path, fmt.Append(nil, "a", i), 0o600))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(int64(i+1), 0)))
		require.True(t, f.changed())
	}
}

// Nothing changes before the relay is ready and once it stops.
func TestChangesNeedAReadyRelay(t *testing.T) {
	s := newTestService(t, "127.0.0.1:1")
	_, err := s.apply(newConfiguration(s.config(), nil, nil), manner{})
	require.ErrorIs(t, err, errNotReady)
	s.Start()
	_, err = s.apply(newConfiguration(s.config(), nil, nil), manner{})
	require.NoError(t, err)
	s.Stop()
	_, err = s.Reload(false)
	require.Error(t, err)
	_, err = s.apply(newConfiguration(s.config(), nil, nil), manner{})
	require.ErrorIs(t, err, errNotReady)
}

// slowRoutes is seenRoutes whose Plan takes as long as the test wants.
type slowRoutes struct {
	seenRoutes
	planning, goOn chan struct{}
}

func (r *slowRoutes) Plan(cfg *g.Config) (rerouting, error) {
	r.planning <- struct{}{}
	<-r.goOn
	return r.seenRoutes.Plan(cfg)
}

// However many ask while a reload is under way, one more follows, with the file as it is
// then; points are taken meanwhile.
func TestReloadsThatWaitBecomeOne(t *testing.T) {
	r := startLive(t)
	routes := &slowRoutes{seenRoutes: seenRoutes{sender: r.sender}, planning: make(chan struct{}), goOn: make(chan struct{})}
	r.routes = routes
	agent := dialRPC(t, r.listeners.address(listenerRPC))
	var callers sync.WaitGroup
	call := func(minStep int) {
		callers.Go(func() {
			if _, err := r.Reload(false); err != nil {
				t.Errorf("refused: %v", err)
			}
			if minStep != r.config().MinStep {
				t.Errorf("%d is in force, not %d", r.config().MinStep, minStep)
			}
		})
	}
	r.cfg["minStep"] = 10
	r.write(t)
	callers.Go(func() { _, _ = r.Reload(false) })
	<-routes.planning
	r.cfg["minStep"] = 20
	r.write(t)
	for range 20 {
		call(20)
	}
	r.Reread()
	r.Reread()
	require.NoError(t, agent.push("meanwhile"))
	routes.goOn <- struct{}{}
	<-routes.planning
	routes.goOn <- struct{}{}
	callers.Wait()
	require.Equal(t, 2, routes.applied)
	r.arrived(t, "meanwhile")
}

// panickyRoutes cannot plan.
type panickyRoutes struct{}

func (panickyRoutes) Plan(*g.Config) (rerouting, error) { panic("made to") }

// A reload that panics is over for all who wait for it; the next one is carried out.
func TestReloadThatPanics(t *testing.T) {
	r := startLive(t)
	sound := r.routes
	r.routes = panickyRoutes{}
	r.cfg["minStep"] = 10
	r.write(t)
	require.Panics(t, func() { _, _ = r.Reload(false) })
	require.Equal(t, errUnfinished.Error(), (&view{r.Service}).Loaded().Failed)
	r.Reread()
	require.Eventually(t, func() bool { return r.reloads.restarts.Load() == 1 }, 10*time.Second, 10*time.Millisecond)
	r.changing.Lock()
	r.routes = sound
	r.changing.Unlock()
	r.reload(t)
	require.Equal(t, 10, r.config().MinStep)
}
