package trial

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/transfer/sink"
)

// Rounds 0 and 1 were taken by relay 0, round 2 by relay 1, round 3 by relay 0, round 4
// by one or the other: order is promised to the rounds of one relay.
func TestOracleHoldsEachRelayToItsOrder(t *testing.T) {
	h := &History{endpoint: "e", Series: 1, fates: []Fate{Acknowledged, Acknowledged, Acknowledged, Acknowledged, Acknowledged}, relays: []int{0, 0, 1, 0, several}}
	for name, test := range map[string]struct {
		came      []int // rounds
		discarded int
		want      Verdict
	}{
		"in order":                      {came: []int{0, 1, 2, 3, 4}},
		"one relay is late":             {came: []int{2, 0, 1, 3, 4}, discarded: 2, want: Verdict{Crossed: 2}},
		"whose it is nobody knows":      {came: []int{0, 1, 2, 4, 3}, discarded: 1, want: Verdict{Crossed: 1}},
		"disorder within a relay":       {came: []int{1, 0, 2, 3, 4}, discarded: 1, want: Verdict{Disordered: 1, Discarded: 1}},
		"disorder among what came late": {came: []int{2, 1, 0, 3, 4}, discarded: 2, want: Verdict{Disordered: 1, Crossed: 1, Discarded: 1}},
		"again, and late by the other":  {came: []int{0, 2, 0, 1, 3, 4}, discarded: 2, want: Verdict{Crossed: 1, Duplicates: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			o := oracle{histories: []*History{h}, eras: timeline{{
				nodes:  map[string]map[string][]string{"judge": {"a": {"judge/a"}}},
				owners: map[string][]owner{"judge": {ownedBy(map[string]string{h.Key(0): "a"})}},
			}}}
			var points []sink.Point
			for _, round := range test.came {
				points = append(points, pointOf(h, 0, round))
			}
			v := o.judge([]place{{id: "judge/a", backend: "judge", points: points, discarded: test.discarded}})
			test.want.Owed, v.places, v.examples = 5, nil, nil
			require.Equal(t, test.want, *v)
		})
	}
}

// What a relay has adopted counts for its address.
func TestBooksOfSeveralRelays(t *testing.T) {
	const id = "graph/graph-00/127.0.0.1:6070"
	a := Books{Balanced: true, Totals: stat.Ledger{Accepted: 5, MovedOut: 5}, Targets: []Book{{ID: id, Ledger: stat.Ledger{Accepted: 5, MovedOut: 5}}}}
	b := Books{
		Balanced: true, Totals: stat.Ledger{MovedIn: 10, MovedOut: 5, Delivered: 4, Dropped: map[string]uint64{"age": 1}},
		Targets: []Book{
			{ID: id + "@a-0123", Ledger: stat.Ledger{MovedIn: 5, MovedOut: 5}},
			{ID: id, Ledger: stat.Ledger{MovedIn: 5, Delivered: 4, Dropped: map[string]uint64{"age": 1}}},
			{ID: "transfer@a-0123"},
		},
	}
	sum := merge([]Books{a, b})
	want := stat.Ledger{Accepted: 5, MovedIn: 10, MovedOut: 10, Delivered: 4, Dropped: map[string]uint64{"age": 1}}
	require.Equal(t, want, sum.Totals)
	require.Equal(t, want, sum.Target(t, id))
	require.Len(t, sum.Targets, 2)
	require.Empty(t, sum.complaints(false))
}
