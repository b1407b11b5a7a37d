package client

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParsePoint(t *testing.T) {
	for text, want := range map[string]Point{
		"update h m 60 1.5":                  {"h", "m", "1.5", 60, "COUNTER", "", 60},
		"update h m/a=1,b=2 60 1.5 GAUGE":    {"h", "m", "1.5", 60, "GAUGE", "a=1,b=2", 60},
		"update  h\tm 60 1.5 DERIVE 30":      {"h", "m", "1.5", 30, "DERIVE", "", 60},
		"update h m 60 1.5 GAUGE 120:0:U:30": {"h", "m", "1.5", 30, "GAUGE", "", 60},
		"update h a/b/c=1 60 1.5":            {"h", "a", "1.5", 60, "COUNTER", "b/c=1", 60},
		"update h m/x 60 1.5":                {"h", "m/x", "1.5", 60, "COUNTER", "", 60},
		"update h m/=1 60 1.5":               {"h", "m/=1", "1.5", 60, "COUNTER", "", 60},
		`{"endpoint":"h","metric":"m","value":1.5,"step":60,"counterType":"GAUGE","tags":"a=1","timestamp":60}`: {
			"h", "m", 1.5, 60, "GAUGE", "a=1", 60,
		},
		`{"Metric":"m","value":"1.5","other":[1]}`: {Metric: "m", Value: "1.5"},
	} {
		p, err := parsePoint([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, *p, text)
	}
	for _, text := range []string{
		"quit", "update", "update h m 60", "update h m 60 1 GAUGE 60 more", "update h m now 1", "update h m 60 1 GAUGE x",
		"update h m 60 1 GAUGE 1:2:3", `{"value":1`, `{"value":null}`, `{"metric":"m"}`, `{"value":true}`, `{"value":1,"step":"60"}`,
		"null", "7",
	} {
		_, err := parsePoint([]byte(text))
		require.ErrorContains(t, err, "cannot read", text)
	}
}

func TestAppendLine(t *testing.T) {
	line, ok := appendLine(nil, &Point{"h", "m", 1e21, 60, "GAUGE", "a=1,b=2", 120})
	require.True(t, ok)
	require.Equal(t, "update h m/a=1,b=2 120 1e+21 GAUGE 60\n", string(line))
	for name, p := range map[string]Point{
		"space":       {"h h", "m", 1.0, 60, "GAUGE", "", 120},
		"newline":     {"h", "m\n", 1.0, 60, "GAUGE", "", 120},
		"no endpoint": {"", "m", 1.0, 60, "GAUGE", "", 120},
		"no type":     {"h", "m", 1.0, 60, "", "", 120},
		"no value":    {"h", "m", nil, 60, "GAUGE", "", 120},
		"no tags":     {"h", "m", 1.0, 60, "GAUGE", "x", 120},
		"tags before": {"h", "m/a=1", 1.0, 60, "GAUGE", "", 120},
	} {
		line, ok := appendLine([]byte("before"), &p)
		require.False(t, ok, name)
		require.Equal(t, "before", string(line), name)
	}
}

// all returns the points of a source, how many could not be read, and what ended
// it.
func all(s *Source) (points []*Point, bad int, err error) {
	for {
		p, err := s.Next()
		switch {
		case err == nil:
			points = append(points, p)
		case errors.As(err, new(*BadPoint)):
			bad++
		default:
			return points, bad, err
		}
	}
}

func TestSource(t *testing.T) {
	object := `{"endpoint":"h","metric":"m","value":1}`
	for name, c := range map[string]struct {
		text        string
		points, bad int
		broken      bool
	}{
		"empty":           {"", 0, 0, false},
		"blank":           {" \n\n", 0, 0, false},
		"lines":           {"\n" + object + "\nupdate h m 1 2\r\n\n" + object, 3, 0, false},
		"bad lines":       {"hello\nupdate h m 1 2\n{\n", 1, 2, false},
		"array":           {" \n[" + object + ",\n " + object + "] and more", 2, 0, false},
		"empty array":     {"[]", 0, 0, false},
		"bad elements":    {"[null, " + object + ", 7, {\"value\":[1]}]", 1, 3, false},
		"cut array":       {"[" + object + ",", 1, 0, true},
		"cut element":     {"[" + object + ",{\"a\":", 1, 0, true},
		"broken array":    {"[" + object + " " + object + "]", 1, 0, true},
		"a line too long": {"update h m 1 2\n" + strings.Repeat("x", maxPoint+1), 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			points, bad, err := all(NewSource(strings.NewReader(c.text)))
			require.Len(t, points, c.points)
			require.Equal(t, c.bad, bad)
			if c.broken {
				require.ErrorContains(t, err, "cannot read")
			} else {
				require.ErrorIs(t, err, io.EOF)
			}
		})
	}
}

func TestSourceTellsWhetherToWait(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() { _, _ = io.WriteString(w, "update h m 1 2\nupdate h m 1 3\nupda") }()
	s := NewSource(r)
	_, err := s.Next()
	require.NoError(t, err)
	require.True(t, s.Ready())
	_, err = s.Next()
	require.NoError(t, err)
	require.False(t, s.Ready(), "half a line")
}

func FuzzSource(f *testing.F) {
	for _, text := range []string{
		"update h m 1 2\n", "[{}]", `[{"value":1},{"value":"1"}]`, "[", "[[", `{"value":1}` + "\n{", "update h m/a=1 1 2 GAUGE 1:2:3:4",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		points, _, err := all(NewSource(strings.NewReader(string(text))))
		require.Error(t, err)
		for _, p := range points {
			line, ok := appendLine(nil, p)
			if !ok {
				continue
			}
			back, err := parseLine(string(line))
			require.NoError(t, err)
			require.Equal(t, p.Metric, back.Metric)
			require.Equal(t, p.Tags, back.Tags)
			require.Equal(t, p.Step, back.Step)
		}
	})
}

func TestSourceSaysWhereItCannotReadOn(t *testing.T) {
	long := NewSource(strings.NewReader("\n" + strings.Repeat("x", maxPoint+1)))
	_, err := long.Next()
	require.EqualError(t, err, "cannot read line 2: it is longer than 1048576 bytes; write one point a line")

	cut := NewSource(strings.NewReader(`[{"endpoint":"a"`))
	_, err = cut.Next()
	require.EqualError(t, err, "cannot read element 1 of the array: it is cut off or no JSON")
}
