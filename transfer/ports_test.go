package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainPorts(t *testing.T) {
	ln, err := plainPorts{}.Listen("127.0.0.1:0")
	require.NoError(t, err)
	_, err = plainPorts{}.Listen(ln.Addr().String())
	require.ErrorContains(t, err, "cannot bind the port")
	require.NoError(t, ln.Close())
	again, err := plainPorts{}.Listen(ln.Addr().String())
	require.NoError(t, err)
	require.NoError(t, again.Close())
}
