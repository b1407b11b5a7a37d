package sink

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// API is a small HTTP server that shows stand-ins and switches their faults:
//
//	GET  /                                       an overview as text
//	GET  /counts                                 the Counts of each, as JSON
//	GET  /series?sink=NAME&prefix=P&limit=N      the last point of each series, as JSON;
//	                                             without sink those of all, 1000 each at most
//	POST /fault?sink=NAME&fault=FAULT            see ParseFault
type API struct {
	sinks  []*Sink
	addr   string
	server *http.Server
	work   sync.WaitGroup
}

// ServeAPI serves the API for sinks on addr (host:port, port 0 for a free one).
// It has no access control: addr should be on loopback. The caller must Close it.
func ServeAPI(addr string, sinks ...*Sink) (*API, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot serve the API of the stand-ins: %w", err)
	}
	a := &API{sinks: sinks, addr: l.Addr().String()}
	a.server = &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second}
	a.work.Go(func() { _ = a.server.Serve(l) })
	return a, nil
}

// Addr returns the address of the API, host:port.
func (a *API) Addr() string { return a.addr }

// Close ends the API, connections included.
func (a *API) Close() {
	_ = a.server.Close()
	a.work.Wait()
}

// Handler returns the API's routes.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.overview)
	mux.HandleFunc("GET /counts", a.counts)
	mux.HandleFunc("GET /series", a.listSeries)
	mux.HandleFunc("POST /fault", a.setFault)
	return mux
}

func (a *API) overview(w http.ResponseWriter, _ *http.Request) {
	writeTable(w, a.sinks)
	fmt.Fprint(w, `
curl http://`+a.addr+`/counts
curl 'http://`+a.addr+`/series?prefix=HOST/'
curl -X POST 'http://`+a.addr+`/fault?sink=NAME&fault=refuse'   (or slow:200ms hang freeze error reset cut ok)
`)
}

func (a *API) counts(w http.ResponseWriter, _ *http.Request) {
	list := make([]Counts, len(a.sinks))
	for i, s := range a.sinks {
		list[i] = s.Counts()
	}
	writeJSON(w, list)
}

// maxListed bounds the series listed of one stand-in.
const maxListed = 1000

func (a *API) listSeries(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	sinks := a.sinks
	if q.Has("sink") {
		s, err := a.find(q.Get("sink"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		sinks = []*Sink{s}
	}
	limit := maxListed
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 {
			http.Error(w, "limit must be a number above 0", http.StatusBadRequest)
			return
		}
		limit = min(n, maxListed)
	}
	reply := struct {
		Series []Series `json:"series"`
		More   bool     `json:"more"` // some were left out
	}{Series: []Series{}}
	for _, s := range sinks {
		found, more := s.Series(q.Get("prefix"), limit)
		reply.Series = append(reply.Series, found...)
		reply.More = reply.More || more
	}
	writeJSON(w, reply)
}

func (a *API) setFault(w http.ResponseWriter, r *http.Request) {
	s, err := a.find(r.FormValue("sink"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	f, err := ParseFault(r.FormValue("fault"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.SetFault(f); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s: %s\n", s.Name(), f)
}

// find returns the stand-in of that name.
func (a *API) find(name string) (*Sink, error) {
	names := make([]string, len(a.sinks))
	for i, s := range a.sinks {
		if s.Name() == name {
			return s, nil
		}
		names[i] = s.Name()
	}
	if name == "" {
		return nil, fmt.Errorf("name a stand-in by sink=, one of %q", names)
	}
	return nil, fmt.Errorf("no stand-in is called %q; there are %q", name, names)
}

// writeJSON answers with v and a newline, for those who read it at a prompt.
func writeJSON(w http.ResponseWriter, v any) {
	data, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
	if err != nil {
		http.Error(w, "cannot encode the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(append(data, '\n'))
}
