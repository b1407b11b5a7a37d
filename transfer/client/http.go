package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// httpPusher pushes by POST /api/push.
type httpPusher struct {
	url    string
	client *http.Client
}

func newHTTP(address string, timeout time.Duration) *httpPusher {
	return &httpPusher{
		url:    "http://" + address + "/api/push",
		client: &http.Client{Timeout: timeout, Transport: &http.Transport{}},
	}
}

// maxReply bounds what is read of an answer, in bytes.
const maxReply = 64 << 10

// Push posts the points as a JSON array.
func (h *httpPusher) Push(points []*Point) (Reply, error) {
	json := jsoniter.ConfigCompatibleWithStandardLibrary
	body, err := json.Marshal(points)
	if err != nil {
		return Reply{}, fmt.Errorf("cannot encode the points: %w", err)
	}
	answer, err := h.client.Post(h.url, "application/json", bytes.NewReader(body))
	if err != nil {
		var dial *net.OpError // http.Client connects at the first request
		if errors.As(err, &dial) && dial.Op == "dial" {
			err = cannotConnect(dial)
		}
		return Reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxReply))
	if err != nil {
		return Reply{}, err
	}
	if answer.StatusCode != http.StatusOK {
		return Reply{}, fmt.Errorf("the relay answered %s: %s", answer.Status, bytes.TrimSpace(text))
	}
	var reply struct {
		Data Reply `json:"data"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return Reply{}, fmt.Errorf("cannot read the relay's answer %.100q: %w", text, err)
	}
	return reply.Data, nil
}

// Close closes the idle connections.
func (h *httpPusher) Close() error {
	h.client.CloseIdleConnections()
	return nil
}
