package sender

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
	jsoniter "github.com/json-iterator/go"

	"transfer/g"
	"transfer/g/metric"
)

// influxDB sends to InfluxDB 1.x, or what speaks its line protocol, by POST /write
// (docs.influxdata.com, InfluxDB 1.x, "Write endpoint").
type influxDB struct {
	dialer
	precision influxPrecision
	query     string
	header    http.Header
}

func newInfluxDB(section *g.Backend, _ int) (plan, error) {
	address, err := parseHTTPAddress(section.Name+".address", section.Address, "http://host:8086")
	if err != nil {
		return plan{}, err
	}
	precision, ok := parseInfluxPrecision(section.Precision)
	if !ok {
		return plan{}, fmt.Errorf(`%s.precision: %q is unknown; write "s", "ms", "us", "ns", "m" or "h"`, section.Name, section.Precision)
	}
	if section.DB == "" {
		return plan{}, fmt.Errorf(`%s.db: no database; name one, such as "falcon"`, section.Name)
	}
	query := url.Values{"db": {section.DB}, "precision": {precision.name}}
	header := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	user, password := section.Username, section.Password
	if user == "" {
		user, password = address.user, address.password
	}
	if user != "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	return plan{
		Backend: &influxDB{dialer: newDialer(section), precision: precision, query: query.Encode(), header: header},
		Rules:   Rules{Encoding: "influxdb/1 precision=" + precision.name},
		group:   []string{address.base},
	}, nil
}

// Wants is true: InfluxDB takes every point.
func (b *influxDB) Wants(*metric.Point) bool { return true }

// AppendSeries appends a line up to its one field, value: the metric is the
// measurement, the tags and the endpoint are its tags.
func (b *influxDB) AppendSeries(dst []byte, p *metric.Point) []byte {
	var line lineprotocol.Encoder
	line.SetBuffer(dst)
	line.SetLax(true) // the names are clean, and the order of tags is free
	line.StartLine(named(influxMeasurement(p.Metric)))
	line.AddTag(endpointTag, named(influxName(p.Endpoint)))
	for _, t := range cleanTags(p.Tags, influxKey, influxName) {
		line.AddTag(t.Key, t.Value)
	}
	return append(line.Bytes(), " value="...)
}

// AppendItem appends the point as a line. The library has done its part: it writes
// floats in its own way and knows neither minutes nor hours.
func (b *influxDB) AppendItem(dst, series []byte, p *metric.Point) []byte {
	dst = appendNumber(append(dst, series...), p.Value)
	dst = appendInteger(append(dst, ' '), b.precision.timestamp(p.Timestamp))
	return append(dst, '\n')
}

// Dial connects to address, a URL.
func (b *influxDB) Dial(ctx context.Context, address string) (Conn, error) {
	return dialHTTP(ctx, b.dialer, address, httpCall{
		path:   "/write?" + b.query,
		header: b.header,
		reject: influxRejected,
	})
}

// influxRejected returns how many points of a call InfluxDB dropped while it took
// the others, as its words have it: "partial write: REASON dropped=N".
func influxRejected(status int, text string) int {
	var reply struct {
		Error string `json:"error"`
	}
	if status != http.StatusBadRequest || jsoniter.UnmarshalFromString(text, &reply) != nil {
		return 0
	}
	at := strings.LastIndex(reply.Error, " dropped=")
	if at < 0 || !strings.HasPrefix(reply.Error, "partial write: ") {
		return 0
	}
	n, err := strconv.Atoi(reply.Error[at+len(" dropped="):])
	if err != nil {
		return 0
	}
	return n
}
