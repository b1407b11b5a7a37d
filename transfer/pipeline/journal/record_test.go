package journal

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// decoded returns the points of all pieces of a record.
func decoded(t *testing.T, r *Record) []metric.Point {
	t.Helper()
	require.NoError(t, r.complete())
	var points []metric.Point
	from := 0
	for _, p := range r.pieces {
		b := &metric.Batch{}
		accepted, err := decode(r.payload[from:p.end], p.points, b)
		require.NoError(t, err)
		require.Equal(t, r.accepted, accepted)
		points = append(points, b.Points...)
		from = p.end
	}
	return points
}

func TestRecordHoldsPointsAsTheyAre(t *testing.T) {
	base := somePoint("host", 1)
	changed := func(change func(p *metric.Point)) metric.Point {
		p := base
		change(&p)
		return p
	}
	points := []metric.Point{
		base, base,
		changed(func(p *metric.Point) { p.Endpoint = "other" }),
		changed(func(p *metric.Point) { p.Metric = strings.Repeat("m", 127) }),
		changed(func(p *metric.Point) { p.Metric = strings.Repeat("m", 128) }),
		changed(func(p *metric.Point) { p.RawTags = " as sent , not=sorted,a=1" }),
		changed(func(p *metric.Point) { p.Metric, p.RawTags, p.Joined = "m/k=v", "", true }),
		changed(func(p *metric.Point) { p.Timestamp = math.MaxInt64 }),
		changed(func(p *metric.Point) { p.Timestamp = math.MinInt64 }),
		changed(func(p *metric.Point) { p.Step = math.MaxInt64 }),
		changed(func(p *metric.Point) { p.Value = math.Copysign(0, -1) }),
		changed(func(p *metric.Point) { p.Value = math.SmallestNonzeroFloat64 }),
		changed(func(p *metric.Point) { p.Type = metric.Derive }),
	}
	r := NewRecord()
	r.Begin(start)
	r.Add(points)
	require.Equal(t, len(points), r.Points())
	got := decoded(t, r)
	require.Equal(t, points, got)
	require.True(t, math.Signbit(got[10].Value))
}

// What is usual costs little: a request's points differ in metric, tags and value.
func TestRecordIsCompact(t *testing.T) {
	r := record("host", 0, 200)
	require.Less(t, len(r.payload), 200*(1+1+5+1+7+8+6))
	r.Begin(start)
	require.Zero(t, r.Points())
	require.Empty(t, r.payload)
}

func TestGiantRecordIsInPieces(t *testing.T) {
	r := NewRecord()
	r.Begin(start)
	var want []metric.Point
	for n := range 3000 {
		p := somePoint("host", n)
		p.RawTags = strings.Repeat("x", 1000)
		want = append(want, p)
		r.Add([]metric.Point{p})
	}
	require.Equal(t, len(want), r.Points())
	require.Equal(t, want, decoded(t, r))
	require.Len(t, r.pieces, 3)
	require.Equal(t, len(want), r.Points())
	r.Reset()
	require.Nil(t, r.payload[:cap(r.payload)], "a giant's memory goes")
}

func TestDecodeRefuses(t *testing.T) {
	r := record("host", 0, 3)
	require.NoError(t, r.complete())
	good := r.payload
	spoilt := func(at int, b byte) []byte {
		copied := append([]byte(nil), good...)
		copied[at] = b
		return copied
	}
	for what, c := range map[string]struct {
		payload []byte
		points  uint32
	}{
		"nothing":              {nil, 0},
		"no points in it":      {good[:headBytes], 1},
		"a later version":      {spoilt(0, version+1), 3},
		"a point less":         {good, 2},
		"a point more":         {good, 4},
		"cut":                  {good[:len(good)-1], 3},
		"unknown flags":        {spoilt(headBytes, good[headBytes]|1<<7), 3},
		"no counter type":      {spoilt(headBytes, 0), 3},
		"no endpoint before":   {spoilt(headBytes, good[headBytes]|sameEndpoint), 3},
		"endpoint beyond it":   {spoilt(headBytes+1, 127), 3},
		"length without end":   {append(good[:headBytes:headBytes], 1, 0xff, 0xff), 1},
		"length beyond an int": {append(append(good[:headBytes:headBytes], 1), binary.AppendUvarint(nil, math.MaxUint64)...), 1},
	} {
		_, err := decode(c.payload, c.points, &metric.Batch{})
		require.ErrorIs(t, err, errBroken, what)
	}
	_, err := decode(good, 3, &metric.Batch{})
	require.NoError(t, err)
}

// FuzzDecodeRecord: no bytes make the decoder panic or take much memory, and what it
// accepts comes back when it is written anew.
func FuzzDecodeRecord(f *testing.F) {
	for _, n := range []int{0, 1, 3, 20} {
		r := record("host", 0, n)
		require.NoError(f, r.complete())
		f.Add(r.payload, uint32(n))
	}
	f.Add([]byte{version, 0, 0, 0, 0, 0, 0, 0, 0, sameStep | 1, 1, 'e', 1, 'm', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint32(1))
	f.Fuzz(func(t *testing.T, payload []byte, points uint32) {
		b := &metric.Batch{}
		accepted, err := decode(payload, points, b)
		require.LessOrEqual(t, len(b.Points), len(payload))
		if err != nil {
			return
		}
		require.Len(t, b.Points, int(points))
		r := NewRecord()
		r.Begin(start)
		r.accepted = accepted
		r.Add(b.Points)
		got := decoded(t, r)
		require.Len(t, got, len(b.Points))
		for i, p := range b.Points {
			requireSame(t, p, got[i])
		}
	})
}

// FuzzRecord: random points come back as they were.
func FuzzRecord(f *testing.F) {
	f.Add(uint64(1), uint16(10))
	f.Add(uint64(2), uint16(200))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		points := randomPoints(rand.New(rand.NewPCG(seed, 0)), int(n))
		r := NewRecord()
		r.Begin(start)
		r.Add(points)
		got := decoded(t, r)
		require.Len(t, got, len(points))
		for i, p := range points {
			requireSame(t, p, got[i])
		}
	})
}

// requireSame compares points bit by bit, NaN too.
func requireSame(t *testing.T, want, got metric.Point) {
	t.Helper()
	require.Equal(t, math.Float64bits(want.Value), math.Float64bits(got.Value))
	want.Value, got.Value = 0, 0
	require.Equal(t, want, got)
}
