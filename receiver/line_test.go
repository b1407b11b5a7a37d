package receiver

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

func TestReadLine(t *testing.T) {
	usual := metric.Point{Endpoint: "e", Metric: "m", Joined: true, Value: 1.5, Timestamp: 1700000000, Step: 60, Type: metric.Counter}
	with := func(change func(p *metric.Point)) metric.Point {
		p := usual
		change(&p)
		return p
	}
	refused := func(r metric.Reason) metric.Point { return metric.Point{Refused: r} }
	for line, want := range map[string]metric.Point{
		"update e m 1700000000 1.5":                          usual,
		" update\te  m\u00a01700000000 15e-1 \r":             usual,
		"update e m 1700000000 1.5 GAUGE":                    with(func(p *metric.Point) { p.Type = metric.Gauge }),
		"update e m 1700000000 1.5 gauge":                    with(func(p *metric.Point) { p.Type = metric.NoType }),
		"update e m 1700000000 1.5 COUNTER 30":               with(func(p *metric.Point) { p.Step = 30 }),
		"update e m 1700000000 1.5 COUNTER 120:0:U:30":       with(func(p *metric.Point) { p.Step = 30 }),
		"update e m -5 1.5":                                  with(func(p *metric.Point) { p.Timestamp = -5 }),
		"update e m/k=v,k2=v/2 1700000000 1.5 COUNTER ::x:0": with(func(p *metric.Point) { p.Metric, p.Step = "m/k=v,k2=v/2", 0 }),
		"update e m 1700000000 1.5 COUNTER 120:30":           refused(metric.BadLine),
		"update e m 1700000000 1.5 COUNTER 1:2:3:4:5":        refused(metric.BadLine),
		"update e m 1700000000 1.5 COUNTER 60 x":             refused(metric.BadLine),
		"update e m 1700000000":                              refused(metric.BadLine),
		"UPDATE e m 1700000000 1.5":                          refused(metric.BadLine),
		"quit now":                                           refused(metric.BadLine),
		"":                                                   refused(metric.BadLine),
		" \t":                                                refused(metric.BadLine),
		"update e m 1700000000 1.5 COUNTER 1m":               refused(metric.BadStep),
		"update e m 1700000000 1.5 COUNTER 1:2:3:":           refused(metric.BadStep),
		"update e m now 1.5":                                 refused(metric.BadTimestamp),
		"update e m 1700000000.5 1.5":                        refused(metric.BadTimestamp),
		"update e m 1700000000 x":                            refused(metric.BadValue),
		"update e m 1700000000 0x10":                         refused(metric.BadValue),
		"update e m 1700000000 NaN":                          refused(metric.NotFinite),
	} {
		var b metric.Batch
		require.False(t, readLine(&b, []byte(line)), line)
		if want.Refused != metric.Accepted {
			require.Equal(t, want.Refused, b.Points[0].Refused, line)
			continue
		}
		require.Equal(t, []metric.Point{want}, b.Points, line)
	}
	var b metric.Batch
	require.True(t, readLine(&b, []byte(" quit\r")))
	require.Empty(t, b.Points)
}

// FuzzReadLine holds the parser to a plain one.
func FuzzReadLine(f *testing.F) {
	for _, seed := range []string{
		"update e m/k=v,a=b 1700000000 1.5 GAUGE 120:0:U:30", "update e a/b,c=d/e=f 0 -1e3", "quit", " \t ",
		"update e m 1 1 COUNTER 60 x", "update\u2003e\xffm/=/=/,=/a= 1 NaN", "update e //// 1 1 1:2:3",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 1000 || strings.Contains(line, "\n") {
			return
		}
		var b metric.Batch
		if quit := readLine(&b, []byte(line)); quit || strings.TrimSpace(line) == "quit" {
			require.True(t, quit)
			require.Equal(t, "quit", strings.TrimSpace(line))
			require.Empty(t, b.Points)
			return
		}
		require.Len(t, b.Points, 1)
		want, ok := plainLine(line)
		require.Equal(t, ok, b.Points[0].Refused == metric.Accepted, "%+v", b.Points[0])
		if ok {
			require.Equal(t, want, b.Points[0])
		}
	})
}

// plainLine parses a line slowly and plainly; it knows good and bad only.
func plainLine(line string) (p metric.Point, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 5 || len(fields) > 7 || fields[0] != "update" {
		return p, false
	}
	p.Endpoint, p.Type, p.Step = fields[1], metric.Counter, 60
	p.Metric, p.Joined = fields[2], true
	if len(fields) > 5 {
		p.Type = metric.ParseCounterType(fields[5])
	}
	ok = true
	integer := func(s string) int64 {
		n, good := metric.ParseInteger(s)
		ok = ok && good
		return n
	}
	p.Timestamp = integer(fields[3])
	if len(fields) > 6 {
		parts := strings.Split(fields[6], ":")
		ok = ok && (len(parts) == 1 || len(parts) == 4)
		p.Step = integer(parts[len(parts)-1])
	}
	value, err := strconv.ParseFloat(fields[4], 64)
	p.Value = value
	return p, ok && err == nil && !strings.ContainsAny(fields[4], "xX_nN")
}
