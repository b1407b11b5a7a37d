package http

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// fakeRingDiff is what a fakeRelay answers for a plan.
type fakeRingDiff struct {
	asked   []stat.RingPlan
	gives   stat.RingDiff
	fails   error
	working chan struct{} // not nil: taken from before it answers
}

func (f *fakeRelay) DiffRing(plan stat.RingPlan) (stat.RingDiff, error) {
	f.mu.Lock()
	f.ringDiff.asked = append(f.ringDiff.asked, plan)
	f.mu.Unlock()
	if f.ringDiff.working != nil {
		<-f.ringDiff.working
	}
	return f.ringDiff.gives, f.ringDiff.fails
}

func (f *fakeRelay) plans() []stat.RingPlan {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]stat.RingPlan(nil), f.ringDiff.asked...)
}

const goodPlan = `{"backend":"graph","hash":"crc32","replicas":500,"nodes":["graph-01","graph-00"]}`

func TestRings(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	reply := from(s, "10.0.0.1:1", "GET", "/api/ring")
	require.Equal(t, 200, reply.Code)
	require.Equal(t, `[{"backend":"graph","hash":"crc32","replicas":500,"fingerprint":"00c0ffee","lanes":0,"shares":[`+
		`{"node":"graph-00","addresses":["h1:6070"],"share":0.25},{"node":"graph-01","addresses":["h2:6070"],"share":0.75}]}]`, reply.Body.String())
	relay.rings = nil
	require.Equal(t, "[]", from(s, "10.0.0.1:1", "GET", "/api/ring").Body.String())
}

func TestRingDiff(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	relay.ringDiff.gives = stat.RingDiff{Backend: "graph", Series: 7, Moved: 3}
	reply := post(s, "127.0.0.1:1", "/api/ring/diff", goodPlan)
	require.Equal(t, 200, reply.Code, reply.Body)
	var diff stat.RingDiff
	require.NoError(t, jsoniter.Unmarshal(reply.Body.Bytes(), &diff))
	require.Equal(t, relay.ringDiff.gives, diff)
	require.Equal(t, []stat.RingPlan{{Backend: "graph", Hash: "crc32", Replicas: 500, Nodes: []string{"graph-01", "graph-00"}}}, relay.plans())

	relay.ringDiff.fails = fmt.Errorf("transfer: %w", stat.ErrNoRing)
	require.Equal(t, 404, post(s, "127.0.0.1:1", "/api/ring/diff", goodPlan).Code)
	relay.ringDiff.fails = errors.New("cannot build a ring")
	reply = post(s, "127.0.0.1:1", "/api/ring/diff", goodPlan)
	require.Equal(t, 400, reply.Code)
	require.Equal(t, "cannot build a ring\n", reply.Body.String())
}

// What no relay should build is refused before it is asked.
func TestRingDiffRefuses(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	many := strings.Repeat(`"n",`, 9000) + `"n"`
	for name, c := range map[string]struct {
		body, says string
	}{
		"nothing":        {"", "bad body"},
		"no JSON":        {"{", "bad body"},
		"no backend":     {`{"hash":"crc32","replicas":500,"nodes":["a"]}`, "bad body"},
		"no nodes":       {`{"backend":"graph","hash":"crc32","replicas":500}`, "without nodes"},
		"no replicas":    {`{"backend":"graph","hash":"crc32","nodes":["a"]}`, "0 replicas"},
		"below 0":        {`{"backend":"graph","hash":"crc32","replicas":-1,"nodes":["a"]}`, "-1 replicas"},
		"many replicas":  {`{"backend":"graph","hash":"crc32","replicas":9000000000000000000,"nodes":["a","b"]}`, "too large"},
		"just too many":  {fmt.Sprintf(`{"backend":"graph","hash":"crc32","replicas":%d,"nodes":["a","b"]}`, maxPlanPoints/2+1), "too large"},
		"many nodes":     {`{"backend":"graph","hash":"crc32","replicas":500,"nodes":[` + many + `]}`, "too large"},
		"a giant body":   {`{"backend":"graph","hash":"` + strings.Repeat("x", maxPlan) + `"}`, "1 MiB at most"},
		"a number as it": {`{"backend":7}`, "bad body"},
	} {
		reply := post(s, "127.0.0.1:1", "/api/ring/diff", c.body)
		require.Equal(t, 400, reply.Code, name)
		require.Contains(t, reply.Body.String(), c.says, name)
	}
	require.Equal(t, 403, post(s, "10.0.0.1:1", "/api/ring/diff", goodPlan).Code)
	require.Equal(t, 405, from(s, "127.0.0.1:1", "GET", "/api/ring/diff").Code)
	require.Empty(t, relay.plans())
	require.Equal(t, 200, post(s, "127.0.0.1:1", "/api/ring/diff",
		fmt.Sprintf(`{"backend":"graph","hash":"crc32","replicas":%d,"nodes":["a","b"]}`, maxPlanPoints/2)).Code)
}

// Rings are compared one at a time: each takes memory.
func TestOneRingDiffAtATime(t *testing.T) {
	relay := newFakeRelay()
	relay.ringDiff.working = make(chan struct{})
	s := unstarted(t, relay, false)
	first := make(chan int)
	go func() { first <- post(s, "127.0.0.1:1", "/api/ring/diff", goodPlan).Code }()
	require.Eventually(t, func() bool { return len(relay.plans()) == 1 }, 5*time.Second, time.Millisecond)
	reply := post(s, "127.0.0.1:1", "/api/ring/diff", goodPlan)
	require.Equal(t, 503, reply.Code)
	require.Equal(t, "another ring is being compared: ask again\n", reply.Body.String())
	close(relay.ringDiff.working)
	require.Equal(t, 200, <-first)
	require.Equal(t, 200, post(s, "127.0.0.1:1", "/api/ring/diff", goodPlan).Code)
}

// Whatever is sent, what comes through is small enough to be built.
func FuzzReadPlan(f *testing.F) {
	for _, seed := range []string{goodPlan, "", "{}", "null", "[]", `{"backend":"graph","nodes":[null,""],"replicas":1}`,
		`{"Backend":"graph","NODES":["a"],"replicas":1e9}`, `{"backend":"graph","nodes":["a","b"],"replicas":9223372036854775807}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		plan, err := readPlan(strings.NewReader(body))
		if err != nil {
			return
		}
		require.NotEmpty(t, plan.Backend)
		require.NotEmpty(t, plan.Nodes)
		require.Positive(t, plan.Replicas)
		require.LessOrEqual(t, plan.Replicas, maxPlanPoints)
		require.LessOrEqual(t, plan.Replicas*len(plan.Nodes), maxPlanPoints)
	})
}
