package sink

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
)

// ask asks the API and returns the answer's status and text.
func ask(t *testing.T, a *API, method, path string) (int, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	text, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return w.Code, text
}

func TestAPI(t *testing.T) {
	judge, graph := start(t, "judge"), start(t, "graph")
	a, err := ServeAPI("127.0.0.1:0", judge, graph)
	require.NoError(t, err)
	defer a.Close()
	require.NoError(t, dial(t, judge).Call("Judge.Send", judgeItems(60, 120), &SimpleRpcResponse{}))
	require.NoError(t, dial(t, graph).Call("Graph.Send", []*GraphItem{{Endpoint: "host", Metric: "x", Timestamp: 60}}, &SimpleRpcResponse{}))
	settled(t, graph, 1)

	var counts []Counts
	status, text := ask(t, a, http.MethodGet, "/counts")
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, jsoniter.Unmarshal(text, &counts))
	require.Equal(t, []Counts{judge.Counts(), graph.Counts()}, counts)

	for path, want := range map[string][]string{
		"/series":                          {"host/load/a=1,b=2", "host/x"},
		"/series?sink=graph":               {"host/x"},
		"/series?sink=graph&prefix=host/l": nil,
		"/series?prefix=host/l":            {"host/load/a=1,b=2"},
	} {
		var reply struct{ Series []Series }
		_, text := ask(t, a, http.MethodGet, path)
		require.NoError(t, jsoniter.Unmarshal(text, &reply))
		var keys []string
		for _, s := range reply.Series {
			keys = append(keys, s.Key)
		}
		require.Equal(t, want, keys, path)
	}

	status, text = ask(t, a, http.MethodPost, "/fault?sink=graph&fault=slow:5ms")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "graph: slow:5ms\n", string(text))
	require.Equal(t, "slow:5ms", graph.Fault().String())
	status, text = ask(t, a, http.MethodGet, "/")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, string(text), "slow:5ms")

	for path, want := range map[string]int{
		"/fault?sink=graph&fault=burn": http.StatusBadRequest,
		"/fault?sink=tsdb&fault=ok":    http.StatusNotFound,
		"/fault?fault=ok":              http.StatusNotFound,
		"/nope":                        http.StatusNotFound,
	} {
		status, _ := ask(t, a, http.MethodPost, path)
		require.Equal(t, want, status, path)
	}
	for _, path := range []string{"/series?limit=0", "/series?limit=x"} {
		status, _ := ask(t, a, http.MethodGet, path)
		require.Equal(t, http.StatusBadRequest, status, path)
	}
}

func TestAPIListens(t *testing.T) {
	a, err := ServeAPI("127.0.0.1:0")
	require.NoError(t, err)
	_, err = ServeAPI(a.Addr())
	require.ErrorContains(t, err, "cannot serve the API")
	a.Close()
}
