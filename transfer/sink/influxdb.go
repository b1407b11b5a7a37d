package sink

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
)

// NewInfluxDB starts a stand-in for InfluxDB 1.x: POST /write with db and
// precision, answered by 204, and /ping. The tag endpoint becomes the point's
// endpoint, timestamps become seconds.
func NewInfluxDB(addr string, o Options) (*Sink, error) {
	return open("influxdb", addr, o, func(s *Sink) func(net.Conn) {
		return (&influxDB{s}).serve
	})
}

type influxDB struct{ sink *Sink }

// serve answers requests until the client or a fault ends the connection. It
// does without http.Server because every connection is the Sink's to close.
func (i *influxDB) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		status, err := i.answer(r)
		_, _ = io.Copy(io.Discard, r.Body)
		if writeAnswer(c, status, err) != nil || r.Close {
			return
		}
	}
}

// writeAnswer writes a reply without body, or with the error as InfluxDB words
// it.
func writeAnswer(c net.Conn, status int, failed error) error {
	reply := &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}
	if failed != nil {
		text := fmt.Sprintf("{\"error\":%q}\n", failed.Error())
		reply.Header.Set("Content-Type", "application/json")
		reply.Body, reply.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
	var whole bytes.Buffer
	if err := reply.Write(&whole); err != nil {
		return err
	}
	_, err := c.Write(whole.Bytes())
	return err
}

func (i *influxDB) answer(r *http.Request) (int, error) {
	switch {
	case r.URL.Path == "/ping":
		if err := i.sink.ping(); err != nil {
			return http.StatusInternalServerError, err
		}
		return http.StatusNoContent, nil
	case r.URL.Path != "/write":
		return http.StatusNotFound, errors.New("not found")
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, errors.New("method not allowed")
	case r.URL.Query().Get("db") == "":
		return http.StatusBadRequest, errors.New("database is required")
	}
	points, bad, err := readLines(r)
	if err != nil {
		return http.StatusBadRequest, err
	}
	if err := i.sink.take(points); err != nil {
		return http.StatusInternalServerError, err
	}
	i.sink.invalid.Add(bad)
	if bad > 0 {
		return http.StatusBadRequest, fmt.Errorf("partial write: unable to parse %d lines dropped=0", bad)
	}
	return http.StatusNoContent, nil
}

// maxBody bounds the body of a write, unpacked, in bytes.
const maxBody = 64 << 20

// readLines reads the points of a request's body and how many lines were none.
func readLines(r *http.Request) (points []Point, bad int, err error) {
	unit, err := unitOf(r.URL.Query().Get("precision"))
	if err != nil {
		return nil, 0, err
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return nil, 0, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(body, maxBody))
	if err != nil {
		return nil, 0, err
	}
	points, bad = parseLines(data, unit)
	return points, bad, nil
}

// parseLines reads lines with timestamps in the unit given.
func parseLines(data []byte, unit time.Duration) (points []Point, bad int) {
	for d := lineprotocol.NewDecoderWithBytes(data); d.Next(); {
		p, err := readLine(d, unit)
		if err != nil {
			bad++
			continue
		}
		points = append(points, p)
	}
	return points, bad
}

// readLine reads one line with a timestamp in the unit given.
func readLine(d *lineprotocol.Decoder, unit time.Duration) (Point, error) {
	name, err := d.Measurement()
	if err != nil {
		return Point{}, err
	}
	p := Point{Metric: string(name), Tags: make(map[string]string)}
	for {
		key, value, err := d.NextTag()
		if err != nil {
			return Point{}, err
		}
		if key == nil {
			break
		}
		if string(key) == "endpoint" {
			p.Endpoint = string(value)
			continue
		}
		p.Tags[string(key)] = string(value)
	}
	for {
		key, value, err := d.NextField()
		if err != nil {
			return Point{}, err
		}
		if key == nil {
			break
		}
		if string(key) != "value" {
			continue
		}
		switch v := value.Interface().(type) {
		case float64:
			p.Value = v
		case int64:
			p.Value = float64(v)
		default:
			return Point{}, fmt.Errorf("field value is %s, not a number", value.Kind())
		}
	}
	text, err := d.TimeBytes()
	if err != nil {
		return Point{}, err
	}
	ts, err := strconv.ParseInt(string(text), 10, 64)
	p.Timestamp = seconds(ts, unit)
	return p, err
}

// unitOf returns the unit of timestamps in a precision as InfluxDB names them.
func unitOf(precision string) (time.Duration, error) {
	switch precision {
	case "", "n", "ns":
		return time.Nanosecond, nil
	case "u", "us", "µ":
		return time.Microsecond, nil
	case "ms":
		return time.Millisecond, nil
	case "s":
		return time.Second, nil
	case "m":
		return time.Minute, nil
	case "h":
		return time.Hour, nil
	}
	return 0, fmt.Errorf("invalid precision %q (use n, u, ms, s, m or h)", precision)
}

// seconds returns a timestamp in a unit as Unix seconds.
func seconds(ts int64, unit time.Duration) int64 {
	if unit >= time.Second {
		return ts * int64(unit/time.Second)
	}
	return ts / int64(time.Second/unit)
}
