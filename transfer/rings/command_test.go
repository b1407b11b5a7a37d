package rings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

var errMarked = errors.New("marked")

// run runs `ring` with a command line and returns what it printed. Errors but that of
// maxMove are errMarked, too.
func run(line ...string) (string, error) {
	var out bytes.Buffer
	cmd := Command(func(err error) error { return fmt.Errorf("%w: %w", errMarked, err) })
	cmd.SilenceErrors = true
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(line)
	err := cmd.Execute()
	return out.String(), err
}

// site returns a configuration with a graph of these nodes and other sections.
func site(t *testing.T, nodes string, settings map[string]any, others ...map[string]any) string {
	t.Helper()
	cluster := make(map[string]string)
	for i, node := range strings.Fields(nodes) {
		name, address, found := strings.Cut(node, "=")
		if !found {
			address = fmt.Sprintf("10.0.0.%d:6070", i+1)
		}
		cluster[name] = address
	}
	graph := map[string]any{"enabled": true, "cluster": cluster}
	for key, value := range settings {
		graph[key] = value
	}
	sections := map[string]any{"graph": graph}
	for _, other := range others {
		for key, value := range other {
			sections[key] = value
		}
	}
	return writeConfig(t, sections)
}

func judge(nodes ...string) map[string]any {
	cluster := make(map[string]string)
	for _, n := range nodes {
		cluster[n] = n + ":6080"
	}
	return map[string]any{"judge": map[string]any{"enabled": true, "hash": "murmur3", "cluster": cluster}}
}

func TestShow(t *testing.T) {
	config := site(t, "graph-00 graph-01=10.0.0.2:6070,10.0.0.9:6070", nil, judge("judge-00"))
	out, err := run("show", "-c", config)
	require.NoError(t, err)
	require.Contains(t, out, "Rings of "+config+"\n")
	require.Contains(t, out, "judge: murmur3, 1 nodes with 4000 virtual points each, fingerprint ")
	require.Contains(t, out, "judge-00  100.0 %  1.00     judge-00:6080\n")
	require.Contains(t, out, "10.0.0.2:6070, 10.0.0.9:6070\n")
	require.Regexp(t, `smallest share 0\.\d\d x the mean \(graph-0[01]\), largest 1\.\d\d x \(graph-0[01]\)`, out)

	out, err = run("show", "-c", config, "--backend", "graph", "--json")
	require.NoError(t, err)
	var shown stat.Ring
	require.NoError(t, json.Unmarshal([]byte(out), &shown), out)
	require.Equal(t, "graph", shown.Backend)
	require.Len(t, shown.Shares, 2)

	_, err = run("show", "-c", config, "--backend", "tsdb")
	require.ErrorContains(t, err, `cannot find a ring of "tsdb"`)
	require.ErrorIs(t, err, errMarked)
}

func TestPlaceSaysWhy(t *testing.T) {
	config := site(t, "graph-00=a:1,b:1", map[string]any{"lanes": 3})
	out, err := run("place", "-c", config, "web-1", "cpu.busy", "b=2,a=1")
	require.NoError(t, err)
	require.Contains(t, out, "By the rings of "+config+"\n\ngraph\n  key        web-1/cpu.busy/a=1,b=2\n  hash       ")
	require.Contains(t, out, ", the key's crc32\n")
	require.Contains(t, out, "  node       graph-00\n  addresses  a:1, b:1, each gets every point\n  lane       ")
	require.Contains(t, out, " of 0 to 2\n")
	for _, words := range [][]string{{}, {"web-1"}, {"a", "b", "c=d", "e"}} {
		_, err := run(append([]string{"place", "-c", config}, words...)...)
		require.ErrorIs(t, err, errMarked, words)
	}
}

