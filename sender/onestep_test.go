package sender

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"transfer/g/metric"
)

// What follows makes each backend's items in one step and in the plainest way. The
// backends are held to it byte by byte.

// inOneStep returns the plain encoders by the name of the backend, for a minStep of
// 30 and timestamps in nanoseconds.
func inOneStep() map[string]func(p *metric.Point) []byte {
	return map[string]func(p *metric.Point) []byte{
		"judge":     judgeInOneStep,
		"graph":     graphInOneStep,
		"p8s_relay": p8sInOneStep,
		"tsdb":      tsdbInOneStep,
		"tsdb http": tsdbHTTPInOneStep,
		"transfer":  transferInOneStep,
		"influxdb":  influxInOneStep,
	}
}

func judgeInOneStep(p *metric.Point) []byte {
	item := plainJudgeItem(p, 30)
	return oneGobStruct(oneGobText(item.Endpoint), oneGobText(item.Metric), oneGobFloat(item.Value),
		oneGobInt(item.Timestamp), oneGobText(item.JudgeType), oneGobTags(p.Tags))
}

func graphInOneStep(p *metric.Point) []byte {
	item := plainGraphItem(p, 30)
	return oneGobStruct(oneGobText(item.Endpoint), oneGobText(item.Metric), oneGobTags(p.Tags), oneGobFloat(item.Value),
		oneGobInt(item.Timestamp), oneGobText(item.DsType), oneGobInt(int64(item.Step)), oneGobInt(int64(item.Heartbeat)),
		oneGobText(item.Min), oneGobText(item.Max))
}

func p8sInOneStep(p *metric.Point) []byte {
	item := plainP8sItem(p, 30)
	return oneGobStruct(oneGobText(item.Endpoint), oneGobText(item.Metric), oneGobTags(p.Tags), oneGobFloat(item.Value),
		oneGobInt(item.Timestamp), oneGobText(item.MetricType), oneGobInt(int64(item.Step)))
}

// oneGobStruct makes a struct of its fields. Those that are nil are left out.
func oneGobStruct(fields ...[]byte) []byte {
	var item []byte
	distance := byte(1)
	for _, field := range fields {
		if field == nil {
			distance++
			continue
		}
		item = append(append(item, distance), field...)
		distance = 1
	}
	return append(item, 0)
}

func oneGobUint(v uint64) []byte {
	if v <= 0x7f {
		return []byte{byte(v)}
	}
	digits := bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, v), "\x00")
	return append([]byte{byte(-len(digits))}, digits...)
}

func oneGobText(s string) []byte {
	if s == "" {
		return nil
	}
	return append(oneGobUint(uint64(len(s))), s...)
}

func oneGobInt(v int64) []byte {
	if v == 0 {
		return nil
	}
	return oneGobUint(uint64(v<<1) ^ uint64(v>>63))
}

func oneGobFloat(v float64) []byte {
	if v == 0 {
		return nil
	}
	return oneGobUint(bits.ReverseBytes64(math.Float64bits(v)))
}

func oneGobTags(tags []metric.Tag) []byte {
	field := oneGobUint(uint64(len(tags)))
	for _, t := range tags {
		for _, s := range []string{t.Key, t.Value} {
			field = append(append(field, oneGobUint(uint64(len(s)))...), s...)
		}
	}
	return field
}

// oneNumber is a value as text.
func oneNumber(v float64) string {
	form := byte('e')
	if size := math.Abs(v); size == 0 || size >= 1e-6 && size < 1e15 {
		form = 'f'
	}
	return strconv.FormatFloat(v, form, -1, 64)
}

func tsdbInOneStep(p *metric.Point) []byte {
	item := fmt.Appendf(nil, "put %s %d %s endpoint=%s", named(tsdbName(p.Metric)), p.Timestamp,
		oneNumber(p.Value), named(tsdbName(p.Endpoint)))
	for _, t := range cleanTags(p.Tags, tsdbKey, tsdbName) {
		item = fmt.Appendf(item, " %s=%s", t.Key, t.Value)
	}
	return append(item, '\n')
}

func tsdbHTTPInOneStep(p *metric.Point) []byte {
	item := fmt.Appendf(nil, `{"metric":"%s","timestamp":%d,"value":%s,"tags":{"endpoint":"%s"`, named(tsdbName(p.Metric)),
		p.Timestamp, oneNumber(p.Value), named(tsdbName(p.Endpoint)))
	for _, t := range cleanTags(p.Tags, tsdbKey, tsdbName) {
		item = fmt.Appendf(item, `,"%s":"%s"`, t.Key, t.Value)
	}
	return append(item, "}},"...)
}

func transferInOneStep(p *metric.Point) []byte {
	var tags []byte
	for i, t := range p.Tags {
		if i > 0 {
			tags = append(tags, ',')
		}
		tags = append(appendJSONText(tags, t.Key), '=')
		tags = appendJSONText(tags, t.Value)
	}
	return fmt.Appendf(nil, `{"endpoint":%s,"metric":%s,"value":%s,"step":%d,"counterType":"%s","tags":"%s","timestamp":%d},`,
		appendJSONString(nil, p.Endpoint), appendJSONString(nil, p.Metric), oneNumber(p.Value), p.Step, p.Type, tags, p.Timestamp)
}

func influxInOneStep(p *metric.Point) []byte {
	var line lineprotocol.Encoder
	line.SetLax(true)
	line.StartLine(named(influxMeasurement(p.Metric)))
	line.AddTag("endpoint", named(influxName(p.Endpoint)))
	for _, t := range cleanTags(p.Tags, influxKey, influxName) {
		line.AddTag(t.Key, t.Value)
	}
	return fmt.Appendf(line.Bytes(), " value=%s %d\n", oneNumber(p.Value), min(p.Timestamp, math.MaxInt64/1_000_000_000)*1_000_000_000)
}
