package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/stat"
)

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 64 << 10

// runningAdmin is a relay with an admin server.
type runningAdmin struct {
	url     string
	client  *http.Client
	process int // that answered first
	attempt int // that was asked for
}

func newRunningAdmin(url string) *runningAdmin {
	return &runningAdmin{
		url: strings.TrimSuffix(url, "/") + "/api/upgrade",
		// While one process follows the other, answers take some seconds.
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

// begin implements running.
func (r *runningAdmin) begin(ctx context.Context) (int, error) {
	state, err := r.ask(ctx, http.MethodPost)
	r.process, r.attempt = state.Process, state.Attempts
	return state.Process, err
}

// look implements running.
func (r *runningAdmin) look(ctx context.Context) (process int, failed, err error) {
	state, err := r.ask(ctx, http.MethodGet)
	if err != nil {
		return 0, nil, err
	}
	if state.Process == r.process && (state.Attempts > r.attempt || !state.Running) {
		failed = errors.New(state.Error)
	}
	return state.Process, failed, nil
}

func (r *runningAdmin) ask(ctx context.Context, method string) (stat.Upgrade, error) {
	var state stat.Upgrade
	request, err := http.NewRequestWithContext(ctx, method, r.url, nil)
	if err != nil {
		return state, fmt.Errorf("%w; give --relay as http://HOST:PORT", err)
	}
	reply, err := r.client.Do(request)
	if err != nil {
		return state, fmt.Errorf("%w; --relay names the relay's admin server, http.listen", err)
	}
	defer func() { _ = reply.Body.Close() }() // read, or of no use any more
	text, err := io.ReadAll(io.LimitReader(reply.Body, answerLimit))
	if err != nil {
		return state, fmt.Errorf("cannot read the relay's answer: %w", err)
	}
	if reply.StatusCode != http.StatusOK {
		return state, fmt.Errorf("the relay answers %d: %s", reply.StatusCode, strings.TrimSpace(string(text)))
	}
	if err := jsoniter.Unmarshal(text, &state); err != nil || state.Process == 0 {
		return state, fmt.Errorf("cannot understand the relay's answer %q: is it another program?", text)
	}
	return state, nil
}

// runningPid is a relay of which only the process is known.
type runningPid struct{ file pidFile }

// begin implements running.
func (r runningPid) begin(context.Context) (int, error) {
	id, err := r.file.read()
	if err != nil {
		return 0, err
	}
	if err := syscall.Kill(id, syscall.SIGUSR2); err != nil {
		return 0, fmt.Errorf("cannot signal process %d, which the pid file names: %w", id, err)
	}
	return id, nil
}

// look implements running. Why an upgrade failed is not to be seen here.
func (r runningPid) look(context.Context) (process int, failed, err error) {
	id, err := r.file.read()
	return id, nil, err
}
