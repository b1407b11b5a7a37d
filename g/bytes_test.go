package g

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseBytes(t *testing.T) {
	cases := []struct {
		text  string
		want  Bytes
		shown string
	}{
		{"0", 0, "0"},
		{"1000", 1000, "1000"},
		{"1024", KiB, "1KiB"},
		{"16MiB", 16 * MiB, "16MiB"},
		{"4 gib", 4 * GiB, "4GiB"},
		{"512MB", 512_000_000, "500000KiB"},
		{"7B", 7, "7"},
		{"8388607TiB", 8388607 * TiB, "8388607TiB"},
	}
	for _, c := range cases {
		got, err := ParseBytes(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
		require.Equal(t, c.shown, got.String(), c.text)
	}
	for _, text := range []string{"", "B", "MiB", "-1", "1.5GiB", "1 2", "8388608TiB", "16Mi", "99999999999999999999"} {
		_, err := ParseBytes(text)
		require.Error(t, err, text)
	}
}

func TestVersionLine(t *testing.T) {
	require.Equal(t, "Open-Falcon transfer version "+Version()+", build "+Commit(), VersionLine())
}
