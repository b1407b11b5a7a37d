// Package trial starts the real relay between clients and backends that it plays
// itself, and holds it to its promises: every acknowledged point arrives at its
// address, in order, and all are accounted for. What happens to the relay meanwhile is
// up to the tests that use it.
package trial

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Suite is what the trials of one test package have in common. It is controlled by
// variables of the environment, which begin with its name:
//
//	NAME=full           all trials, at higher rates, longer
//	NAME_SEED=N         repeats the choices of another run
//	NAME_REPORT=FILE    appends a row of a Markdown table for each trial
type Suite struct {
	name   string
	full   bool
	seed   uint64 // of all that is left to chance
	binary string // the relay under test
	report report

	// addresses counts those that were given away.
	addresses atomic.Uint32
}

// NewSuite returns a suite of that name, in upper case. Run must follow.
func NewSuite(name string) *Suite { return &Suite{name: name} }

// Run is what TestMain does: it builds the relay, runs the tests, so many of them at a
// time in the short and in the full form, and returns the code to exit with.
func (s *Suite) Run(m *testing.M, short, full int) (code int) {
	s.full = os.Getenv(s.name) == "full"
	if kind := os.Getenv(s.standInVariable()); kind != "" {
		return s.playStandIn(kind)
	}
	if err := s.prepare(Either(s, short, full)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(s.binary)) }()
	code = m.Run()
	if err := s.report.write(os.Getenv(s.name + "_REPORT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// prepare reads the environment and builds the relay.
func (s *Suite) prepare(parallel int) error {
	s.seed = uint64(time.Now().UnixNano())
	if text := os.Getenv(s.name + "_SEED"); text != "" {
		var err error
		if s.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			return fmt.Errorf("cannot use %s_SEED: %w: give a number from 0 on", s.name, err)
		}
	}
	fmt.Printf("%s_SEED=%d\n", s.name, s.seed)
	// They mostly wait: more of them go side by side than there are processors.
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(parallel)); err != nil {
		return fmt.Errorf("cannot set how many tests run at a time: %w", err)
	}
	return s.build()
}

// build builds the relay into a folder of its own.
func (s *Suite) build() error {
	dir, err := os.MkdirTemp("", "transfer-"+strings.ToLower(s.name))
	if err != nil {
		return fmt.Errorf("cannot build the relay: %w", err)
	}
	s.binary = filepath.Join(dir, "transfer")
	args, cgo := []string{"build", "-buildvcs=false", "-o", s.binary}, "CGO_ENABLED=0"
	if raceEnabled { // then the relay looks for races, too
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	build := exec.Command("go", append(args, "transfer/transfer")...)
	build.Env = append(os.Environ(), cgo)
	if out, err := build.CombinedOutput(); err != nil {
		_ = os.RemoveAll(dir)
		return fmt.Errorf("cannot build the relay: %w\n%s", err, out)
	}
	return nil
}

// Full reports whether the full form is asked for, not the short one.
func (s *Suite) Full() bool { return s.full }

// OnlyInFull skips a test that is no part of the short form.
func (s *Suite) OnlyInFull(t *testing.T) {
	t.Helper()
	if !s.full {
		t.Skipf("SKIP: a part of `make %s` only", strings.ToLower(s.name))
	}
}

// Either returns what the form at work asks for.
func Either[T any](s *Suite, short, long T) T {
	if s.full {
		return long
	}
	return short
}

// Chance returns what the test draws its choices from: its own, so that they don't
// depend on which other tests run.
func (s *Suite) Chance(t *testing.T) *rand.Rand {
	t.Helper()
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))
	return rand.New(rand.NewPCG(s.seed, name.Sum64()))
}

// FreeAddress returns an address of this machine alone, with port 0, that no other
// stand-in has. A stand-in that goes away and comes back to its port must find it free:
// at 127.0.0.1 a connection of somebody else may have taken it meanwhile.
func (s *Suite) FreeAddress() string {
	n := s.addresses.Add(1)
	return fmt.Sprintf("127.%d.%d.%d:0", 1+os.Getpid()%250, n/250%250, 1+n%250)
}
