package bench

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func execute(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var text bytes.Buffer
	cmd := Command()
	cmd.SilenceErrors = true
	cmd.SetOut(&text)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return text.String(), err
}

func TestCommandLists(t *testing.T) {
	out, err := execute(t, "--list", "--rows", "^peers$|^rpc-graph-judge-3$")
	require.NoError(t, err)
	require.Equal(t, "path     rpc-graph-judge-3\npeers    carbon-c-relay\npeers    vmagent\npeers    plain\n", out)
}

func TestCommandRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--runs must be":                {"--runs", "0"},
		"--points must be":              {"--points", "0"},
		"--seconds must be":             {"--seconds", "0"},
		`none matches "nothing"`:        {"--rows", "nothing"},
		"missing closing )":             {"--rows", "("},
		"cannot keep profiles":          {"--profile", "/proc/nowhere"},
		`unknown command "now"`:         {"now"},
		"unknown flag: --faster-please": {"--faster-please"},
	} {
		_, err := execute(t, args...)
		require.ErrorContains(t, err, want)
	}
}

func TestRowsAreWhole(t *testing.T) {
	names := make(map[string]bool)
	for _, row := range Rows() {
		require.False(t, names[row.Name], row.Name)
		names[row.Name] = true
		require.Contains(t, subjects(testBinary), row.Subject, row.Name)
		require.Contains(t, ways(), row.Way, row.Name)
		for _, backend := range row.Backends {
			require.Contains(t, kinds(), backend, row.Name)
		}
		require.Zero(t, row.Series%agentSeries, row.Name)
		require.Positive(t, pointsFor(row, 100), row.Name)
		require.Positive(t, row.Nodes, row.Name)
		require.NotEmpty(t, row.Group, row.Name)
		require.LessOrEqual(t, connsOf(row), 1000, "a probe has %d digits for its connection", connDigits)
	}
	require.Equal(t, Rows(), Rows())
}
