package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

func TestRelayIDIsMadeOnce(t *testing.T) {
	cfg := &g.Config{DataDir: t.TempDir()}
	first, err := relayID(cfg)
	require.NoError(t, err)
	require.True(t, g.IsKeyPart(first), first)
	require.Regexp(t, `-[0-9a-f]{8}$`, first)
	again, err := relayID(cfg)
	require.NoError(t, err)
	require.Equal(t, first, again)
	entries, err := os.ReadDir(cfg.DataDir)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	require.NoError(t, os.WriteFile(filepath.Join(cfg.DataDir, relayIDName), []byte("a/b\n"), 0o600))
	mended, err := relayID(cfg)
	require.NoError(t, err)
	require.True(t, g.IsKeyPart(mended), mended)

	cfg.Redis.Relay = "named"
	named, err := relayID(cfg)
	require.NoError(t, err)
	require.Equal(t, "named", named)
}

func TestRelayIDWithoutADirectory(t *testing.T) {
	id, err := relayID(&g.Config{DataDir: filepath.Join(t.TempDir(), "none")})
	require.ErrorContains(t, err, "cannot keep this relay's id")
	require.True(t, g.IsKeyPart(id), id)
}
