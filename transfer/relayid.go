package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"transfer/g"
)

// relayIDName is the file in the data directory that holds the relay's id.
const relayIDName = "relay.id"

// relayID returns the id by which other relays know the one with this configuration: what
// the section redis says, else what an earlier start has kept in the data directory, else a
// new one, which is kept there. With an error it is one that holds for this process only.
// The data directory is locked.
func relayID(cfg *g.Config) (string, error) {
	if cfg.Redis.Relay != "" {
		return cfg.Redis.Relay, nil
	}
	path := filepath.Join(cfg.DataDir, relayIDName)
	text, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(text)); err == nil && g.IsKeyPart(id) {
		return id, nil
	}
	id := newRelayID()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return id, fmt.Errorf("cannot read this relay's id: %w; name it by redis.relay", err)
	}
	if err := g.ReplaceFile(path, []byte(id+"\n")); err != nil {
		return id, fmt.Errorf("cannot keep this relay's id, so it is another one after a restart: %w; name it by redis.relay", err)
	}
	return id, nil
}

// newRelayID returns the host's name, or what of it may stand in a key, and a random part:
// two relays of one host are two.
func newRelayID() string {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	host = strings.Map(func(r rune) rune {
		if g.IsKeyPart("x" + string(r)) {
			return r
		}
		return '-'
	}, host)
	const longestHost = 50
	host = strings.TrimLeft(host[:min(len(host), longestHost)], ".")
	if host == "" {
		host = "relay"
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random) // it never fails
	return host + "-" + hex.EncodeToString(random)
}
