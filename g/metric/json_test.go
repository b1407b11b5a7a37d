package metric

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// good is a point's object with the given members added behind the usual ones.
func good(members string) string {
	return `{"endpoint":"e","metric":"m","value":1,"step":60,"counterType":"GAUGE","tags":"a=b","timestamp":1700000000` + members + `}`
}

func TestDecodeJSONPoint(t *testing.T) {
	usual := Point{Endpoint: "e", Metric: "m", RawTags: "a=b", Value: 1, Timestamp: 1700000000, Step: 60, Type: Gauge}
	with := func(change func(p *Point)) Point {
		p := usual
		change(&p)
		return p
	}
	for text, want := range map[string]Point{
		good(``): usual,
		good(`,"Endpoint":"E","METRIC":"M","countertype":"DERIVE"`): with(func(p *Point) { p.Endpoint, p.Metric, p.Type = "E", "M", Derive }),
		good(`,"\u017ftep":30`): with(func(p *Point) { p.Step = 30 }),
		good(`,"x":{"y":[1e400,-0.1e999,{"":null}]},"":1,"z":"\"\\"`): usual,
		good(`,"endpoint":null,"value":null,"step":null,"tags":null`): usual,
		good(`,"step":"60.0","timestamp":17e8`):                       usual,
		good(`,"step":"x","step":60`):                                 usual,
		good(`,"value":"1e3"`):                                        with(func(p *Point) { p.Value = 1000 }),
		good(`,"metric":"\u00e9\"\\\/\b\f\n\r\t\ud83d\ude00"`):        with(func(p *Point) { p.Metric = "é\"\\/\b\f\n\r\t😀" }),
		good(`,"metric":"\ud83d\ud83d\ude00 \ude00 \ud83dx"`):         with(func(p *Point) { p.Metric = "\ufffd😀 \ufffd \ufffdx" }),
		good(`,"metric":"\\ud83d"`):                                   with(func(p *Point) { p.Metric = `\ud83d` }),
		good(",\"metric\":\"\xff\xfe\xc3x\xe2\x82\""):                 with(func(p *Point) { p.Metric = "\ufffd\ufffd\ufffdx\ufffd\ufffd" }),
		good(`,"tags":{"k 1":"v 1","k2":"","k2":"x=y"}`):              with(func(p *Point) { p.RawTags = "k1=v1,k2=,k2=x=y" }),
		good(",\"tags\":{\"\\ud83d\\ud83d\\ude00\":\"\xff\"}"):        with(func(p *Point) { p.RawTags = "\ufffd😀=\ufffd" }),
		good(`,"tags":{}`):                                            with(func(p *Point) { p.RawTags = "" }),
		`{}`:                                                          {Refused: BadValue},
		`null`:                                                        {Refused: NotObject},
		`[1e400,[{}]]`:                                                {Refused: NotObject},
		`-0.1e400`:                                                    {Refused: NotObject},
		`"x"`:                                                         {Refused: NotObject},
	} {
		var b Batch
		require.NoError(t, b.DecodeJSON([]byte("["+text+"]"), 1), text)
		require.Equal(t, []Point{want}, b.Points, text)
	}
}

func TestDecodeJSONCostsOnlyThePoint(t *testing.T) {
	for members, want := range map[string]Reason{
		`,"endpoint":1`:         BadField,
		`,"metric":["m"]`:       BadField,
		`,"counterType":true`:   BadField,
		`,"value":true`:         BadValue,
		`,"value":{"a":1e400}`:  BadValue,
		`,"value":""`:           BadValue,
		`,"value":1e400`:        BadValue,
		`,"value":"0x1p4"`:      BadValue,
		`,"value":"NaN"`:        NotFinite,
		`,"step":60.5`:          BadStep,
		`,"step":"1m"`:          BadStep,
		`,"step":false`:         BadStep,
		`,"timestamp":1e30`:     BadTimestamp,
		`,"timestamp":[]`:       BadTimestamp,
		`,"tags":1`:             BadTags,
		`,"tags":["a=b"]`:       BadTags,
		`,"tags":{"a":1}`:       BadTags,
		`,"tags":{"a":null}`:    BadTags,
		`,"tags":{"a,b":"c"}`:   BadTags,
		`,"tags":{"a":"b,c=d"}`: BadTags,
		`,"tags":{"a=b":"c"}`:   BadTags,
	} {
		var b Batch
		require.NoError(t, b.DecodeJSON([]byte("["+good(``)+","+good(members)+","+good(``)+"]"), 3), members)
		require.Equal(t, Accepted, b.Points[0].Refused, members)
		require.Equal(t, want, b.Points[1].Refused, members)
		require.Equal(t, Accepted, b.Points[2].Refused, members)
	}
}

