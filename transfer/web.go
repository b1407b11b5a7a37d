package main

import (
	"context"
	"errors"

	"transfer/g/stat"
	"transfer/http"
	"transfer/receiver"
)

// web is the admin server behind the front of its port, where the usual pushes are taken.
type web struct {
	front  *receiver.Front
	server *http.Server
}

// Start begins to answer.
func (w *web) Start() {
	w.server.Start()
	w.front.Start()
}

// Stop ends both. Requests in flight are answered until ctx ends.
func (w *web) Stop(ctx context.Context) error {
	return errors.Join(w.front.Stop(ctx), w.server.Stop(ctx))
}

// unit returns what is shown of both as one part of the relay.
func (w *web) unit() stat.Unit {
	u, front := w.server.Unit(), w.front.Unit()
	if front.Restarts > 0 && u.Restarts == 0 {
		u.Error = front.Error
	}
	u.Restarts += front.Restarts
	return u
}
