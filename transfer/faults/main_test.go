// Package faults starts the real binary between clients and backends that it plays
// itself, breaks what can break around a relay, and holds it to its promises: every
// acknowledged point arrives at its address, in order, and all are accounted for.
//
// The short form is a part of `make test`; `make faults` runs all. These variables
// of the environment matter:
//
//	FAULTS=full           all faults, at higher rates, more often
//	FAULTS_SEED=N         repeats the choices of another run
//	FAULTS_REPORT=FILE    appends a row of a Markdown table for each fault
package faults

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

var (
	binary string // the relay under test; TestMain builds it
	seed   uint64 // of all that is left to chance
	full   bool   // all faults, not the short form
	rows   report // of the table
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(standInVariable); kind != "" {
		os.Exit(playStandIn(kind))
	}
	full = os.Getenv("FAULTS") == "full"
	seed = uint64(time.Now().UnixNano())
	if text := os.Getenv("FAULTS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			fmt.Fprintf(os.Stderr, "cannot use FAULTS_SEED: %v: give a number from 0 on\n", err)
			os.Exit(2)
		}
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "transfer-faults")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "transfer")
	args, cgo := []string{"build", "-buildvcs=false", "-o", binary}, "CGO_ENABLED=0"
	if raceEnabled { // then the relay looks for races, too
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	build := exec.Command("go", append(args, "..")...)
	build.Env = append(os.Environ(), cgo)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build the relay: %v\n%s", err, out)
		return 1
	}
	fmt.Printf("FAULTS_SEED=%d\n", seed)
	// They mostly wait: more of them go side by side than there are processors.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := rows.write(os.Getenv("FAULTS_REPORT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// chance returns what the test draws its choices from: its own, so that they don't
// depend on which other tests run.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))
	return rand.New(rand.NewPCG(seed, name.Sum64()))
}

// between draws a duration.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low+1)))
}

// onlyInFull skips a test that is no part of the short form.
func onlyInFull(t *testing.T) {
	t.Helper()
	if !full {
		t.Skip("SKIP: a part of `make faults` only")
	}
}

// either returns what the form at work asks for.
func either[T any](short, long T) T {
	if full {
		return long
	}
	return short
}
