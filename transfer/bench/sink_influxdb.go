package bench

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// newInfluxSink returns what stands in for InfluxDB: it counts the lines of each
// body.
func newInfluxSink(t *tally) http.Handler {
	var bodies sync.Pool // of *bytes.Buffer
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies.Get().(*bytes.Buffer)
		if !ok {
			body = new(bytes.Buffer)
		}
		defer bodies.Put(body)
		body.Reset()
		if _, err := io.Copy(body, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		t.took(bytes.Count(body.Bytes(), []byte{'\n'}), body.Bytes())
		w.WriteHeader(http.StatusNoContent)
	})
}
