package main

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// scripted is a relay whose answers the test gives.
type scripted struct {
	process int
	looks   []func() (int, error, error)
}

func (s *scripted) begin(context.Context) (int, error) { return s.process, nil }

func (s *scripted) look(context.Context) (int, error, error) {
	look := s.looks[0]
	s.looks = s.looks[1:]
	return look()
}

func TestUpgradeCommandWaits(t *testing.T) {
	same := func() (int, error, error) { return 7, nil, nil }
	silent := func() (int, error, error) { return 0, nil, errors.New("connection reset") }
	r := &scripted{7, []func() (int, error, error){same, silent, same, func() (int, error, error) { return 8, nil, nil }}}
	was, is, err := upgradeRunning(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, []int{7, 8}, []int{was, is})

	r.looks = []func() (int, error, error){silent, func() (int, error, error) { return 7, errors.New("no disk"), nil }}
	_, _, err = upgradeRunning(t.Context(), r)
	require.EqualError(t, err, "the upgrade failed, process 7 goes on: no disk")

	ctx, cancel := context.WithCancel(t.Context())
	r.looks = []func() (int, error, error){func() (int, error, error) { cancel(); return silent() }, silent}
	_, _, err = upgradeRunning(ctx, r)
	require.ErrorContains(t, err, "see the relay's log")
}

// The admin server's answers are understood, and what is no relay is told from one.
func TestUpgradeCommandAsks(t *testing.T) {
	var code int
	var text string
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path != "/api/upgrade" {
			code = 404
		}
		w.WriteHeader(code)
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	r := newRunningAdmin(server.URL + "/")
	code, text = 200, `{"process":7,"attempts":3,"running":true,"error":"of the one before"}`
	process, err := r.begin(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, process)

	for answer, want := range map[string]struct {
		process int
		failed  string
	}{
		`{"process":7,"attempts":3,"running":true,"error":"of the one before"}`: {process: 7},
		`{"process":7,"attempts":3,"error":"no disk"}`:                          {7, "no disk"},
		`{"process":7,"attempts":4,"running":true,"error":"no disk"}`:           {7, "no disk"}, // somebody was quick
		`{"process":8,"attempts":0}`:                                            {process: 8},
	} {
		text = answer
		process, failed, err := r.look(t.Context())
		require.NoError(t, err)
		require.Equal(t, want.process, process, answer)
		if want.failed == "" {
			require.NoError(t, failed, answer)
		} else {
			require.EqualError(t, failed, want.failed, answer)
		}
	}
	for answer, says := range map[string]string{"": "is it another program?", "{}": "is it another program?", "hello": "is it another program?"} {
		text = answer
		_, err := r.begin(t.Context())
		require.ErrorContains(t, err, says, answer)
	}
	code, text = 409, "cannot upgrade: an upgrade is under way\n"
	_, err = r.begin(t.Context())
	require.EqualError(t, err, "the relay answers 409: cannot upgrade: an upgrade is under way")
}

// The relay is found by the first that is given of its address, its pid file and its
// configuration.
func TestUpgradeCommandFinds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cfg.json")
	found, err := findRunning(file, "http://10.0.0.1:1", "pid")
	require.NoError(t, err)
	require.Equal(t, "http://10.0.0.1:1/api/upgrade", found.(*runningAdmin).url)
	found, err = findRunning(file, "", "pid")
	require.NoError(t, err)
	require.Equal(t, runningPid{"pid"}, found)
	_, err = findRunning(file, "", "")
	require.ErrorContains(t, err, "cannot find the relay")
	require.NoError(t, os.WriteFile(file, []byte(`{"http": {"enabled": true, "listen": ":6060"}}`), 0o600))
	found, err = findRunning(file, "", "")
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:6060/api/upgrade", found.(*runningAdmin).url)
	require.NoError(t, os.WriteFile(file, []byte(`{"http": {"enabled": false}}`), 0o600))
	_, err = findRunning(file, "", "")
	require.ErrorContains(t, err, "give --relay or --pid-file")
}
