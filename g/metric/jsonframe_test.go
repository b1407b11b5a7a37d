package metric

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONFrameEnds(t *testing.T) {
	for text, rest := range map[string]string{
		`{}`:                           "",
		` {"a":[1,-0.5e+3,true,null]}`: "",
		`{"a":"}\"\\"}{"b":1}`:         `{"b":1}`,
		`[[],{"":{}}]]`:                "]",
	} {
		var f JSONFrame
		n, whole, err := f.Scan([]byte(text))
		require.NoError(t, err, text)
		require.True(t, whole, text)
		require.Equal(t, rest, text[n:])
	}
}

func TestJSONFrameRefusesAtTheFirstWrongByte(t *testing.T) {
	for _, text := range []string{
		`x`, `1`, `"`, `{]`, `[}`, `{"a"]`, `{"a":1]`, `[1}`, `[,`, `{,`, `[1 2`, `{1`, `{"a":1,}`,
		`[01`, `[-]`, `[1.]`, `[1.e`, `[1ee`, `[+`, `[.`, `[tru]`, `[nul]`, `["\x`, `["\u12g`, "[\"\x01", "[\"\n",
	} {
		var f JSONFrame
		n, whole, err := f.Scan([]byte(text))
		require.Error(t, err, text)
		require.False(t, whole, text)
		require.Equal(t, len(text)-1, n, text)
	}
	var f JSONFrame
	_, _, err := f.Scan(bytes.Repeat([]byte("["), 100_000))
	require.Error(t, err)
}

// FuzzJSONFrame holds the frame to encoding/json, with the text in one piece and
// in pieces of one byte.
func FuzzJSONFrame(f *testing.F) {
	for _, seed := range []string{
		`{"method":"Transfer.Update","params":[[{"value":-1.5e-3}]],"id":0}`, "[]", "{}", `["\ud83d\ude00\n"] x`,
		`[true,false,null,0,-0,1E5]`, "[\"\xff\"]", `{"a":{"b":[[]]}}`, `[1,]`, `[`, " \t\r\n[ ]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var raw json.RawMessage
		decoder := json.NewDecoder(bytes.NewReader(text))
		want := decoder.Decode(&raw) == nil && strings.ContainsAny(string(raw[:1]), "{[")

		var whole JSONFrame
		n, got, err := whole.Scan(text)
		require.Equal(t, want, got, "%v", err)
		if got {
			require.Equal(t, decoder.InputOffset(), int64(n))
		}

		var pieces JSONFrame
		for i := range text {
			_, done, pieceErr := pieces.Scan(text[i : i+1])
			if done || pieceErr != nil {
				require.Equal(t, got, done)
				require.Equal(t, err, pieceErr)
				return
			}
		}
		require.False(t, got)
		require.NoError(t, err)
	})
}