func TestDiffOfFiles(t *testing.T) {
	now := site(t, "graph-00 graph-01 graph-02", nil, judge("judge-00", "judge-01"))
	then := site(t, "graph-00=10.9.9.9:6070 graph-01 graph-02 graph-03", map[string]any{"maxMove": 0.5},
		map[string]any{"p8s_relay": map[string]any{"enabled": true, "cluster": map[string]string{"p-00": "h:1"}}})
	out, err := run("diff", "-c", now, then)
	require.NoError(t, err)
	require.Contains(t, out, "From "+now+" to "+then+"\n")
	require.Contains(t, out, "judge: is taken out\n")
	require.Contains(t, out, "p8s_relay: new; nothing moves\n")
	require.Regexp(t, `graph: \d\d\.\d % of the series move, \d+ of 192000 generated ones; \d\d\.\d % of all hashes\n`, out)
	require.Regexp(t, `graph-00 .* 0      \d+ +\d+ to graph-03\n`, out)
	require.Regexp(t, `graph-03  0       0\.0 % .* \d+ from graph-0\d, \d+ from graph-0\d, \d+ from graph-0\d\n`, out)
	require.Contains(t, out, "graph-00 keeps its series and goes from 10.0.0.1:6070 to 10.9.9.9:6070\n")

	again, err := run("diff", "-c", now, then)
	require.NoError(t, err)
	require.Equal(t, out, again, "generated series are always the same")

	out, err = run("diff", "-c", now, site(t, "graph-00 graph-01 graph-02", map[string]any{"hash": "murmur3"}))
	require.NoError(t, err)
	require.Contains(t, out, "\nthe hash crc32 becomes murmur3, so that the share of all hashes is an estimate\n500 virtual points a node become 4000\n")

	out, err = run("diff", "-c", now, now)
	require.NoError(t, err)
	require.Contains(t, out, "graph: the ring stays as it is\n")
}

// What moves too much ends with the one error that is not as the others, and is told.
func TestDiffOverMaxMove(t *testing.T) {
	now := site(t, "graph-00 graph-01 graph-02", map[string]any{"maxMove": 0.9})
	then := site(t, "graph-00 graph-01 graph-02 graph-03", map[string]any{"maxMove": 0.1})
	out, err := run("diff", "-c", now, "--json", then)
	var over *maxMoveError
	require.ErrorAs(t, err, &over)
	require.NotErrorIs(t, err, errMarked)
	require.Regexp(t, `^graph: \d\d\.\d % of all hashes would move, over its maxMove of 10\.0 %`, err.Error())
	var d change
	require.NoError(t, json.Unmarshal([]byte(out), &d), out)
	require.Equal(t, []any{"graph", stateChanged, countedGenerated, 0.1, true}, []any{d.Backend, d.State, d.Counted, d.MaxMove, d.Exceeds})

	_, err = run("diff", "-c", then, now)
	require.NoError(t, err, "the new file's limit counts")
	_, err = run("diff", "-c", now, "--backend", "graph", writeConfig(t, map[string]any{"graph": map[string]any{"enabled": true}}))
	require.ErrorIs(t, err, errMarked, "no nodes")
	_, err = run("diff", "-c", now, now+".none")
	require.ErrorIs(t, err, errMarked)
}

// fakeRelay answers as a relay with the rings of a configuration.
type fakeRelay struct {
	rings  []stat.Ring
	asked  []stat.RingPlan
	answer func(plan stat.RingPlan) (code int, body any)
}

func (f *fakeRelay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	code, body := 200, any(f.rings)
	switch r.Method + " " + r.URL.Path {
	case "GET /api/ring":
	case "POST /api/ring/diff":
		var plan stat.RingPlan
		if err := json.NewDecoder(r.Body).Decode(&plan); err != nil {
			panic(err)
		}
		f.asked = append(f.asked, plan)
		code, body = f.answer(plan)
	default:
		code, body = 404, "not found"
	}
	w.WriteHeader(code)
	if text, ok := body.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(body)
}

