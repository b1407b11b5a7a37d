package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P2, P3: backends of every kind are away, and then the relay is killed: each kind's
// items lie in spools and come out of them.
func TestEveryKindOfBackend(t *testing.T) {
	t.Parallel()
	site := suite.NewSite(t)
	var away []trial.SinkIn
	for _, kind := range []string{"judge", "graph", "p8s_relay"} {
		away = append(away, site.Sink(kind, kind+"-00"), site.Sink(kind, kind+"-01"))
	}
	away = append(away, site.Sink("transfer", ""), site.Sink("influxdb", ""))
	// What OpenTSDB's protocol has no reply for may be lost with the server, so this one
	// stays.
	site.Sink("tsdb", "")
	s := trial.NewStage(t, trial.Case{Name: "every kind of backend", Injected: "judges, graphs, p8s_relays, a next hop and InfluxDB are away, then kill -9",
		Expected: "nothing acknowledged lost, order kept"}, site, nil)
	s.Crashed = true
	l := usual()
	const kinds = 6
	s.Allowed.Duplicates = kinds * l.Rate
	s.Relay.Start()
	s.Play(l)
	s.Flows()
	for _, in := range away {
		in.Fail(t, trial.Dead())
	}
	time.Sleep(outage())
	s.Relay.Kill()
	s.Relay.Start()
	s.Flows()
	for _, in := range away {
		in.Fail(t, trial.Well())
	}
	s.Flows()
	s.Finish()
}

// P3, P12: an InfluxDB that answers every request by a status other than success.
func TestHTTPBackendAnswersErrors(t *testing.T) {
	for _, status := range []int{
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusInternalServerError,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			if status != http.StatusInternalServerError {
				suite.OnlyInFull(t)
			}
			site := suite.NewSite(t)
			in := trial.NewSink(t, "influxdb", suite.FreeAddress())
			door := newStatusDoor(t, in.Addr())
			site.Add("influxdb", "", in, door.address)
			s := trial.NewStage(t, trial.Case{Name: fmt.Sprintf("backend answers %d", status), Injected: "an InfluxDB answers each request so, then takes them",
				Expected: "all of it waits, nothing is given up"}, site, nil)
			s.Relay.Start()
			s.Play(usual())
			s.Flows()
			door.status.Store(int32(status))
			time.Sleep(outage())
			s.Flows()
			ledger := s.Relay.MustLedger()
			require.Zero(t, dropsOf(ledger))
			door.status.Store(http.StatusOK)
			s.Flows()
			s.Finish()
		})
	}
}

// statusDoor stands before an HTTP server and answers in its place, unless its status
// is 200.
type statusDoor struct {
	address string
	status  atomic.Int32
}

func newStatusDoor(t *testing.T, to string) *statusDoor {
	t.Helper()
	d := &statusDoor{}
	d.status.Store(http.StatusOK)
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: to})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := int(d.status.Load()); status != http.StatusOK {
			http.Error(w, `{"error":"told to"}`, status)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	d.address = strings.TrimPrefix(server.URL, "http://")
	return d
}
