package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

func TestVersionFlags(t *testing.T) {
	for _, args := range [][]string{{"-v"}, {"-vg"}, {"--version"}} {
		var out bytes.Buffer
		cmd := command()
		cmd.SetOut(&out)
		cmd.SetArgs(args)
		require.NoError(t, cmd.Execute())
		require.Equal(t, g.VersionLine()+"\n", out.String())
	}
}

// Whatever stands in the way of a start ends with exit code 2, so that a
// supervisor need not try again.
func TestWhatCannotRunIsToldApart(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "cfg.json")
	for want, args := range map[string][]string{
		"unknown shorthand flag: 'x' in -x; see transfer --help":       {"-x"},
		"flag needs an argument: 'c' in -c; see transfer check --help": {"check", "-c"},
		`unknown command "chek" for "transfer"; see transfer --help`:   {"chek"},
		`unknown command "x" for "transfer check"; see transfer check`: {"check", "x"},
		"unknown flag: --nope; see transfer push --help":               {"push", "--nope"},
		"name a readable file with -c":                                 {"-c", missing},
		"cfg.json: cannot read the configuration":                      {"check", "-c", missing},
	} {
		cmd := command()
		cmd.SetArgs(args)
		err := cmd.Execute()
		var cannot *cannotRun
		require.ErrorAs(t, err, &cannot, "%q", args)
		require.ErrorContains(t, err, want)
	}
}
