package sink

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTSDB(t *testing.T) {
	s := start(t, "tsdb")
	c, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = io.WriteString(c, "put cpu.idle 1700000000 1.5 endpoint=host-1 cpu=0\r\n"+
		"put bad\n\nput cpu.idle 1700000060 2e3 endpoint=host-1 cpu=0\nput cpu.idle 1700000060 x endpoint=h\n"+
		"put cpu.idle 17000")
	require.NoError(t, err)
	settled(t, s, 2)
	_, err = io.WriteString(c, "00120 3 endpoint=host-1 cpu=0\nhello\nversion\nexit\n")
	require.NoError(t, err)

	answers, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "put: illegal argument: not enough arguments (need least 4, got 1)\n"+
		"put: illegal argument: invalid value: x\n"+
		"unknown command: hello.  Try `help'.\nnet.opentsdb.tools stand-in\n", string(answers))

	n := settled(t, s, 3)
	require.Equal(t, uint64(2), n.Invalid)
	require.Equal(t, uint64(3), n.Applied)
	require.Equal(t, Point{
		Endpoint: "host-1", Metric: "cpu.idle", Tags: map[string]string{"cpu": "0"}, Value: 2000, Timestamp: 1700000060,
	}, s.Points()[1])
}

func TestTSDBAnswersErrors(t *testing.T) {
	s := start(t, "tsdb")
	require.NoError(t, s.SetFault(Fault{Mode: Error}))
	c, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = io.WriteString(c, "put cpu.idle 1700000000 1.5 endpoint=host-1\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(c).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "put: stand-in was told to answer errors\n", line)
	require.Zero(t, s.Counts().Received)
}

func FuzzPut(f *testing.F) {
	for _, line := range []string{
		"m 1 2 k=v", "m 1 2 endpoint=e", "m 0 2 k=v", "m 1 nan k=v", "m 1 2 k=", "m 1 2 =v", "m 1 2 k", "", " ", "m 1 2 k=v=w",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		p, err := parsePut(line)
		if err != nil {
			require.Equal(t, Point{}, p)
			return
		}
		require.Positive(t, p.Timestamp)
		require.NotEmpty(t, p.Metric)
		require.NotNil(t, p.Tags)
		require.False(t, strings.ContainsAny(p.Key(), "\n\r\t "))
	})
}
