// Package faults starts the real binary between clients and backends that it plays
// itself, breaks what can break around a relay, and holds it to its promises: every
// acknowledged point arrives at its address, in order, and all are accounted for.
//
// The short form is a part of `make test`; `make faults` runs all. FAULTS=full,
// FAULTS_SEED and FAULTS_REPORT do what trial.Suite says.
package faults

import (
	"os"
	"testing"

	"transfer/transfer/trial"
)

// suite is what all tests here share.
var suite = trial.NewSuite("FAULTS")

func TestMain(m *testing.M) { os.Exit(suite.Run(m, 6, 6)) }

// either returns what the form at work asks for.
func either[T any](short, long T) T { return trial.Either(suite, short, long) }
