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
)

// P2, P3: backends of every kind are away, and then the relay is killed: each kind's
// items lie in spools and come out of them.
func TestEveryKindOfBackend(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	var away []sinkIn
	for _, kind := range []string{"judge", "graph", "p8s_relay"} {
		away = append(away, site.sink(kind, kind+"-00"), site.sink(kind, kind+"-01"))
	}
	away = append(away, site.sink("transfer", ""), site.sink("influxdb", ""))
	// What OpenTSDB's protocol has no reply for may be lost with the server, so this one
	// stays.
	site.sink("tsdb", "")
	s := newStage(t, fault{"every kind of backend", "judges, graphs, p8s_relays, a next hop and InfluxDB are away, then kill -9",
		"nothing acknowledged lost, order kept"}, site, nil)
	s.crashed = true
	l := usual()
	const kinds = 6
	s.allowed.duplicates = kinds * l.rate
	s.relay.start()
	s.play(l)
	s.flows()
	for _, in := range away {
		in.fail(t, dead())
	}
	time.Sleep(outage())
	s.relay.kill()
	s.relay.start()
	s.flows()
	for _, in := range away {
		in.fail(t, well())
	}
	s.flows()
	s.finish()
}

// P3, P12: an InfluxDB that answers every request by a status other than success.
func TestHTTPBackendAnswersErrors(t *testing.T) {
	for _, status := range []int{
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusInternalServerError,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			if status != http.StatusInternalServerError {
				onlyInFull(t)
			}
			site := newSite(t)
			in := newSink(t, "influxdb", freeAddress())
			door := newStatusDoor(t, in.Addr())
			site.add("influxdb", "", in, door.address)
			s := newStage(t, fault{fmt.Sprintf("backend answers %d", status), "an InfluxDB answers each request so, then takes them",
				"all of it waits, nothing is given up"}, site, nil)
			s.relay.start()
			s.play(usual())
			s.flows()
			door.status.Store(int32(status))
			time.Sleep(outage())
			s.flows()
			ledger := s.relay.mustLedger()
			require.Zero(t, dropsOf(ledger))
			door.status.Store(http.StatusOK)
			s.flows()
			s.finish()
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
