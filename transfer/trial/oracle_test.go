package trial

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// pointOf is the point of a series and round, as a backend gets it.
func pointOf(h *History, i, round int) sink.Point {
	return sink.Point{
		Endpoint: h.endpoint, Metric: metricName(i), Tags: map[string]string{"idc": "a"},
		Value: float64(round), Timestamp: Timestamp(round),
	}
}

// ownedBy tells owners by what is written.
func ownedBy(nodes map[string]string) owner { return func(key string) string { return nodes[key] } }

// True and false accounts of what became of 3 rounds of 2 series, of which the first
// belongs to node a and the second to node b. Round 1 was not answered.
func TestOracleTellsFalseFromTrue(t *testing.T) {
	h := &History{endpoint: "e", Series: 2, fates: []Fate{Acknowledged, Unanswered, Acknowledged}}
	never := &History{endpoint: "x", Series: 1, fates: []Fate{Acknowledged}}
	p := func(i, round int) sink.Point { return pointOf(h, i, round) }
	changed := func(change func(p *sink.Point)) sink.Point { // the last point of series 0
		point := p(0, 2)
		change(&point)
		return point
	}
	all := []sink.Point{p(1, 0), p(1, 1), p(1, 2)}
	for name, test := range map[string]struct {
		a, b      []sink.Point
		discarded int // at a
		want      Verdict
	}{
		"true": {
			a: []sink.Point{p(0, 0), p(0, 1), p(0, 2)}, b: all,
			want: Verdict{UnansweredArrived: 2},
		},
		"true, what was not answered did not come": {
			a: []sink.Point{p(0, 0), p(0, 2)}, b: []sink.Point{p(1, 0), p(1, 2)},
		},
		"lost": {
			a: []sink.Point{p(0, 0)}, b: all,
			want: Verdict{Lost: 1, UnansweredArrived: 1},
		},
		"all lost": {
			want: Verdict{Lost: 4},
		},
		"duplicates, in order by first arrivals": {
			a: []sink.Point{p(0, 0), p(0, 1), p(0, 0), p(0, 1), p(0, 2)}, discarded: 2, b: all,
			want: Verdict{Duplicates: 2, UnansweredArrived: 2},
		},
		"disordered": {
			a: []sink.Point{p(0, 0), p(0, 2), p(0, 1)}, b: all,
			want: Verdict{Disordered: 1, UnansweredArrived: 2},
		},
		"disordered and discarded": {
			a: []sink.Point{p(0, 2), p(0, 0)}, discarded: 1, b: all,
			want: Verdict{Disordered: 1, Discarded: 1, UnansweredArrived: 1},
		},
		"misplaced": {
			a: []sink.Point{p(0, 0), p(0, 2), p(1, 2)}, b: []sink.Point{p(1, 0)},
			want: Verdict{misplaced: 1, Lost: 1},
		},
		"a value that was not sent": {
			a: []sink.Point{p(0, 0), changed(func(p *sink.Point) { p.Value = 2.5 })}, b: all,
			want: Verdict{unknown: 1, Lost: 1, UnansweredArrived: 1},
		},
		"a round that was not sent": {
			a: []sink.Point{p(0, 0), p(0, 2), p(0, 3)}, b: all,
			want: Verdict{unknown: 1, UnansweredArrived: 1},
		},
		"a timestamp that was not sent": {
			a: []sink.Point{p(0, 0), changed(func(p *sink.Point) { p.Timestamp += step })}, b: all,
			want: Verdict{unknown: 1, Lost: 1, UnansweredArrived: 1},
		},
		"other tags": {
			a: []sink.Point{p(0, 0), changed(func(p *sink.Point) { p.Tags = nil })}, b: all,
			want: Verdict{unknown: 1, Lost: 1, UnansweredArrived: 1},
		},
		"a series that was not sent": {
			a: []sink.Point{p(0, 0), p(0, 2), pointOf(never, 0, 0)}, b: all,
			want: Verdict{unknown: 1, UnansweredArrived: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := oracle{histories: []*History{h}, eras: timeline{{
				nodes:  map[string]map[string][]string{"graph": {"a": {"graph/a"}, "b": {"graph/b"}}},
				owners: map[string][]owner{"graph": {ownedBy(map[string]string{h.Key(0): "a", h.Key(1): "b"})}},
			}}}
			v := o.judge([]place{
				{id: "graph/a", backend: "graph", points: test.a, discarded: test.discarded},
				{id: "graph/b", backend: "graph", points: test.b},
			})
			test.want.Owed, test.want.Unanswered = 4, 2
			bad := test.want.Lost + test.want.Disordered + test.want.misplaced + test.want.unknown + test.want.Discarded
			require.Equal(t, bad > 0, len(v.Complaints(Bounds{Duplicates: 2})) > 0, v.examples)
			require.Equal(t, bad > 0, len(v.examples) > 0)
			allowed := Bounds{Lost: test.want.Lost, Duplicates: test.want.Duplicates}
			require.Equal(t, bad-test.want.Lost > 0, len(v.Complaints(allowed)) > 0, "within the bounds")
			if test.want.Duplicates > 0 {
				allowed.Duplicates--
				require.NotEmpty(t, v.Complaints(allowed), "a duplicate too many")
			}
			v.places, v.examples = nil, nil
			require.Equal(t, test.want, *v)
		})
	}
}

// An address without a ring gets every point, and each address of a node its own.
func TestOracleCountsEachAddress(t *testing.T) {
	h := &History{endpoint: "e", Series: 1, fates: []Fate{Acknowledged, Acknowledged}}
	o := oracle{histories: []*History{h}, eras: timeline{{
		nodes: map[string]map[string][]string{
			"graph": {"a": {"graph/a/1", "graph/a/2"}}, "tsdb": {"": {"tsdb"}},
		},
		owners: map[string][]owner{"graph": {ownedBy(map[string]string{h.Key(0): "a"})}},
	}}}
	both := []sink.Point{pointOf(h, 0, 0), pointOf(h, 0, 1)}
	v := o.judge([]place{
		{id: "graph/a/1", backend: "graph", points: both},
		{id: "graph/a/2", backend: "graph", points: both[:1]},
		{id: "tsdb", backend: "tsdb", points: both},
	})
	require.Equal(t, 6, v.Owed)
	require.Equal(t, 1, v.Lost)
	require.Equal(t, map[string]tally{"graph/a/1": {2, 2, 0}, "graph/a/2": {1, 1, 0}, "tsdb": {2, 2, 0}}, v.places)
}
