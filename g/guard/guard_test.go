package guard

import (
	"bytes"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRunReturnsWithItsFunction(t *testing.T) {
	var restarts atomic.Uint64
	calls := 0
	Run(quiet(), "unit", &restarts, nil, func() { calls++ })
	require.Equal(t, 1, calls)
	require.Zero(t, restarts.Load())
}

func TestRunPausesLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var restarts atomic.Uint64
		var pauses []time.Duration
		last := time.Now()
		Run(quiet(), "unit", &restarts, nil, func() {
			pauses = append(pauses, time.Since(last))
			last = time.Now()
			if len(pauses) < 10 {
				panic("oops")
			}
		})
		ms := time.Millisecond
		require.Equal(t, []time.Duration{0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms, 5000 * ms}, pauses)
		require.Equal(t, uint64(9), restarts.Load())
	})
}

func TestRunForgetsOldTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var restarts atomic.Uint64
		var ended, resumed time.Time
		Run(quiet(), "unit", &restarts, nil, func() {
			switch restarts.Load() {
			case 0, 1, 2:
				panic("oops")
			case 3:
				time.Sleep(time.Minute)
				ended = time.Now()
				panic("oops")
			}
			resumed = time.Now()
		})
		require.Equal(t, firstPause, resumed.Sub(ended))
	})
}

func TestStopEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var restarts atomic.Uint64
		stop := make(chan struct{})
		begun := time.Now()
		time.AfterFunc(10*time.Millisecond, func() { close(stop) })
		Run(quiet(), "unit", &restarts, stop, func() { panic("oops") })
		require.Equal(t, 10*time.Millisecond, time.Since(begun))
		require.Zero(t, restarts.Load(), "it did not start again")
	})
}

func TestPanicsAreLogged(t *testing.T) {
	for name, fault := range map[string]any{"text": "oops", "error": errors.New("oops"), "nil": nil} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			var restarts atomic.Uint64
			stop := make(chan struct{})
			close(stop)
			Run(slog.New(slog.NewTextHandler(&out, nil)), "listener/rpc", &restarts, stop, func() { panic(fault) })
			require.Contains(t, out.String(), "unit=listener/rpc")
			require.Contains(t, out.String(), "guard_test.go", "the stack says where")
			if fault != nil {
				require.Contains(t, out.String(), "panic=oops")
			}
		})
	}
}

func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var life Life
		shown := func() (u stat.Unit) { life.Fill(&u); return u }
		require.Equal(t, stat.Unit{State: stat.UnitStarting}, shown())

		begun := time.Now()
		time.AfterFunc(50*time.Millisecond, func() {
			require.Equal(t, stat.Unit{State: stat.UnitStarting, Error: "panicked: oops", Since: begun}, shown())
		})
		life.Run(quiet(), "unit", nil, func() {
			require.Equal(t, stat.UnitUp, shown().State)
			if shown().Restarts == 0 {
				panic("oops")
			}
		})
		require.Equal(t, stat.Unit{State: stat.UnitUp, Error: "panicked: oops", Since: begun.Add(firstPause), Restarts: 1}, shown())

		life.Become(stat.UnitDraining)
		life.Become(stat.UnitUp)
		require.Equal(t, stat.UnitDraining, shown().State, "the way to the end has no way back")
		time.Sleep(time.Second)
		life.Become(stat.UnitStopped)
		life.Become(stat.UnitStopped)
		require.Equal(t, stat.UnitStopped, shown().State)
		require.Equal(t, time.Now(), shown().Since)
	})
}

func TestLifeEnds(t *testing.T) {
	var life Life
	life.Run(quiet(), "unit", nil, func() {})
	life.Ended(errors.New("the port is gone"))
	var u stat.Unit
	life.Fill(&u)
	require.Equal(t, stat.UnitStopped, u.State)
	require.Equal(t, "the port is gone", u.Error)
}

func TestRunBesideLeavesTheState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var life Life
		var u stat.Unit
		life.RunBeside(quiet(), "unit", nil, func() {
			if life.Fill(&u); u.Restarts == 0 {
				panic("oops")
			}
		})
		require.Equal(t, stat.Unit{State: stat.UnitStarting, Error: "panicked: oops", Restarts: 1}, u)
	})
}
