package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

func TestStandInsDifferFromTheFile(t *testing.T) {
	in := stat.Target{ID: "judge/judge-00@judge-01/h:6080", StandsInFor: "judge-00", State: stat.StateUp, Ledger: stat.Ledger{Queued: 7}}
	require.Equal(t, "stands in for judge-00", difference(&in, nil))
	in.State = stat.StateLeaving
	require.Equal(t, "stands in for judge-00: 7 points on their way out", difference(&in, nil))
}