func TestDecodeJSONRefusesTheWhole(t *testing.T) {
	for _, text := range []string{"", " ", "{}", `"x"`, "1", "[", "[}", "[{]", `[{"a":01}]`, "[\"\x00\"]", `[{"a" 1}]`, `[{},]`} {
		var b Batch
		require.Error(t, b.DecodeJSON([]byte(text), 10), text)
	}
	for _, text := range []string{"null", " [] x", "nullx", "[]]"} {
		var b Batch
		require.NoError(t, b.DecodeJSON([]byte(text), 10), text)
		require.Empty(t, b.Points)
	}
}

func TestDecodeJSONLimit(t *testing.T) {
	var b Batch
	require.NoError(t, b.DecodeJSON([]byte("[1,2,3]"), 3))
	b.Reset()
	require.ErrorIs(t, b.DecodeJSON([]byte("[1,2,3,4]"), 3), ErrTooManyPoints)
	b.Reset()
	require.ErrorIs(t, b.DecodeJSON([]byte("["+strings.Repeat("0,", 1_000_000)+"0]"), 3), ErrTooManyPoints)
	require.Len(t, b.Points, 3)
}

// FuzzDecodeJSON holds the decoder to a plain one on encoding/json.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		"[" + good(``) + "]",
		"[" + good(`,"Step":"60.0","value":"-1.5e3","tags":{"a":"b c","a":"d"}`) + ",null,{},7]",
		"[" + good(`,"metric":"\ud83d\ud83d\ude00\n","metric":null,"x":[{"y":1e400}]`) + "]",
		"[" + good(",\"endpoint\":\"\xff\xc3\",\"tags\":{\"\xe2\x82\":\"\\udc00\"},\"counterType\":\"X\"") + "] rest",
		"null", "[[[]]]", `[{"value":1e400,"step":6e1,"timestamp":"NaN"}]`, `[{"tags":{"a=":"","b":1}}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const limit = 4
		sent := bytes.Clone(text)
		var got Batch
		err := got.DecodeJSON(text, limit)
		require.Equal(t, sent, text)

		var elements []json.RawMessage
		if wantErr := json.NewDecoder(bytes.NewReader(text)).Decode(&elements); wantErr != nil {
			require.Error(t, err)
			return
		}
		if len(elements) > limit {
			require.ErrorIs(t, err, ErrTooManyPoints)
			return
		}
		require.NoError(t, err)
		want := make([]Point, 0, len(elements))
		for _, e := range elements {
			want = append(want, plainPoint(t, e))
		}
		for i, p := range got.Points {
			if p.Refused != Accepted {
				got.Points[i] = Point{Refused: p.Refused} // what else stands there is of no meaning
			}
		}
		require.Equal(t, want, append([]Point{}, got.Points...))
	})
}

// BenchmarkDecodeJSON decodes a request of usual size; divide by 200 for a point.
func BenchmarkDecodeJSON(b *testing.B) {
	const points = 200
	text := []byte("[" + strings.Repeat(good(``)+",", points-1) + good(``) + "]")
	var batch Batch
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		if err := batch.DecodeJSON(text, points); err != nil {
			b.Fatal(err)
		}
	}
}
