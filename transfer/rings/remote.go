package rings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/stat"
)

// How long a relay may take: to accept a connection, and to count all its series.
const (
	dialWithin   = 2 * time.Second
	answerWithin = time.Minute
)

// maxAnswer bounds what a relay says, in bytes: a ring of 10,000 nodes takes 2 MiB.
const maxAnswer = 64 << 20

// errNoAnswer says that there is nobody to be asked.
var errNoAnswer = errors.New("cannot ask the relay")

// remote is a relay that runs, by its admin server.
type remote struct {
	url    string // such as http://127.0.0.1:6060
	client *http.Client
}

func newRemote(url string) *remote {
	transport := &http.Transport{
		DisableKeepAlives: true, ResponseHeaderTimeout: answerWithin,
		DialContext: (&net.Dialer{Timeout: dialWithin}).DialContext,
	}
	return &remote{url: strings.TrimSuffix(url, "/"), client: &http.Client{Transport: transport, Timeout: answerWithin}}
}

// Rings returns the rings that the relay has.
func (r *remote) Rings(ctx context.Context) ([]backendRing, error) {
	var shown []stat.Ring
	if err := r.ask(ctx, http.MethodGet, "/api/ring", nil, &shown); err != nil {
		return nil, err
	}
	return fromStatus(shown)
}

// Diff returns what the plan would move of the series that the relay remembers.
func (r *remote) Diff(ctx context.Context, plan stat.RingPlan) (diff stat.RingDiff, err error) {
	text, err := jsoniter.Marshal(plan)
	if err != nil {
		return diff, err
	}
	err = r.ask(ctx, http.MethodPost, "/api/ring/diff", text, &diff)
	return diff, err
}

// ask makes a request and decodes the answer into v.
func (r *remote) ask(ctx context.Context, method, path string, text []byte, v any) error {
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("cannot ask the relay: %w; give --relay as http://HOST:PORT", err)
	}
	if text != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	reply, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w; --relay names its admin server, http.listen", errNoAnswer, err)
	}
	defer func() { _ = reply.Body.Close() }() // read to its end, or of no use any more
	if reply.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(reply.Body, 1<<10))
		return fmt.Errorf("the relay answers %d: %s", reply.StatusCode, strings.TrimSpace(string(why)))
	}
	if err := jsoniter.NewDecoder(io.LimitReader(reply.Body, maxAnswer)).Decode(v); err != nil {
		return fmt.Errorf("cannot read the relay's answer: %w", err)
	}
	return nil
}
