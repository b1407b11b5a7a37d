package trial

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// at is the instant of a second.
func at(second int) time.Time { return time.Unix(int64(second), 0) }

// eraOf is an era that was asked for and held at these seconds, with these nodes of
// graph, each with one address of its name.
func eraOf(asked, held int, owners []string, nodes ...string) era {
	e := era{asked: at(asked), held: at(held), nodes: map[string]map[string][]string{"graph": {}}, owners: make(map[string][]owner)}
	for _, n := range nodes {
		e.nodes["graph"][n] = []string{n}
	}
	for _, o := range owners {
		e.owners["graph"] = append(e.owners["graph"], func(string) string { return o })
	}
	return e
}

func TestTimelineKnowsWhatHeld(t *testing.T) {
	eras := timeline{{}, {asked: at(10), held: at(12)}, {asked: at(20)}, {asked: at(30), held: at(33)}}
	for _, test := range []struct{ from, until, first, last int }{
		{1, 2, 0, 0},
		{1, 10, 0, 1},
		{11, 11, 0, 1},
		{13, 19, 1, 1},
		{13, 21, 1, 2},
		{25, 31, 1, 3},
		{32, 32, 1, 3}, // it is not known whether the third ever held
		{34, 99, 3, 3},
	} {
		first, last := eras.during(at(test.from), at(test.until))
		require.Equal(t, [2]int{test.first, test.last}, [2]int{first, last}, "%d to %d", test.from, test.until)
	}
	first, last := eras.during(time.Time{}, time.Time{})
	require.Equal(t, [2]int{0, 3}, [2]int{first, last}, "at an unknown time")
}

// A series whose owner changes at second 10: what was taken before belongs to a, what
// was taken later to b. Round 1 was taken while it changed.
func TestOracleFollowsASeriesThatMoves(t *testing.T) {
	h := &History{
		endpoint: "e", Series: 1, fates: []Fate{Acknowledged, Acknowledged, Acknowledged},
		spans: []span{{at(1), at(2)}, {at(9), at(11)}, {at(21), at(22)}},
	}
	stays := timeline{eraOf(0, 0, []string{"a"}, "a", "b"), eraOf(10, 12, []string{"b"}, "a", "b")}
	goes := timeline{eraOf(0, 0, []string{"a"}, "a", "b"), eraOf(10, 12, []string{"b"}, "b")}
	handed := timeline{
		eraOf(0, 0, []string{"a"}, "a", "b"), eraOf(10, 12, []string{"b", "a"}, "a", "b"), eraOf(30, 31, []string{"b"}, "a", "b"),
	}
	returns := timeline{eraOf(0, 0, []string{"a"}, "a", "b"), eraOf(5, 6, []string{"b"}, "b"), eraOf(20, 20, []string{"a"}, "a", "b")}
	for name, test := range map[string]struct {
		eras timeline
		a, b []int // rounds
		want Verdict
	}{
		"in time":                         {eras: stays, a: []int{0}, b: []int{1, 2}},
		"in time, the change later":       {eras: stays, a: []int{0, 1}, b: []int{2}},
		"too late":                        {eras: stays, a: []int{0, 1, 2}, want: Verdict{misplaced: 1, Lost: 1}},
		"too early":                       {eras: stays, b: []int{0, 1, 2}, want: Verdict{misplaced: 1, Lost: 1}},
		"lost between them":               {eras: stays, a: []int{0}, b: []int{2}, want: Verdict{Lost: 1}},
		"moved with its backlog":          {eras: goes, b: []int{0, 1, 2}, want: Verdict{Moved: 1}},
		"moved behind the live points":    {eras: goes, b: []int{1, 2, 0}, want: Verdict{Moved: 1, Disordered: 1}},
		"delivered, and moved as well":    {eras: goes, a: []int{0}, b: []int{0, 1, 2}, want: Verdict{Duplicates: 1}},
		"lost with its node":              {eras: goes, b: []int{1, 2}, want: Verdict{Lost: 1}},
		"delivered after the node's end":  {eras: goes, a: []int{0, 1, 2}, want: Verdict{misplaced: 1, Lost: 1}},
		"waited until its node was back":  {eras: returns, a: []int{0, 1, 2}, want: Verdict{Moved: 1}},
		"came back to where it was not":   {eras: returns, a: []int{0}, b: []int{1, 2}, want: Verdict{misplaced: 1, Lost: 1}},
		"handed over":                     {eras: handed, a: []int{0, 1, 2}, b: []int{2}},
		"handed over, the new one lacks":  {eras: handed, a: []int{0, 1, 2}, b: []int{1}, want: Verdict{Lost: 1}},
		"handed over, the old one lacks":  {eras: handed, a: []int{0, 1}, b: []int{2}, want: Verdict{Lost: 1}},
		"handed over, both have all then": {eras: handed, a: []int{0, 1, 2}, b: []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			came := func(rounds []int) (points []sink.Point) {
				for _, round := range rounds {
					points = append(points, pointOf(h, 0, round))
				}
				return points
			}
			o := oracle{histories: []*History{h}, eras: test.eras}
			v := o.judge([]place{
				{id: "a", backend: "graph", points: came(test.a)},
				{id: "b", backend: "graph", points: came(test.b)},
			})
			test.want.Owed, v.places, v.examples = v.Owed, nil, nil
			require.Equal(t, test.want, *v)
			require.GreaterOrEqual(t, v.Owed, 3)
		})
	}
}
