package http

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

func TestUnits(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	reply := from(s, "10.0.0.1:1", "GET", "/api/units")
	require.Equal(t, 200, reply.Code)
	rows := jsoniter.Get(reply.Body.Bytes())
	require.Equal(t, 3, rows.Size())
	require.JSONEq(t, `{"id":"listener/rpc","kind":"listener","address":"127.0.0.1:8433","state":"up","lastError":"panicked: oops","restarts":2,"since":"`+
		relay.units[0].Since.Format("2006-01-02T15:04:05Z07:00")+`"}`, rows.Get(0).ToString())
	require.JSONEq(t, `{"id":"graph/graph-01/h2:6070","kind":"target","backend":"graph","node":"graph-01","address":"h2:6070","state":"up","restarts":0,"differs":"added by the API"}`,
		rows.Get(2).ToString())

	relay.units = nil
	require.Equal(t, "[]", from(s, "10.0.0.1:1", "GET", "/api/units").Body.String())
}

// sendFrom answers a request with a body that seems to come from the address peer.
func sendFrom(s *Server, peer, method, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.RemoteAddr = peer
	reply := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(reply, request)
	return reply
}

func TestNodes(t *testing.T) {
	const nodes, body = "/api/clusters/graph/nodes", `{"name":"graph-01","addresses":["h2:6070","h3:6070"]}`
	for _, c := range []struct {
		method, path, body string
		asked              []string // nil: the relay must not be asked
		code               int
	}{
		{"POST", nodes, body, []string{"add", "graph", "graph-01", "false", "h2:6070", "h3:6070"}, 200},
		{"POST", nodes, `{"name":"n","addresses":["h:1"],"force":true}`, []string{"add", "graph", "n", "true", "h:1"}, 200},
		{"POST", nodes, "{\"name\":\"\xff\xfe\",\"addresses\":[\"h:1\"]}", []string{"add", "graph", "\uFFFD\uFFFD", "false", "h:1"}, 200},
		{"DELETE", nodes + "/graph-01", "", []string{"remove", "graph", "graph-01", "", "false"}, 200},
		{"DELETE", nodes + "/graph-01?mode=drain&force=1", "", []string{"remove", "graph", "graph-01", "drain", "true"}, 200},
		{"DELETE", nodes + "/graph-01?mode=reroute", "", []string{"remove", "graph", "graph-01", "reroute", "false"}, 200},
		{"DELETE", nodes + "/a%2Fb%20c", "", []string{"remove", "graph", "a/b c", "", "false"}, 200},
		{"POST", nodes + "/graph-01/drain", "", []string{"drain", "graph", "graph-01"}, 200},
		{"POST", nodes + "/graph-01/resume", "", []string{"resume", "graph", "graph-01"}, 200},
		{"POST", nodes + "/drain/drain", "", []string{"drain", "graph", "drain"}, 200},

		{"POST", nodes, "", nil, 400},
		{"POST", nodes, "null", nil, 400},
		{"POST", nodes, `{"name":"n"}`, nil, 400},
		{"POST", nodes, `{"addresses":["h:1"]}`, nil, 400},
		{"POST", nodes, `{"name":"n","adresses":["h:1"]}`, nil, 400},
		{"POST", nodes, `{"name":"n","addresses":"h:1"}`, nil, 400},
		{"POST", nodes, body + "x", nil, 400},
		{"POST", nodes, body + strings.Repeat(" ", maxNodeBytes), nil, 413},
		{"DELETE", nodes + "/n?mode=away", "", nil, 400},
		{"DELETE", nodes + "/n?force=maybe", "", nil, 400},
		{"DELETE", nodes, "", nil, 404},
		{"DELETE", nodes + "/n/drain", "", nil, 404},
		{"POST", nodes + "/n", "", nil, 404},
		{"POST", nodes + "/", body, nil, 404},
		{"POST", nodes + "//drain", "", nil, 404},
		{"POST", nodes + "/n/stop", "", nil, 404},
		{"POST", nodes + "/n/drain/now", "", nil, 404},
		{"POST", "/api/clusters/graph/units", body, nil, 404},
		{"POST", "/api/clusters//nodes", body, nil, 404},
		{"POST", "/api/clusters/", body, nil, 404},
	} {
		t.Run(c.method+c.path+"_"+c.body[:min(len(c.body), 20)], func(t *testing.T) {
			relay := newFakeRelay()
			reply := sendFrom(unstarted(t, relay, false), "127.0.0.1:1", c.method, c.path, c.body)
			require.Equal(t, c.code, reply.Code, reply.Body.String())
			require.Equal(t, c.asked, relay.asked)
			require.Equal(t, typeJSON, reply.Header().Get("Content-Type"))
			if c.code != 200 {
				require.NotEmpty(t, jsoniter.Get(reply.Body.Bytes(), "error").ToString())
			}
		})
	}
}

