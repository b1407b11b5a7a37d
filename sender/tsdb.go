package sender

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"transfer/g"
	"transfer/g/metric"
)

// tsdbWindow is how many bytes may be unconfirmed on a telnet connection. A write
// becomes confirmed 100 ms after its acknowledgement: with 4 MiB a lane still does
// 40 MiB/s.
const tsdbWindow = 4 << 20

func newTSDB(section *g.Backend, _ int) (plan, error) {
	if err := checkAddress(section.Name+".address", section.Address, "4242"); err != nil {
		return plan{}, err
	}
	p := plan{group: []string{section.Address}}
	switch section.Protocol {
	case "", "telnet":
		p.Backend, p.Rules = tsdbTelnet{newDialer(section)}, Rules{Window: tsdbWindow, Encoding: "tsdb/1 telnet"}
	case "http":
		p.Backend, p.Rules = tsdbHTTP{newDialer(section)}, Rules{Encoding: "tsdb/1 http"}
	default:
		return plan{}, fmt.Errorf(`%s.protocol: %q is unknown; write "telnet" or "http"`, section.Name, section.Protocol)
	}
	return p, nil
}

// tsdbTelnet sends to OpenTSDB, or what speaks its line protocol, over TCP
// (opentsdb.net, "Writing Data", Telnet).
type tsdbTelnet struct {
	dialer
}

// Wants is true: OpenTSDB takes every point.
func (tsdbTelnet) Wants(*metric.Point) bool { return true }

// AppendSeries appends all of a put line but its timestamp and value.
func (tsdbTelnet) AppendSeries(dst []byte, p *metric.Point) []byte {
	start := len(dst)
	dst = append(append(beginHead(dst), "put "...), named(tsdbName(p.Metric))...)
	dst = append(dst, ' ')
	endHead(dst, start)
	dst = append(append(dst, " "+endpointTag+"="...), named(tsdbName(p.Endpoint))...)
	for _, t := range cleanTags(p.Tags, tsdbKey, tsdbName) {
		dst = append(append(dst, ' '), t.Key...)
		dst = append(append(dst, '='), t.Value...)
	}
	return append(dst, '\n')
}

// AppendItem appends the point as a put line.
func (tsdbTelnet) AppendItem(dst, series []byte, p *metric.Point) []byte {
	if p.Sample != "" { // so appendNumber would write it, but at three times the cost
		head, tail := cutSeries(series)
		return append(append(append(dst, head...), p.Sample...), tail...)
	}
	return appendTSDBItem(dst, series, p, " ")
}

// Dial connects to address.
func (b tsdbTelnet) Dial(ctx context.Context, address string) (Conn, error) {
	c, err := b.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return newTelnetConn(c, time.Now), nil
}

// tsdbHTTP sends to OpenTSDB over HTTP, which answers each call (opentsdb.net,
// "/api/put").
type tsdbHTTP struct {
	dialer
}

// Wants is true: OpenTSDB takes every point.
func (tsdbHTTP) Wants(*metric.Point) bool { return true }

// AppendSeries appends all of a JSON object but its timestamp and value. Clean names
// need no JSON escapes.
func (tsdbHTTP) AppendSeries(dst []byte, p *metric.Point) []byte {
	start := len(dst)
	dst = append(append(beginHead(dst), `{"metric":"`...), named(tsdbName(p.Metric))...)
	dst = append(dst, `","timestamp":`...)
	endHead(dst, start)
	dst = append(append(dst, `,"tags":{"`+endpointTag+`":"`...), named(tsdbName(p.Endpoint))...)
	for _, t := range cleanTags(p.Tags, tsdbKey, tsdbName) {
		dst = append(append(dst, `","`...), t.Key...)
		dst = append(append(dst, `":"`...), t.Value...)
	}
	return append(dst, `"}},`...)
}

// AppendItem appends the point as a JSON object and a comma.
func (tsdbHTTP) AppendItem(dst, series []byte, p *metric.Point) []byte {
	return appendTSDBItem(dst, series, p, `,"value":`)
}

// Dial connects to address.
func (b tsdbHTTP) Dial(ctx context.Context, address string) (Conn, error) {
	return dialHTTP(ctx, b.dialer, "http://"+address, httpCall{
		path:   "/api/put",
		header: http.Header{"Content-Type": {"application/json"}},
		array:  true,
	})
}

// appendTSDBItem appends the item of p between the two ends of its series; between
// stands between timestamp and value.
func appendTSDBItem(dst, series []byte, p *metric.Point, between string) []byte {
	head, tail := cutSeries(series)
	dst = appendInteger(append(dst, head...), p.Timestamp)
	dst = appendNumber(append(dst, between...), p.Value)
	return append(dst, tail...)
}

// tsdbName returns s with the characters that OpenTSDB takes in names: letters of
// any script, digits and -_./ stay, others become _.
func tsdbName(s string) string {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '-' && c <= '9' || c >= 'A' && c <= 'Z' || c == '_' {
			continue
		}
		return strings.Map(tsdbRune, s)
	}
	return s
}

// tsdbKey returns s as a tag's key: as tsdbName does, and in lower case.
func tsdbKey(s string) string {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= '-' && c <= '9' || c == '_' {
			continue
		}
		return strings.Map(func(r rune) rune { return tsdbRune(unicode.ToLower(r)) }, s)
	}
	return s
}

func tsdbRune(r rune) rune {
	switch {
	case r >= '-' && r <= '9', r == '_', unicode.IsLetter(r):
		return r
	}
	return '_'
}
