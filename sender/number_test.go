package sender

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", -7: "-7", 1000000: "1000000", 123456789012345: "123456789012345",
		1e15: "1e+15", 12345678901234567: "1.2345678901234568e+16", 1e300: "1e+300",
		0.1: "0.1", 0.000001: "0.000001", 1e-7: "1e-07", 5e-324: "5e-324", -1.5: "-1.5",
		9999999.99999999: "9999999.99999999", 99999999999.9999: "99999999999.9999", 10000000.00001: "10000000.00001",
	} {
		got := string(appendNumber(nil, v))
		require.Equal(t, want, got)
		read, err := strconv.ParseFloat(got, 64)
		require.NoError(t, err)
		require.Equal(t, v, read)
		require.NoError(t, json.Unmarshal([]byte(got), &read))
		require.Equal(t, v, read)
	}
	require.Equal(t, "-0", string(appendNumber(nil, math.Copysign(0, -1))))
}

// edgeNumbers returns values at which the way of writing them changes, and those
// next to them.
func edgeNumbers() []float64 {
	edges := []float64{0, 1e-7, 1e-6, 0.5, 1, 2.5, 1e7, 9999999.99999999, 12345678.4321, 1e11, 99999999999.9999, 1e15, 1 << 53, 1 << 63, 1e300, 0.1 + 0.2}
	for _, v := range edges[:len(edges):len(edges)] {
		edges = append(edges, math.Nextafter(v, math.Inf(1)), math.Nextafter(v, 0), v+1e-8, v+1e-4, v+1)
	}
	return edges
}

// FuzzNumber holds values to what strconv writes of them, among them those of few
// decimals, mantissa/10^places.
func FuzzNumber(f *testing.F) {
	for i, v := range edgeNumbers() {
		f.Add(v, int64(v), uint8(i))
	}
	f.Fuzz(func(t *testing.T, v float64, mantissa int64, places uint8) {
		few := float64(mantissa%1e15) / math.Pow10(int(places%12))
		for _, v := range []float64{v, -v, few, -few, math.Nextafter(few, math.Inf(1))} {
			require.Equal(t, oneNumber(v), string(appendNumber(nil, v)))
		}
	})
}

// Numbers of all lengths, with and without decimals, are as strconv writes them.
func TestNumbersOfAllLengths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	dst := []byte("before ")
	for digits := range 18 {
		for places := range 12 {
			for range 500 {
				v := float64(r.Int64N(int64(math.Pow10(digits)))) / math.Pow10(places)
				if got := string(appendNumber(dst, v)); got != "before "+oneNumber(v) {
					require.Equal(t, "before "+oneNumber(v), got)
				}
			}
		}
	}
}

func FuzzInteger(f *testing.F) {
	for n := int64(1); n > 0 && n <= math.MaxInt64/10; n *= 10 {
		f.Add(n)
		f.Add(n - 1)
		f.Add(-n)
	}
	f.Add(int64(math.MaxInt64))
	f.Add(int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, n int64) {
		require.Equal(t, strconv.FormatInt(n, 10), string(appendInteger(nil, n)))
	})
}

// Both halves of eight digits are made in the same way, so that it takes no more
// than these to know all of them.
func TestDigits(t *testing.T) {
	for n := range uint32(10000) {
		for _, n := range []uint32{n, n * 10000, n*10000 + 9999, 99990000 + n} {
			word := digitsOf(n) | asText
			var text [8]byte
			for i := range text {
				text[i] = byte(word >> (8 * i))
			}
			if want := fmt.Sprintf("%08d", n); string(text[:]) != want {
				require.Equal(t, want, string(text[:]))
			}
		}
	}
}

func BenchmarkAppendNumber(b *testing.B) {
	dst := make([]byte, 0, 64)
	for _, v := range []float64{12, 1234.5, 99.123456, 12345678.25, 100.0 / 3} {
		b.Run(oneNumber(v), func(b *testing.B) {
			for b.Loop() {
				dst = appendNumber(dst[:0], v)
			}
		})
	}
}
