package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// totals are the relay's counts of points.
type totals struct {
	received  int64 // valid, by all receivers
	delivered int64 // to all targets together
	queued    int64 // for all targets together
	dropped   int64
}

// askTimeout bounds a question to the relay's admin server.
const askTimeout = 2 * time.Second

// askTotals reads /counter/all of the relay whose admin server listens on addr.
func askTotals(c *http.Client, addr string) (totals, error) {
	answer, err := c.Get("http://" + addr + "/counter/all")
	if err != nil {
		return totals{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return totals{}, fmt.Errorf("the relay answered %s", answer.Status)
	}
	var counters struct {
		Data []struct {
			Name string
			Cnt  int64
		} `json:"data"`
	}
	if err := jsoniter.NewDecoder(answer.Body).Decode(&counters); err != nil {
		return totals{}, fmt.Errorf("cannot read the relay's counters: %w", err)
	}
	var t totals
	for _, c := range counters.Data {
		sent := strings.HasPrefix(c.Name, "SendTo")
		switch {
		case c.Name == "RecvCnt":
			t.received = c.Cnt
		case strings.HasSuffix(c.Name, "SendCacheCnt"):
			t.queued += c.Cnt
		case sent && strings.HasSuffix(c.Name, "DropCnt"):
			t.dropped += c.Cnt
		case sent && !strings.HasSuffix(c.Name, "FailCnt"):
			t.delivered += c.Cnt
		}
	}
	return t, nil
}
