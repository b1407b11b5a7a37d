package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
)

// Push takes points in by HTTP: it is the handler of POST and PUT /api/push. The
// server that it is mounted on has the limits of connections and the timeouts.
type Push struct {
	*port
	gate      gate
	unpackers chan *unpacker
}

// unpackersAtOnce bounds the bodies that are in memory unpacked.
const unpackersAtOnce = 4

// NewPush returns a Push that answers 503 until Start.
func NewPush(limits g.Limits, a Acceptor, counts *stat.Receiver) *Push {
	p := &Push{port: newPort(limits, a, counts), unpackers: make(chan *unpacker, unpackersAtOnce)}
	for range unpackersAtOnce {
		p.unpackers <- &unpacker{max: int(limits.RequestBytes)}
	}
	return p
}

// Start begins to take points.
func (p *Push) Start() { p.gate.open() }

// Stop answers 503 from now on and waits for the requests in flight until ctx
// ends.
func (p *Push) Stop(ctx context.Context) error {
	if err := p.gate.close(ctx); err != nil {
		return fmt.Errorf("cannot finish all requests of /api/push in time: %w", err)
	}
	return nil
}

var (
	errMethod   = errors.New("method not allowed")
	errNotReady = errors.New("retry: the relay takes no points now")
	errBlank    = errors.New("blank body")
)

// pushReplyType is the type of the reply to a request that was taken.
const pushReplyType = "application/json; charset=UTF-8"

// ServeHTTP answers one request.
func (p *Push) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, err := p.take(r)
	if err != nil {
		p.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", pushReplyType)
	_, _ = w.Write(reply) // a client that is gone needs no reply
}

// refuse answers with the error and counts it.
func (p *Push) refuse(w http.ResponseWriter, err error) {
	status, text := http.StatusBadRequest, "decode error"
	var why *refusal
	if !errors.As(err, &why) {
		why = &refusal{stat.Malformed, err}
	}
	countRefusal(p.counts, why)
	switch why.trouble {
	case stat.NotReady, stat.Overloaded:
		status, text = http.StatusServiceUnavailable, err.Error()
		w.Header().Set("Retry-After", "1")
	case stat.TooLarge, stat.TooManyPoints:
		status, text = http.StatusRequestEntityTooLarge, err.Error()
	case stat.TimedOut:
		status, text = http.StatusRequestTimeout, "body not sent in time"
	}
	switch {
	case errors.Is(err, errBlank):
		text = err.Error()
	case errors.Is(err, errEncoding):
		status, text = http.StatusUnsupportedMediaType, err.Error()
		known := packings()
		w.Header().Set("Accept-Encoding", strings.Join(known[:], ", "))
	case errors.Is(err, errMethod):
		status, text = http.StatusMethodNotAllowed, err.Error()
		w.Header().Set("Allow", "POST, PUT")
	}
	http.Error(w, text, status)
}

// take hands on the points of one request and returns the reply.
func (p *Push) take(r *http.Request) ([]byte, error) {
	start := time.Now()
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return nil, errMethod
	}
	if !p.gate.enter() {
		return nil, &refusal{stat.NotReady, errNotReady}
	}
	defer p.gate.leave()
	if r.ContentLength == 0 {
		return nil, errBlank
	}
	body := buffer{memory: &p.memory, max: int(p.limits.RequestBytes) + 1}
	defer body.release()
	text, err := p.read(&body, r)
	if err != nil {
		return nil, err
	}
	if encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding != "" && encoding != "identity" {
		u, err := p.unpacker(r.Context())
		if err != nil {
			return nil, err
		}
		defer func() { p.unpackers <- u }()
		if text, err = u.unpack(encoding, text); errors.Is(err, errBodyTooLong) {
			return nil, &refusal{stat.TooLarge, err}
		} else if err != nil {
			return nil, err
		}
	}
	return p.decode(text, start)
}

// takeUsual is take for the body of a usual request: it reports whether the points were
// taken. If not, nothing is counted yet.
func (p *Push) takeUsual(body []byte, start time.Time) (reply []byte, ok bool) {
	if !p.gate.enter() {
		return nil, false
	}
	defer p.gate.leave()
	reply, err := p.decode(body, start)
	return reply, err == nil
}

// read reads the whole body.
func (p *Push) read(body *buffer, r *http.Request) ([]byte, error) {
	if r.ContentLength > int64(p.limits.RequestBytes) {
		return nil, p.tooLarge()
	}
	for {
		err := body.fill(r.Body)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) && len(body.unread()) < body.max:
			return body.unread(), nil
		case errors.Is(err, io.EOF) || errors.Is(err, errFull):
			return nil, p.tooLarge()
		case errors.Is(err, errOverloaded):
			return nil, &refusal{stat.Overloaded, fmt.Errorf("retry: %w", err)}
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &refusal{stat.TimedOut, err}
		default:
			return nil, err
		}
	}
}

func (p *Push) tooLarge() error {
	return &refusal{stat.TooLarge, fmt.Errorf("%w: at most %d bytes", errBodyTooLong, p.limits.RequestBytes)}
}

// unpacker waits for a free unpacker, which must be put back.
func (p *Push) unpacker(ctx context.Context) (*unpacker, error) {
	select {
	case u := <-p.unpackers:
		return u, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// replyBytes is room for any reply to a request that was taken.
const replyBytes = 192

// decode hands on the points of a body and returns the reply.
func (p *Push) decode(text []byte, start time.Time) ([]byte, error) {
	p.begin(len(text))
	defer p.end(len(text))
	batch := p.batch()
	defer p.doneWith(batch)
	if err := batch.DecodeJSON(text, p.limits.PointsPerRequest); errors.Is(err, metric.ErrTooManyPoints) {
		return nil, &refusal{stat.TooManyPoints, err}
	} else if err != nil {
		return nil, err
	}
	invalid, err := p.accept(batch)
	if err != nil {
		return nil, err
	}
	p.counts.Requests.Add(1)
	reply := append(make([]byte, 0, replyBytes), `{"msg":"success","data":`...)
	reply = appendSummary(reply, len(batch.Points), invalid, time.Since(start))
	return append(reply, '}'), nil
}
