package http

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

const h1 = "graph/graph-00/h1:6070"

// post answers a POST of the body that seems to come from the address peer.
func post(s *Server, peer, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest("POST", path, strings.NewReader(body))
	request.RemoteAddr = peer
	reply := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(reply, request)
	return reply
}

func TestBacklogList(t *testing.T) {
	relay, lane := newFakeRelay(), 1
	s := unstarted(t, relay, false)
	require.Equal(t, "[]", from(s, "10.0.0.1:1", "GET", "/api/spool").Body.String())

	oldest := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	relay.spools.rows = []stat.Backlog{{Target: h1, Lane: &lane, State: stat.BacklogSpooled, Points: 5, Memory: 2, Bytes: 8192, Oldest: &oldest, Encoding: "graph/1"}}
	relay.letters.rows = []stat.Backlog{{Target: "tsdb", Points: 3, Bytes: 4096}}
	require.Equal(t, `[{"target":"graph/graph-00/h1:6070","lane":1,"state":"spooled","points":5,"memory":2,"bytes":8192,"oldest":"2026-01-02T03:04:05Z","encoding":"graph/1"}]`,
		from(s, "10.0.0.1:1", "GET", "/api/spool").Body.String())
	require.Equal(t, `[{"target":"tsdb","points":3,"bytes":4096}]`, from(s, "10.0.0.1:1", "GET", "/api/dead").Body.String())

	relay.spools.fails = errors.New("cannot look for spools: bad disk")
	reply := from(s, "10.0.0.1:1", "GET", "/api/spool")
	require.Equal(t, 500, reply.Code)
	require.Equal(t, "cannot look for spools: bad disk\n", reply.Body.String())
}

func TestBacklogShow(t *testing.T) {
	for _, kind := range []string{"spool", "dead"} {
		t.Run(kind, func(t *testing.T) {
			relay := newFakeRelay()
			s := unstarted(t, relay, false)
			of := map[string]*fakeBacklog{"spool": &relay.spools, "dead": &relay.letters}[kind]
			show := func(query string) *httptest.ResponseRecorder {
				return from(s, "10.0.0.1:1", "GET", "/api/"+kind+"/show"+query)
			}
			require.Equal(t, `{"points":[],"damaged":0}`, show("?target="+h1).Body.String())
			require.Equal(t, []stat.Backlog{{Target: h1}}, of.asked)

			for i := range 30 {
				of.points = append(of.points, stat.BacklogPoint{Target: h1, Number: uint64(i + 1), Text: "<put>"})
			}
			of.damaged = 7
			for query, want := range map[string]int{"": defaultShown, "&limit=3": 3, "&limit=0": 30, "&limit=99": 30, "&lane=2": defaultShown} {
				reply := show("?target=" + h1 + query)
				require.Equal(t, 200, reply.Code)
				require.Equal(t, typeJSON, reply.Header().Get("Content-Type"))
				var shown struct {
					Points  []stat.BacklogPoint
					Damaged uint64
				}
				require.NoError(t, jsoniter.Unmarshal(reply.Body.Bytes(), &shown))
				require.Equal(t, of.points[:want], shown.Points)
				require.Equal(t, uint64(7), shown.Damaged)
			}
			of.asked = nil
			show("?target=" + h1 + "&lane=2")
			require.Equal(t, 2, *of.asked[0].Lane)

			for _, query := range []string{"", "?limit=3", "?target=x&limit=-1", "?target=x&limit=all", "?target=x&lane=first"} {
				require.Equal(t, 400, show(query).Code, query)
			}
			of.late, of.fails = true, errors.New("bad disk")
			require.Contains(t, show("?target="+h1+"&limit=1").Body.String(), `}],"damaged":7,"error":"bad disk"}`)
			of.late, of.fails = false, fmt.Errorf("cannot find it: %w", stat.ErrNoBacklog)
			require.Equal(t, 404, show("?target=nobody").Code)
		})
	}
}

func TestBacklogPurge(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	relay.spools.points = make([]stat.BacklogPoint, 5)
	reply := post(s, "127.0.0.1:1", "/api/spool/purge", `{"target":"`+h1+`"}`)
	require.Equal(t, 200, reply.Code)
	require.Equal(t, `{"points":5}`, reply.Body.String())
	require.Equal(t, []stat.Backlog{{Target: h1}}, relay.spools.asked)
	require.Empty(t, relay.letters.asked)
	require.Equal(t, `{"points":0}`, post(s, "[::1]:1", "/api/dead/purge", `{"target":"tsdb"}`).Body.String())
	require.Equal(t, []stat.Backlog{{Target: "tsdb"}}, relay.letters.asked)

	relay.letters.fails = fmt.Errorf("cannot find dead letters of x: %w", stat.ErrNoBacklog)
	reply = post(s, "127.0.0.1:1", "/api/dead/purge", `{"target":"x"}`)
	require.Equal(t, 404, reply.Code)
	require.Equal(t, "cannot find dead letters of x: there is nothing of it\n", reply.Body.String())
}

func TestResend(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	relay.resent = 4
	reply := post(s, "127.0.0.1:1", "/api/dead/resend", `{"target":"tsdb","until":9}`)
	require.Equal(t, `{"points":4}`, reply.Body.String())
	require.Equal(t, []string{"tsdb", "9"}, relay.asked)
	post(s, "127.0.0.1:1", "/api/dead/resend", `{"target":"tsdb"}`)
	require.Equal(t, []string{"tsdb", "0"}, relay.asked)

	relay.badResend = fmt.Errorf("its queue is full: %w", context.DeadlineExceeded)
	reply = post(s, "127.0.0.1:1", "/api/dead/resend", `{"target":"tsdb"}`)
	require.Equal(t, 503, reply.Code)
	require.Equal(t, "resent 4 points, then: its queue is full: context deadline exceeded\n", reply.Body.String())

	relay.badResend = fmt.Errorf("cannot resend 2 letters: %w", stat.ErrOtherEncoding)
	reply = post(s, "127.0.0.1:1", "/api/dead/resend", `{"target":"tsdb"}`)
	require.Equal(t, 409, reply.Code)
	require.Equal(t, "resent 4 points, then: cannot resend 2 letters: they are written in another form\n", reply.Body.String())

	relay.notReady, relay.asked = errStarting, nil
	reply = post(s, "127.0.0.1:1", "/api/dead/resend", `{"target":"tsdb"}`)
	require.Equal(t, 503, reply.Code)
	require.Nil(t, relay.asked)
}

// Whoever may change something is asked first, then what.
func TestBacklogChangesFromLoopbackOnly(t *testing.T) {
	relay := newFakeRelay()
	s := unstarted(t, relay, false)
	for _, path := range []string{"/api/spool/purge", "/api/dead/purge", "/api/dead/resend"} {
		reply := post(s, "10.0.0.1:1", path, `{"target":"`+h1+`"}`)
		require.Equal(t, 403, reply.Code, path)
		require.Contains(t, reply.Body.String(), "no privilege", path)
		require.Equal(t, 405, from(s, "127.0.0.1:1", "GET", path).Code, path)
		for _, body := range []string{"", "{", "[]", `{"target":""}`, `{"target":5}`, `{"target":"x","until":-1}`, `{"target":"` + strings.Repeat("x", maxChange) + `"}`} {
			require.Equal(t, 400, post(s, "127.0.0.1:1", path, body).Code, "%s %.30s", path, body)
		}
	}
	require.Empty(t, relay.spools.asked)
	require.Empty(t, relay.letters.asked)
	require.Nil(t, relay.asked)
}
