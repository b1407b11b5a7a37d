package changes

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// ask sends a request to the admin API, which must do it.
func ask(s *trial.Stage, method, path string, body []byte) {
	s.T.Helper()
	request, err := http.NewRequest(method, "http://"+s.Relay.Ports.Load().HTTP+path, bytes.NewReader(body))
	require.NoError(s.T, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(s.T, err)
	text, err := io.ReadAll(reply.Body)
	require.NoError(s.T, err)
	require.NoError(s.T, reply.Body.Close())
	require.Equal(s.T, http.StatusOK, reply.StatusCode, "%s %s: %s", method, path, text)
}

// addNode asks the admin API for a graph.
func addNode(s *trial.Stage, name string, in trial.SinkIn) {
	s.T.Helper()
	body, err := json.Marshal(map[string]any{"name": name, "addresses": []string{in.Addr()}})
	require.NoError(s.T, err)
	ask(s, http.MethodPost, "/api/clusters/graph/nodes", body)
}

// What the admin API changes holds until a reload, which goes back to the file.
func TestNodesByTheAPI(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	newcomer := c.spare("graph", "graph-03")
	s := trial.NewStage(t, trial.Case{
		Name: "nodes by the admin API", Injected: "a graph is drained and resumed, another one removed, a third one added; then a reload",
		Expected: "each holds when the call returns, the reload goes back to the file, nothing lost",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000})
	s.Flows()
	const nodes = "/api/clusters/graph/nodes/"
	for _, step := range []struct {
		edit    func()
		request func()
	}{
		{func() { c.away(c.graphs[3], true) }, func() { ask(s, http.MethodPost, nodes+"graph-02/drain", nil) }},
		{func() { c.away(c.graphs[3], false) }, func() { ask(s, http.MethodPost, nodes+"graph-02/resume", nil) }},
		{func() { c.away(c.graphs[2], true) }, func() { ask(s, http.MethodDelete, nodes+"graph-01?mode=reroute", nil) }},
		{func() { c.away(newcomer, false) }, func() { addNode(s, "graph-03", newcomer) }},
	} {
		s.Request(step.edit, step.request)
		s.Flows()
	}
	s.Change(func() {
		c.away(c.graphs[2], false)
		c.away(newcomer, true)
	})
	s.Flows()
	undisturbed(s)
	s.Finish()
}
