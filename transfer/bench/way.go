package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// way is how points are played in: how they are written, and whether there is an
// answer.
type way struct {
	conns  int // connections, at most
	points int // of a request, at most
	// append appends a point with stampDigits zeros for its timestamp, and returns
	// where these begin.
	append func(dst []byte, s *series, value []byte) (out []byte, stamp int)
	// head and tail go around the points of a request, which sep parts.
	sep  string
	head func(bodyBytes int) string
	tail string
	// answer reads a reply and returns how many points it refuses. Nil: there is none.
	answer func(in *inbox) (invalid int, err error)
}

// A request of an agent, and one of lines at full speed: those who write lines in
// such amounts write large pieces.
const (
	agentConns = 32
	lineConns  = 4 // vmagent reads so many at once on 2 cores, the others wait
	linePoints = 1000
)

const (
	stampDigits = 10
	stampZeros  = "0000000000"
)

// ways are all ways, by Row.Way.
func ways() map[string]way {
	lines := func(point func([]byte, *series, []byte) ([]byte, int)) way {
		return way{conns: lineConns, points: linePoints, append: point, head: func(int) string { return "" }}
	}
	return map[string]way{
		"rpc": {
			conns: agentConns, points: agentSeries, append: appendJSON, sep: ",", answer: readRPCAnswer,
			head: func(int) string { return `{"method":"Transfer.Update","params":[[` }, tail: `]],"id":7}`,
		},
		"http": {
			conns: agentConns, points: agentSeries, append: appendJSON, sep: ",", answer: readHTTPAnswer,
			head: func(body int) string { return fmt.Sprintf(pushHeader, body+len("[]")) + "[" }, tail: "]",
		},
		"socket":   lines(appendUpdate),
		"graphite": lines(appendGraphite),
		"opentsdb": lines(appendPut),
	}
}

const pushHeader = "POST /api/push HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

// wayOf returns the way of a row. Paced, lines too come as agents send them: each
// request its 200 points.
func wayOf(row Row) (way, error) {
	w, ok := ways()[row.Way]
	if !ok {
		return way{}, fmt.Errorf("cannot play by a way called %q", row.Way)
	}
	if row.Rate > 0 {
		w.conns, w.points = agentConns, agentSeries
	}
	w.conns = max(1, min(w.conns, row.Series/agentSeries))
	return w, nil
}

// appendJSON appends a point as Open-Falcon's agent writes it.
func appendJSON(dst []byte, s *series, value []byte) ([]byte, int) {
	dst = append(append(dst, `{"endpoint":"`...), s.endpoint...)
	dst = append(append(dst, `","metric":"`...), s.metric...)
	dst = append(append(dst, `","value":`...), value...)
	dst = strconv.AppendInt(append(dst, `,"step":`...), loadStep, 10)
	dst = append(append(dst, `,"counterType":"`...), s.kind...)
	dst = append(append(dst, `","tags":"`...), s.tags...)
	dst = append(dst, `","timestamp":`...)
	stamp := len(dst)
	return append(dst, stampZeros+"}"...), stamp
}

// appendUpdate appends a point as a line of the socket.
func appendUpdate(dst []byte, s *series, value []byte) ([]byte, int) {
	dst = append(append(dst, "update "...), s.endpoint...)
	dst = append(append(dst, ' '), s.metric...)
	if s.tags != "" {
		dst = append(append(dst, '/'), s.tags...)
	}
	dst = append(dst, ' ')
	stamp := len(dst)
	dst = append(append(dst, stampZeros+" "...), value...)
	dst = append(append(dst, ' '), s.kind...)
	dst = strconv.AppendInt(append(dst, ' '), loadStep, 10)
	return append(dst, '\n'), stamp
}

// appendGraphite appends a point as a line of Graphite: host, metric and tags make
// the path.
func appendGraphite(dst []byte, s *series, value []byte) ([]byte, int) {
	dst = appendReplaced(dst, s.endpoint, ".", '_')
	dst = append(append(dst, '.'), s.metric...)
	if s.tags != "" {
		dst = appendReplaced(append(dst, '.'), s.tags, "=,./", '_')
	}
	dst = append(append(append(dst, ' '), value...), ' ')
	stamp := len(dst)
	return append(dst, stampZeros+"\n"...), stamp
}

func appendReplaced(dst []byte, s, these string, by byte) []byte {
	from := len(dst)
	dst = append(dst, s...)
	for i := from; i < len(dst); i++ {
		if strings.IndexByte(these, dst[i]) >= 0 {
			dst[i] = by
		}
	}
	return dst
}

// appendPut appends a point as a line of OpenTSDB.
func appendPut(dst []byte, s *series, value []byte) ([]byte, int) {
	dst = append(append(dst, "put "...), s.metric...)
	dst = append(dst, ' ')
	stamp := len(dst)
	dst = append(append(dst, stampZeros+" "...), value...)
	dst = append(append(dst, " endpoint="...), s.endpoint...)
	if s.tags != "" {
		dst = append(dst, ' ')
		dst = appendReplaced(dst, s.tags, ",", ' ')
	}
	return append(dst, '\n'), stamp
}

// readRPCAnswer reads the reply to Transfer.Update.
func readRPCAnswer(in *inbox) (invalid int, err error) {
	reply, err := in.line()
	if err != nil {
		return 0, err
	}
	return readInvalid(reply)
}

// readHTTPAnswer reads the reply to a push.
func readHTTPAnswer(in *inbox) (invalid int, err error) {
	for {
		data := in.unread()
		if length := httpLength(data); length > 0 && length <= len(data) {
			in.use(length)
			if !bytes.HasPrefix(data, []byte("HTTP/1.1 200 ")) {
				return 0, fmt.Errorf("the answer is %.200q", data[:length])
			}
			return readInvalid(data[:length])
		}
		if err := in.fill(len(data) + 1); err != nil {
			return 0, err
		}
	}
}

// httpLength returns the length of a reply with a Content-Length, 0 when its header
// is not whole yet.
func httpLength(data []byte) int {
	const end = "\r\n\r\n"
	header := bytes.Index(data, []byte(end))
	if header < 0 {
		return 0
	}
	_, value, _ := bytes.Cut(data[:header+2], []byte("\r\nContent-Length: "))
	body, _, _ := bytes.Cut(value, []byte("\r\n"))
	length, ok := digits(body)
	if !ok {
		return 0
	}
	return header + len(end) + length
}

// readInvalid finds the number of refused points in a reply.
func readInvalid(reply []byte) (int, error) {
	_, value, found := bytes.Cut(reply, []byte(`"Invalid":`))
	end := bytes.IndexAny(value, ",}")
	if !found || end < 1 {
		return 0, fmt.Errorf("the answer is %.200q", reply)
	}
	invalid, ok := digits(value[:end])
	if !ok {
		return 0, errors.New("the answer's Invalid is no number")
	}
	return invalid, nil
}
