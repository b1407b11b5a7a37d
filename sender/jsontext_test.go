package sender

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONString(t *testing.T) {
	for s, want := range map[string]string{
		"":                  `""`,
		"plain":             `"plain"`,
		`"\/`:               `"\"\\/"`,
		"\n\r\t\x00\x1f":    `"\n\r\t\u0000\u001f"`,
		"\x7fé語𝔘\u2028":     "\"\x7fé語𝔘\u2028\"",
		"\xff\xfea\xc3":     "\"\uFFFD\uFFFDa\uFFFD\"",
		"\xed\xa0\x80":      "\"\uFFFD\uFFFD\uFFFD\"",
		"already \uFFFD so": "\"already \uFFFD so\"",
	} {
		got := appendJSONString(nil, s)
		require.Equal(t, want, string(got))
		var read string
		require.NoError(t, json.Unmarshal(got, &read))
		require.Equal(t, validUTF8(s), read)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", -7: "-7", 1000000: "1000000", 123456789012345: "123456789012345",
		1e15: "1e+15", 12345678901234567: "1.2345678901234568e+16", 1e300: "1e+300",
		0.1: "0.1", 0.000001: "0.000001", 1e-7: "1e-07", 5e-324: "5e-324", -1.5: "-1.5",
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
