package http

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// fakeUpgrade is the part of fakeRelay that is upgraded.
type fakeUpgrade struct {
	state stat.Upgrade
	begun int
	busy  error
}

func (f *fakeUpgrade) Upgrade() stat.Upgrade { return f.state }

func (f *fakeUpgrade) StartUpgrade() (stat.Upgrade, error) {
	if f.busy == nil {
		f.begun++
	}
	return f.state, f.busy
}

func TestUpgrade(t *testing.T) {
	relay := newFakeRelay()
	relay.state = stat.Upgrade{Process: 7, Attempts: 2, Error: "no such file"}
	s := unstarted(t, relay, false)
	const state = `{"process":7,"attempts":2,"running":false,"error":"no such file"}`
	require.Equal(t, state, from(s, "10.0.0.1:1", "GET", "/api/upgrade").Body.String())

	require.Equal(t, 403, post(s, "10.0.0.1:1", "/api/upgrade", "").Code)
	require.Zero(t, relay.begun)
	reply := post(s, "127.0.0.1:1", "/api/upgrade", "")
	require.Equal(t, 200, reply.Code)
	require.Equal(t, state, reply.Body.String())
	require.Equal(t, 1, relay.begun)

	relay.busy = errors.New("an upgrade is under way")
	reply = post(s, "127.0.0.1:1", "/api/upgrade", "")
	require.Equal(t, 409, reply.Code)
	require.Equal(t, "cannot upgrade: an upgrade is under way\n", reply.Body.String())
}
