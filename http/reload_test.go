package http

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

func TestReload(t *testing.T) {
	for _, c := range []struct {
		name, method, query string
		change              []string
		fails               error
		notReady            error
		asked               []string // nil: the relay must not be asked
		code                int
		body                string
	}{
		{"as the original", "GET", "", nil, nil, nil, []string{"reload", "false"}, 200, `{"msg":"success","data":"ok"}`},
		{"by POST", "POST", "", nil, nil, nil, []string{"reload", "false"}, 200, `{"msg":"success","data":"ok"}`},
		{"what changed", "POST", "", []string{"graph: node graph-03 added"}, nil, nil, []string{"reload", "false"}, 200, `{"msg":"success","data":"ok","changed":["graph: node graph-03 added"]}`},
		{"forced", "POST", "?force=1", nil, nil, nil, []string{"reload", "true"}, 200, `{"msg":"success","data":"ok"}`},
		{"not forced", "GET", "?force=0", nil, nil, nil, []string{"reload", "false"}, 200, `{"msg":"success","data":"ok"}`},
		{"bad force", "POST", "?force=yes", nil, nil, nil, nil, 400, `{"msg":"` + errForce.Error() + `"}`},
		{"broken file", "POST", "", nil, errors.New("cfg.json: line 3"), nil, []string{"reload", "false"}, 400, `{"msg":"cfg.json: line 3"}`},
		{"moves too much", "POST", "", nil, fmt.Errorf("graph: %w", stat.ErrMaxMove), nil, []string{"reload", "false"}, 409, `{"msg":"graph: more series would move than maxMove allows"}`},
		{"starting", "POST", "", nil, nil, errStarting, nil, 503, `{"msg":"cannot reload now, try again later: starting: replaying the journal"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			relay := newFakeRelay()
			relay.notReady, relay.badChange, relay.reloaded.Changed = c.notReady, c.fails, c.change
			reply := from(unstarted(t, relay, false), "127.0.0.1:1", c.method, "/config/reload"+c.query)
			require.Equal(t, c.asked, relay.asked)
			require.Equal(t, c.code, reply.Code)
			require.Equal(t, typeJSON, reply.Header().Get("Content-Type"))
			require.Equal(t, c.body, reply.Body.String())
		})
	}
}

func TestReloadIsForLoopback(t *testing.T) {
	relay := newFakeRelay()
	reply := from(unstarted(t, relay, false), "10.0.0.1:1", "POST", "/config/reload?force=1")
	require.Equal(t, `{"msg":"success","data":"no privilege"}`, reply.Body.String())
	require.Nil(t, relay.asked)
}

func TestRefusedReloadIsTheFirstDetail(t *testing.T) {
	relay := newFakeRelay()
	relay.health.Details = []string{"no space on /data"}
	relay.loaded.Failed = "cfg.json: line 3"
	s := unstarted(t, relay, false)
	const details = `"details":["The last reload was refused, nothing has changed: cfg.json: line 3","no space on /data"]`
	require.Contains(t, from(s, "10.0.0.1:1", "GET", "/api/health").Body.String(), `{"durability":"ok",`+details)
	require.Contains(t, from(s, "10.0.0.1:1", "GET", "/api/status").Body.String(), details)
	require.Contains(t, from(s, "10.0.0.1:1", "GET", "/metrics").Body.String(), "\ntransfer_config_reload_failed 1\n")
	require.Equal(t, []string{"no space on /data"}, relay.health.Details, "the relay's own list is untouched")
}
