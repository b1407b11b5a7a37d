package metric

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseValue(t *testing.T) {
	for text, want := range map[string]float64{
		"12.5": 12.5, "1e3": 1000, "+1": 1, ".5": 0.5, "5.": 5, "-7": -7, "1e-400": 0, "1.7976931348623157e308": 1.7976931348623157e308,
	} {
		got, fault := ParseValue(text)
		require.Equal(t, Accepted, fault, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]Reason{
		"": BadValue, "1e400": BadValue, "0x1p4": BadValue, "1_000": BadValue, " 1": BadValue, "1 ": BadValue, "1,5": BadValue,
		"NaN": NotFinite, "inf": NotFinite, "-Infinity": NotFinite,
	} {
		_, fault := ParseValue(text)
		require.Equal(t, want, fault, text)
	}
}

func TestParseInteger(t *testing.T) {
	for text, want := range map[string]int64{
		"60": 60, "60.0": 60, "6e1": 60, "-5": -5, "+5": 5, "0": 0, "600e-1": 60, "9223372036854775807": 1<<63 - 1,
	} {
		got, ok := ParseInteger(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "60.5", "1e19", "9223372036854775808", "0x3c", "6_0", "NaN", "Inf", "60s", " 60"} {
		_, ok := ParseInteger(text)
		require.False(t, ok, text)
	}
}
