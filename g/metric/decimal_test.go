package metric

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainInteger(t *testing.T) {
	for text, want := range map[string]struct {
		n   int64
		end int
	}{
		"0":                    {0, 1},
		"-7 ":                  {-7, 2},
		"007":                  {7, 3},
		"12345678":             {12345678, 8},
		"1795235956,":          {1795235956, 10},
		"999999999999999999":   {999999999999999999, 18},
		"-999999999999999999x": {-999999999999999999, 19},
		"1.5":                  {1, 1},
		"1000000000000000000":  {},
		"":                     {},
		"-":                    {},
		"+1":                   {},
		"x1":                   {},
	} {
		n, end := PlainInteger("ab"+text, 2)
		require.Equal(t, want.n, n, text)
		require.Equal(t, 2+want.end, end, text)
	}
}

func TestPlainDecimal(t *testing.T) {
	for text, want := range map[string]struct {
		v   float64
		end int
	}{
		"0":                     {0, 1},
		"12.5,":                 {12.5, 4},
		"-0.001":                {-0.001, 6},
		"00.10":                 {0.1, 5},
		"12345678.12345678":     {12345678.12345678, 17},
		"0.1234567890123456":    {0.1234567890123456, 18},
		"9007199254740992":      {1 << 53, 16},
		"1e5":                   {1, 1}, // what comes behind is for the caller to look at
		"1.5.5":                 {1.5, 3},
		"9007199254740993":      {},
		"0.12345678901234567":   {},
		"0.1234567890123456789": {},
		"5.":                    {},
		".5":                    {},
		"-.5":                   {},
		"+1":                    {},
		"-":                     {},
		"":                      {},
	} {
		v, end, _ := PlainDecimal("ab"+text, 2)
		require.Equal(t, want.v, v, text)
		require.Equal(t, 2+want.end, end, text)
	}
	v, _, _ := PlainDecimal("-0", 0)
	require.True(t, math.Signbit(v))
}

func TestPlainDecimalShortest(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-0": true, "7": true, "-12.5": true, "0.5": true, "10": true, "100.25": true, "0.000001": true,
		"999999999999999": true, "123456789.123456": true,
		"00": false, "07": false, "-01": false, "00.5": false, "1.50": false, "0.0": false, "1.0": false,
		"0.0000001": false, "1000000000000000": false, "1234567890.123456": false,
	} {
		_, end, shortest := PlainDecimal(text, 0)
		require.Equal(t, len(text), end, text)
		require.Equal(t, want, shortest, text)
	}
}

// FuzzPlainNumbers holds both to strconv.
func FuzzPlainNumbers(f *testing.F) {
	for _, seed := range []string{"0", "-0.0", "123456789012345678", "0.1234567890123456 ", "9007199254740992.0", "99999999.99999999,", "0.000001", "999999999.999999", "123456789012345", "1e5", "-"} {
		f.Add(seed)
	}
	integer, decimal := regexp.MustCompile(`^-?\d+`), regexp.MustCompile(`^-?\d+(\.\d+)?`)
	f.Fuzz(func(t *testing.T, text string) {
		if n, end := PlainInteger(text, 0); end > 0 {
			require.Equal(t, integer.FindString(text), text[:end])
			want, err := strconv.ParseInt(text[:end], 10, 64)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		if v, end, shortest := PlainDecimal(text, 0); end > 0 {
			require.Equal(t, decimal.FindString(text), text[:end])
			want, err := strconv.ParseFloat(text[:end], 64)
			require.NoError(t, err)
			require.Equal(t, math.Float64bits(want), math.Float64bits(v))
			if shortest {
				require.Equal(t, strconv.FormatFloat(v, 'f', -1, 64), text[:end])
				require.True(t, v == 0 || math.Abs(v) >= 1e-6 && math.Abs(v) < 1e15)
			}
		}
	})
}
