package backlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// remote is what a relay that runs says by its admin server.
type remote struct {
	ctx    context.Context // of the command
	url    string          // such as http://127.0.0.1:6060/api/spool
	limit  int             // of points to be shown; 0: none
	client *http.Client
	purged map[string]bool // targets
}

func newRemote(ctx context.Context, url string, limit int) *remote {
	transport := &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 2 * time.Minute}
	return &remote{ctx: ctx, url: url, limit: limit, client: &http.Client{Transport: transport}, purged: make(map[string]bool)}
}

// Rows implements source.
func (r *remote) Rows() (rows []Row, err error) {
	err = r.ask(http.MethodGet, "", nil, func(body io.Reader) error {
		return jsoniter.NewDecoder(body).Decode(&rows)
	})
	return rows, err
}

// bufferBytes is how much of an answer is read at a time.
const bufferBytes = 64 << 10

// Points implements source.
func (r *remote) Points(of Row, show func(Point) bool) (damaged uint64, err error) {
	query := url.Values{"target": {of.Target}, "limit": {strconv.Itoa(r.limit)}}
	if of.Lane != nil {
		query.Set("lane", strconv.Itoa(*of.Lane))
	}
	err = r.ask(http.MethodGet, "/show?"+query.Encode(), nil, func(body io.Reader) error {
		var failed string
		i := jsoniter.Parse(jsoniter.ConfigCompatibleWithStandardLibrary, body, bufferBytes)
		for field := i.ReadObject(); field != ""; field = i.ReadObject() {
			switch field {
			case "points":
				for i.ReadArray() {
					var p Point
					if i.ReadVal(&p); i.Error == nil && !show(p) {
						return nil // the rest is not wanted, and may be long
					}
				}
			case "damaged":
				damaged = i.ReadUint64()
			case "error":
				failed = i.ReadString()
			default:
				i.Skip()
			}
		}
		if failed != "" {
			return errors.New(failed)
		}
		if i.Error != nil && !errors.Is(i.Error, io.EOF) {
			return i.Error
		}
		return nil
	})
	return damaged, err
}

// change is what the relay is asked to change.
type change struct {
	Target string `json:"target"`
	Until  uint64 `json:"until,omitempty"`
}

// changed is what it says that it did.
type changed struct {
	Points uint64 `json:"points"`
}

// Purge implements source. The relay purges a target with all its lanes.
func (r *remote) Purge(of Row) (points uint64, err error) {
	if r.purged[of.Target] {
		return 0, nil
	}
	r.purged[of.Target] = true
	return r.change("/purge", change{Target: of.Target})
}

// Resend implements resender.
func (r *remote) Resend(of Row, until uint64) (points uint64, err error) {
	return r.change("/resend", change{Target: of.Target, Until: until})
}

func (r *remote) change(path string, c change) (points uint64, err error) {
	text, err := jsoniter.Marshal(c)
	if err != nil {
		return 0, err
	}
	var done changed
	err = r.ask(http.MethodPost, path, text, func(body io.Reader) error {
		return jsoniter.NewDecoder(body).Decode(&done)
	})
	return done.Points, err
}

// ask makes a request and hands the answer to read.
func (r *remote) ask(method, path string, text []byte, read func(body io.Reader) error) error {
	request, err := http.NewRequestWithContext(r.ctx, method, r.url+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("cannot ask the relay: %w; give --relay as http://HOST:PORT", err)
	}
	if text != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	reply, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("cannot ask the relay: %w; --relay names its admin server, http.listen", err)
	}
	defer func() { _ = reply.Body.Close() }() // read to its end, or of no use any more
	if reply.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(reply.Body, bufferBytes))
		return fmt.Errorf("the relay answers %d: %s", reply.StatusCode, strings.TrimSpace(string(why)))
	}
	if err := read(reply.Body); err != nil {
		return fmt.Errorf("cannot read the relay's answer: %w", err)
	}
	return nil
}

// Close implements source.
func (r *remote) Close() error { return nil }
