package sender

import (
	"context"

	"transfer/g"
	"transfer/g/metric"
)

// transfer sends to the RPC port of another transfer, as agents do.
type transfer struct {
	dialer
}

func newTransfer(section *g.Backend, _ int) (plan, error) {
	if err := checkNodes(section, "8433"); err != nil {
		return plan{}, err
	}
	var group []string
	for _, node := range section.Nodes {
		group = append(group, node.Addresses...)
	}
	return plan{
		Backend: transfer{newDialer(section)},
		Rules:   Rules{Encoding: "transfer/1"},
		group:   group,
	}, nil
}

// Wants is true: the next transfer decides for itself.
func (transfer) Wants(*metric.Point) bool { return true }

// AppendSeries appends all of a JSON object but its value and timestamp.
func (transfer) AppendSeries(dst []byte, p *metric.Point) []byte {
	start := len(dst)
	dst = appendJSONString(append(beginHead(dst), `{"endpoint":`...), p.Endpoint)
	dst = appendJSONString(append(dst, `,"metric":`...), p.Metric)
	dst = append(dst, `,"value":`...)
	endHead(dst, start)
	dst = appendInteger(append(dst, `,"step":`...), p.Step)
	dst = append(append(dst, `,"counterType":"`...), p.Type.String()...)
	dst = append(dst, `","tags":"`...)
	for i, t := range p.Tags {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendJSONText(dst, t.Key), '=')
		dst = appendJSONText(dst, t.Value)
	}
	return append(dst, `","timestamp":`...)
}

// AppendItem appends the point as a JSON object and a comma, so that any run of
// items is an array but for its brackets and its last comma.
func (transfer) AppendItem(dst, series []byte, p *metric.Point) []byte {
	head, tail := cutSeries(series)
	dst = appendNumber(append(dst, head...), p.Value)
	dst = appendInteger(append(dst, tail...), p.Timestamp)
	return append(dst, '}', ',')
}

// Dial connects to address.
func (b transfer) Dial(ctx context.Context, address string) (Conn, error) {
	c, err := b.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return newRPCConn(c, "Transfer.Update"), nil
}

// jsonList returns the items of payload, each of which ends with a comma, as the
// inside of a JSON array.
func jsonList(payload []byte) []byte {
	if n := len(payload); n > 0 {
		return payload[:n-1]
	}
	return payload
}