// newFakeRelay returns a relay with the rings of the configuration in a file.
func newFakeRelay(t *testing.T, config string) (*fakeRelay, string) {
	t.Helper()
	cfg, err := g.Load(config)
	require.NoError(t, err)
	all, err := fromConfig(cfg)
	require.NoError(t, err)
	f := &fakeRelay{}
	for _, r := range all {
		f.rings = append(f.rings, r.Ring)
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

func TestDiffAsksTheRelay(t *testing.T) {
	now, then := site(t, "a b", nil), site(t, "a b c", nil)
	relay, url := newFakeRelay(t, now)
	cfg, err := g.Load(then)
	require.NoError(t, err)
	planned, err := fromConfig(cfg)
	require.NoError(t, err)
	counted := stat.RingDiff{Backend: "graph", From: relay.rings[0].Fingerprint, To: planned[0].Fingerprint, Share: 0.3, Series: 10, Moved: 4,
		Nodes: []stat.NodeDiff{{Node: "a", Before: 10, After: 6, Loses: 4}, {Node: "c", After: 4, Gains: 4}},
		Flows: []stat.Flow{{From: "a", To: "c", Series: 3}}, MoreFlows: 1}
	relay.answer = func(stat.RingPlan) (int, any) { return 200, counted }
	out, err := run("diff", "--relay", url+"/", then)
	require.NoError(t, err)
	require.Contains(t, out, "From the relay at "+url+" to "+then+"\n\ngraph: 40.0 % of the series move, 4 of 10 that the relay remembers; 30.0 % of all hashes\n")
	require.Contains(t, out, "a     10      100.0 %  6      60.0 %  0      4      3 to c, 1 to others\n")
	require.Equal(t, []stat.RingPlan{{Backend: "graph", Hash: "crc32", Replicas: 500, Nodes: []string{"a", "b", "c"}}}, relay.asked)

	// What the relay cannot say is counted here, and said so.
	for note, answer := range map[string]func(stat.RingPlan) (int, any){
		"the relay answers 403: no privilege":         func(stat.RingPlan) (int, any) { return 403, "no privilege\n" },
		"cannot read the relay's answer":              func(stat.RingPlan) (int, any) { return 200, "<html>" },
		"the relay remembers no series yet":           func(stat.RingPlan) (int, any) { return 200, stat.RingDiff{From: counted.From, To: counted.To} },
		"the relay's ring has changed at this moment": func(stat.RingPlan) (int, any) { return 200, stat.RingDiff{From: "x", Series: 7} },
	} {
		relay.answer = answer
		out, err := run("diff", "--relay", url, then)
		require.NoError(t, err)
		require.Contains(t, out, "of 192000 generated ones, since "+note)
	}
}

// The relay that the configuration names is asked if it answers; what it has and the
// file has not is told.
func TestRelayOfTheConfiguration(t *testing.T) {
	relay, url := newFakeRelay(t, site(t, "a b c", nil))
	admin := map[string]any{"http": map[string]any{"enabled": true, "listen": strings.TrimPrefix(url, "http://")}}
	config := site(t, "a b", nil, admin)
	out, err := run("show", "-c", config)
	require.NoError(t, err)
	require.Contains(t, out, "Rings of the relay at "+url+"\n")
	require.Contains(t, out, "3 nodes")
	require.Contains(t, out, config+" says otherwise: see transfer ring diff "+config+"\n")
	out, err = run("show", "-c", site(t, "a b c", nil, admin))
	require.NoError(t, err)
	require.NotContains(t, out, "says otherwise")
	out, err = run("show", "-c", config, "--file")
	require.NoError(t, err)
	require.Contains(t, out, "2 nodes")
	_, err = run("show", "-c", config, "--file", "--relay", url)
	require.Error(t, err)

	relay.rings[0].Fingerprint = "other"
	_, err = run("show", "--relay", url)
	require.ErrorContains(t, err, "cannot use the ring of graph: its fingerprint")
	out, err = run("show", "-c", config)
	require.NoError(t, err)
	require.Contains(t, out, "Rings of "+config+" (not of what runs at "+url+": cannot use the ring of graph")

	gone := site(t, "a b", nil, map[string]any{"http": map[string]any{"enabled": true, "listen": "127.0.0.1:1"}})
	out, err = run("place", "-c", gone, "web-1/cpu")
	require.NoError(t, err)
	require.Contains(t, out, "By the rings of "+gone+" (no relay answers at http://127.0.0.1:1)\n")
	_, err = run("place", "--relay", "http://127.0.0.1:1", "web-1/cpu")
	require.ErrorIs(t, err, errNoAnswer)
	_, err = run("place", "--relay", "127.0.0.1:1", "web-1/cpu")
	require.ErrorContains(t, err, "http://HOST:PORT")
}

// A relay's answer of whatever kind is refused or gives rings that can be used.
func FuzzFromStatus(f *testing.F) {
	for _, seed := range []string{"[]", "null", `[{"backend":"graph","hash":"crc32","replicas":20,"fingerprint":"","shares":[{"node":"a","share":1}]}]`,
		`[{"hash":"x","replicas":-1,"shares":[{}]}]`, `[{"hash":"crc32","replicas":9223372036854775807,"shares":[{"node":"a"},{"node":"a"}]}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var shown []stat.Ring
		if json.Unmarshal(answer, &shown) != nil {
			return
		}
		for _, r := range shown {
			if len(r.Shares) > 0 && r.Replicas > 1000/len(r.Shares) && r.Replicas <= maxPoints {
				t.Skip("large")
			}
		}
		all, err := fromStatus(shown)
		if err != nil {
			return
		}
		for i := range all {
			require.NoError(t, writeRing(io.Discard, &all[i].Ring))
			p := all[i].place("e/m")
			require.Contains(t, all[i].ring.Nodes(), p.Node)
		}
	})
}