func TestNodesAnswerWithTheNodesUnits(t *testing.T) {
	s := unstarted(t, newFakeRelay(), false)
	reply := sendFrom(s, "127.0.0.1:1", "POST", "/api/clusters/graph/nodes/graph-01/drain", "")
	require.Equal(t, `[{"id":"graph/graph-01/h2:6070","kind":"target","backend":"graph","node":"graph-01","address":"h2:6070","state":"up","restarts":0,"differs":"added by the API"}]`, reply.Body.String())
	reply = sendFrom(s, "127.0.0.1:1", "DELETE", "/api/clusters/graph/nodes/gone", "")
	require.Equal(t, "[]", reply.Body.String())
}

func TestRefusedNodes(t *testing.T) {
	for _, call := range []struct{ method, path, body string }{
		{"POST", "/api/clusters/graph/nodes", `{"name":"n","addresses":["h:1"]}`},
		{"DELETE", "/api/clusters/graph/nodes/n", ""},
		{"POST", "/api/clusters/graph/nodes/n/drain", ""},
		{"POST", "/api/clusters/graph/nodes/n/resume", ""},
	} {
		t.Run(call.method+call.path, func(t *testing.T) {
			relay := newFakeRelay()
			s := unstarted(t, relay, false)
			for _, c := range []struct {
				err  error
				code int
			}{
				{fmt.Errorf("graph/n: %w", stat.ErrNoNode), 404},
				{fmt.Errorf("graph: 41 %%: %w", stat.ErrMaxMove), 409},
				{errors.New("h:1 is at another node"), 400},
			} {
				relay.badChange = c.err
				reply := sendFrom(s, "127.0.0.1:1", call.method, call.path, call.body)
				require.Equal(t, c.code, reply.Code)
				require.Equal(t, c.err.Error(), jsoniter.Get(reply.Body.Bytes(), "error").ToString())
			}

			relay.asked, relay.badChange = nil, nil
			reply := sendFrom(s, "10.0.0.1:1", call.method, call.path, call.body)
			require.Equal(t, 403, reply.Code)
			require.Equal(t, `{"error":"no privilege: ask from the relay's own host"}`, reply.Body.String())

			relay.notReady = errStarting
			reply = sendFrom(s, "127.0.0.1:1", call.method, call.path, call.body)
			require.Equal(t, 503, reply.Code)
			require.Equal(t, `{"error":"cannot change nodes now, try again later: starting: replaying the journal"}`, reply.Body.String())
			require.Nil(t, relay.asked)
		})
	}
}

func FuzzReadNode(f *testing.F) {
	for _, seed := range []string{
		`{"name":"graph-03","addresses":["10.0.0.4:6070"],"force":false}`,
		`{"name":"n","addresses":["h:1","h:2"],"force":true}`,
		`{"name":"\u0000\ud800","addresses":[""]}`, "{\"name\":\"\xff\",\"addresses\":[\"\xfe\"]}",
		`{"NAME":"n","addresses":["h:1"]}`, `{"name":"n","name":"m","addresses":["h:1"]}`,
		`{"name":"n","addresses":null}`, `{"name":1}`, `[]`, `null`, ``, `{`, strings.Repeat("[", 1000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := readNode(strings.NewReader(text))
		if err != nil {
			require.Empty(t, node)
			return
		}
		require.NotEmpty(t, node.Name)
		require.NotEmpty(t, node.Addresses)
		again, err := jsoniter.ConfigCompatibleWithStandardLibrary.MarshalToString(node)
		require.NoError(t, err)
		same, err := readNode(strings.NewReader(again))
		require.NoError(t, err)
		require.Equal(t, node, same)
	})
}

func TestNodeBodyIsReadNoFurtherThanItsBound(t *testing.T) {
	body := nethttp.MaxBytesReader(nil, &endlessBody{}, maxNodeBytes)
	_, err := readNode(body)
	require.ErrorContains(t, err, "more than 65536 bytes")
}

// endlessBody is a body without an end.
type endlessBody struct{}

func (*endlessBody) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func (*endlessBody) Close() error { return nil }
