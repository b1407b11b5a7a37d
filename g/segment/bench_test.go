package segment

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// pointsOfRecord and recordSize are those of a usual request.
const (
	pointsOfRecord = 200
	recordSize     = 20 << 10
)

// BenchmarkAppend appends records of 200 points. In "recycled" the segments are those
// that were released, as in a log that lives long.
func BenchmarkAppend(b *testing.B) {
	for _, spare := range []int{0, 2} {
		name := map[int]string{0: "fresh", 2: "recycled"}[spare]
		b.Run(name, func(b *testing.B) {
			o := Options{Owner: "journal", Encoding: "points 1", Cap: 256 << 20, Spare: spare}
			l, err := Open(b.TempDir(), o)
			require.NoError(b, err)
			r := Record{First: 1, Count: pointsOfRecord, Payload: payload(1, recordSize)}
			once := func() {
				if err := l.Append(r); err != nil {
					b.Fatal(err)
				}
				r.First = r.Next()
			}
			for l.End().Segment < 5 { // so that there are spares, with blocks
				once()
				require.NoError(b, l.Release(l.End()))
			}
			segments := l.End().Segment
			b.SetBytes(recordSize)
			b.ReportAllocs()
			for b.Loop() {
				once()
				if end := l.End(); end.Segment > segments {
					segments = end.Segment
					if err := l.Release(end); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pointsOfRecord, "ns/point")
		})
	}
}

func BenchmarkReaderNext(b *testing.B) {
	l, err := Open(b.TempDir(), Options{Owner: "journal", Encoding: "points 1", Cap: 256 << 20})
	require.NoError(b, err)
	r := Record{First: 1, Count: pointsOfRecord, Payload: payload(1, recordSize)}
	for l.End().Segment < 4 {
		require.NoError(b, l.Append(r))
		r.First = r.Next()
	}
	reader := l.Reader(Position{})
	b.SetBytes(recordSize)
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := reader.Next()
		if errors.Is(err, io.EOF) {
			reader.Close()
			reader = l.Reader(Position{})
		} else if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pointsOfRecord, "ns/point")
}
