package sender

import (
	"encoding/json"
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
