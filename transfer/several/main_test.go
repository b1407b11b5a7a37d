// Package several starts several real relays that share one Redis between clients and
// backends that it plays itself, breaks Redis, kills and stops relays, changes what they
// all are told, and holds them to their promises: every acknowledged point arrives at an
// owner of its time, in the order in which its relay took it, and the books of all relays
// together are exact.
//
// The short form is a part of `make test`; `make several` runs all. SEVERAL=full,
// SEVERAL_SEED and SEVERAL_REPORT do what trial.Suite says.
package several

import (
	"os"
	"testing"

	"transfer/transfer/trial"
)

// suite is what all tests here share.
var suite = trial.NewSuite("SEVERAL")

func TestMain(m *testing.M) { os.Exit(suite.Run(m, 4, 1)) }

// either returns what the form at work asks for.
func either[T any](short, long T) T { return trial.Either(suite, short, long) }

// usual is the load of most tests, of all relays together.
func usual() trial.Load { return trial.Load{Rate: either(3000, 30_000)} }
